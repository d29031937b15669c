"""What is asked of Slurm for a sweep's tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from runner.errors import InputError

SHORTEST = 3
"""Minutes: Slurm warns of the time limit 90 s before, or up to 60 s sooner, and a task has to start first."""
OURS = ("array", "error", "nodes", "ntasks", "ntasks-per-node", "open-mode", "output", "requeue", "signal", "time")
"""Options of `sbatch` that the launcher gives itself, or that have a key of their own."""


@dataclass(frozen=True)
class SlurmOptions:
    """What is asked of Slurm; see `conf/hydra/launcher/slurm.yaml`.

    Attributes:
        tasks: of the array, at most.
        time: minutes a task may take before it is requeued, or ended.
        cpus: cores of a task.
        memory: of a task, as `sbatch --mem` takes it; None for the partition's own default.
        partition, account: None for the user's default.
        requeues: how often a task that the time limit ends goes on.
        extra: further options of `sbatch`, without dashes.
    """

    tasks: int
    time: int
    cpus: int
    memory: str | None = None
    partition: str | None = None
    account: str | None = None
    requeues: int = 3
    extra: Mapping[str, Any] = field(default_factory=dict)

    def check(self) -> None:
        """Refuses what no cluster could do.

        Raises:
            InputError: names the key.
        """
        for name, least in (("tasks", 1), ("time", SHORTEST), ("cpus", 1), ("requeues", 0)):
            if getattr(self, name) < least:
                raise InputError(f"hydra.launcher.{name} must be at least {least}. Received: {getattr(self, name)}")
        for key in self.extra:
            if key.replace("_", "-") in OURS:
                raise InputError(f"hydra.launcher.extra.{key}: the launcher gives sbatch this option itself")

    @property
    def for_submitit(self) -> dict[str, Any]:
        """The same as submitit's parameters."""
        more = {"mem": self.memory, **{key.replace("_", "-"): value for key, value in self.extra.items()}}
        return {
            "job_name": "runner",
            "time": self.time,
            "cpus_per_task": self.cpus,
            "partition": self.partition,
            "account": self.account,
            "stderr_to_stdout": True,
            "wckey": None,  # which submitit would set, and clusters without it refuse
            "additional_parameters": {"requeue": True, **{key: each for key, each in more.items() if each is not None}},
        }
