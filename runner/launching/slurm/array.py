"""The tasks of an array while they are in Slurm's queue, and what they leave."""

from __future__ import annotations

import contextlib
import logging
import re
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra.core.utils import JobReturn

from runner.errors import RunFailed
from runner.launching.jobs import Jobs, LaunchedJob
from runner.launching.launcher import JobLauncher
from runner.sweeps.job import label_of
from runner.sweeps.journal import Event, JobRecord
from runner.sweeps.progress import progress
from runner.sweeps.resume import finished_outcomes
from runner.sweeps.slurm_queue import TaskState, task_states
from runner.sweeps.sweep import Sweep
from runner.writing import console
from runner.writing.console import short_path
from runner.writing.wording import without_password

log = logging.getLogger("runner")

FILE_SECONDS = 0.5
"""Between two looks for the results of tasks."""
QUEUE_SECONDS = 5.0
"""Between two questions to Slurm's controller, which all users share."""
SECONDS_TO_CANCEL = 40.0
"""In which cancelled tasks close their runs; Slurm kills what is left, by default after thirty."""
SECONDS_FOR_A_RESULT = 10.0
"""From a task's end until its result must have come through the file system."""
SAYS_NOTHING = re.compile(r"submitit |srun: (?!error: .*: task .*: (?!Exited|Terminated))")
"""Lines of a log that tell no cause: submitit's, and what `srun` says of a task's exit status and its own progress."""
ENDED_WELL = (Event.FINISHED, Event.SKIPPED)


class SlurmArray:
    """The tasks of a sweep's batch, once they are submitted.

    Args:
        sweep: whose jobs they run.
        folder: of plan and logs.
        shared: the jobs of each task.
        submitted: submitit's jobs, one a task.

    Attributes:
        job: the array's number in Slurm.
    """

    def __init__(self, sweep: Sweep, folder: Path, shared: Sequence[Jobs], submitted: Sequence[Any]) -> None:
        self._sweep, self._folder, self._shared, self._submitted = sweep, folder, shared, submitted
        self._ids = [str(each.job_id) for each in submitted]
        self._files = [Path(each.paths.result_pickle).name for each in submitted]
        self._shown = {each.job for each in sweep.journal.latest() if each.event in ENDED_WELL}
        self._reasons: set[str] = set()
        self.job = self._ids[0].partition("_")[0]

    def wait(self) -> dict[int, str]:
        """Returns, when all tasks have ended, the state of those that left no result, by their number."""
        waiting = set(range(len(self._ids)))
        lost: dict[int, str] = {}
        silent: dict[int, float] = {}
        asked = time.monotonic()
        while waiting:
            time.sleep(FILE_SECONDS)
            here = {path.name for path in self._folder.iterdir()}  # not `exists`, which network file systems remember
            waiting -= {task for task in waiting if self._files[task] in here}
            self._show_finished()
            now = time.monotonic()
            if now - asked < QUEUE_SECONDS:
                continue
            asked, states = now, task_states(self.job)
            if states is None:
                continue
            self._show_pending(states.values())
            for task in sorted(waiting):
                state = states.get(self._ids[task])
                if state is not None and not state.ended:
                    silent.pop(task, None)
                elif now - silent.setdefault(task, now) >= SECONDS_FOR_A_RESULT:
                    lost[task] = "ended" if state is None else state.name
                    waiting.remove(task)
        self._show_finished()
        return lost

    @contextlib.contextmanager
    def cancelled_on_error(self) -> Iterator[None]:
        """Ends the tasks where the block does not end well, Ctrl-C for one; waits until they have closed their runs."""
        try:
            yield
        except BaseException:
            subprocess.run(["scancel", self.job], capture_output=True)
            deadline = time.monotonic() + SECONDS_TO_CANCEL
            while time.monotonic() < deadline and not all(
                each.ended for each in (task_states(self.job) or {}).values()
            ):
                time.sleep(FILE_SECONDS)
            raise

    def results(self, launcher: JobLauncher, lost: Mapping[int, str]) -> dict[int, JobReturn]:
        """What the jobs came to, by number.

        Args:
            launcher: composes the jobs of lost tasks.
            lost: of `wait`.
        """
        found: dict[int, JobReturn] = {}
        for task, (jobs, submitted) in enumerate(zip(self._shared, self._submitted, strict=True)):
            state = lost.get(task, "FAILED")
            if task not in lost:
                try:
                    found |= {each.hydra_cfg.hydra.job.num: each for each in submitted.result()}
                    continue
                except Exception as problem:  # an error of the task's own, which its log ends with
                    log.debug("%s", problem)
            path = Path(submitted.paths.stdout)
            reason = f"Slurm task {self._ids[task]} {state}: {last_line(path)} ({short_path(path)})"
            print(f"error: {reason}", file=sys.stderr)
            found |= {number: self._without_result(launcher.compose(number, own), reason) for number, own in jobs}
        return found

    def _without_result(self, job: LaunchedJob, reason: str) -> JobReturn:
        """The result of a job whose task has left none: what the journal and the store know of it."""
        sweep = self._sweep
        record = next((each for each in sweep.journal.latest() if each.job == job.number), None)
        job.result.cfg, job.result.hydra_cfg = job.task, job.config
        job.result.overrides = list(job.config.hydra.overrides.task)
        if record is not None and record.event in ENDED_WELL:
            done = {each.run_id: each for each in finished_outcomes(sweep.tracker, sweep.plan.parent_id).values()}
            job.ended(done[record.run_id].objective if record.run_id in done else record.objective)
        elif record is not None and record.event in (Event.FAILED, Event.REFUSED):
            job.ended(RunFailed(record.reason))
        else:
            label = label_of(job.result.overrides, sweep.plan)
            sweep.journal.append(JobRecord(job.number, Event.FAILED, label, reason=reason))
            job.ended(RunFailed(reason))
        return job.result

    def _show_pending(self, states: Collection[TaskState]) -> None:
        """Says why tasks wait in the queue, each time that the reasons change."""
        pending = [state.reason for state in states if state.name == "PENDING"]
        reasons = set(pending) - {"None"}
        if reasons - self._reasons:
            console.show_pending(self.job, len(pending), sorted(reasons))
        self._reasons = reasons

    def _show_finished(self) -> None:
        """Shows jobs that have ended well since the last call; tasks tell of the others in their logs."""
        plan, records = self._sweep.plan, self._sweep.journal.latest()
        for record in records:
            if record.event in ENDED_WELL and record.job not in self._shown:
                self._shown.add(record.job)
                values = {plan.objectives[0]: record.objective}
                skipped, now = record.event is Event.SKIPPED, progress(plan, records, time.time())
                console.show_job(record.name, values, skipped=skipped, progress=str(now))


def last_line(log_file: Path) -> str:
    """The last line of a task's log that says why it ended: its own, or Slurm's on the signal that killed it."""
    try:
        lines = log_file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return "it has no log"
    telling = [line.strip() for line in lines if line.strip() and not SAYS_NOTHING.match(line)]
    return without_password(telling[-1]) if telling else "its log is empty"
