"""What Slurm says of array tasks, by `squeue` alone: accounting (`sacct`) is not set up on every cluster."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass

ENDED = frozenset(
    {
        "BOOT_FAIL",
        "CANCELLED",
        "COMPLETED",
        "DEADLINE",
        "FAILED",
        "NODE_FAIL",
        "OUT_OF_MEMORY",
        "PREEMPTED",
        "REVOKED",
        "TIMEOUT",
    }
)
"""The states of a task that will not run again; one that is requeued is PENDING."""
SECONDS = 60.0
FORGOTTEN = "Invalid job id"


@dataclass(frozen=True)
class TaskState:
    """What Slurm says of a task.

    Attributes:
        name: such as RUNNING.
        reason: in Slurm's own word, why it is PENDING.
    """

    name: str
    reason: str

    @property
    def ended(self) -> bool:
        """Whether it will not run again."""
        return self.name in ENDED


def task_states(job: str) -> dict[str, TaskState] | None:
    """The state of each task of an array job, by its name such as `12_0`; empty once Slurm has forgotten the job.

    Args:
        job: its number, as `sbatch` gave it.

    Returns:
        None where Slurm cannot be asked: it does not answer, or this machine has none of its commands.
    """
    command = ["squeue", "--noheader", "--array", "--states=all", f"--jobs={job}", "--format=%i|%T|%r"]
    try:
        asked = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return None
    if asked.returncode != 0:
        return {} if FORGOTTEN in asked.stderr else None
    fields = (line.split("|", 2) for line in asked.stdout.splitlines())
    return {task: TaskState(name, reason) for task, name, reason in fields}
