"""Jobs of a sweep as an array of Slurm, each task of which trains whole stacks: planned, submitted, waited for."""

from __future__ import annotations

import contextlib
import importlib
import io
import logging
import shutil
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cloudpickle
from hydra.core.singleton import Singleton
from hydra.core.utils import JobReturn

from runner.errors import InputError, RunFailed
from runner.launching.jobs import Jobs, LaunchedJob
from runner.launching.launcher import JobLauncher
from runner.launching.sharing import packed, shares
from runner.launching.slurm_plan import write_plan
from runner.launching.slurm_task import SlurmTask
from runner.sweeps.job import label_of
from runner.sweeps.journal import Event, JobRecord
from runner.sweeps.progress import progress
from runner.sweeps.resume import finished_outcomes
from runner.sweeps.session import SweepSession
from runner.sweeps.slurm_queue import TaskState, task_states
from runner.sweeps.sweep import Sweep
from runner.tracking import names
from runner.writing import console
from runner.writing.console import short_path
from runner.writing.wording import without_password

log = logging.getLogger("runner")

FOLDER = "slurm"
"""In the sweep's folder: plans, and what submitit writes, the logs of the tasks among it."""
OURS = ("array", "error", "nodes", "ntasks", "ntasks-per-node", "open-mode", "output", "requeue", "signal", "time")
"""Options of `sbatch` that the launcher gives itself, or that have a key of their own."""
FILE_SECONDS = 0.5
"""Between two looks for the results of tasks."""
QUEUE_SECONDS = 5.0
"""Between two questions to Slurm's controller, which all users share."""
SECONDS_TO_CANCEL = 40.0
"""In which cancelled tasks close their runs; Slurm kills what is left, by default after thirty."""
SECONDS_FOR_A_RESULT = 10.0
"""From a task's end until its result must have come through the file system."""
ENDED_WELL = (Event.FINISHED, Event.SKIPPED)


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
        """Raises an InputError for what no cluster could mean."""
        for name, least in (("tasks", 1), ("time", 1), ("cpus", 1), ("requeues", 0)):
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


def launch_on_slurm(launcher: JobLauncher, jobs: Jobs, options: SlurmOptions) -> list[JobReturn]:
    """Runs all jobs in tasks of one array; returns their results in the order of `jobs` when the last one has ended.

    Jobs of a task that came to nothing have failed, and their reason has the task's state and its log's last line.

    Args:
        launcher: as one process would launch them.
        jobs: each job's number and overrides.
        options: of Slurm.

    Raises:
        InputError: Slurm or submitit is not here, or refuses what is asked for.
    """
    options.check()
    submitit = _submitit()
    sweep = SweepSession.current().sweep
    assert sweep is not None
    folder = (sweep.folder / FOLDER / str(jobs[0][0])).absolute()
    shared = packed(shares(launcher, jobs, options.tasks), options.tasks)
    write_plan(folder, shared)
    folder.chmod(0o700)  # what is sent to the tasks may hold the password of an address
    launched = cloudpickle.dumps((Singleton.get_state(), launcher.request.for_another_process()))
    tasks = [SlurmTask(launched, folder, place) for place in range(len(shared))]
    try:
        with contextlib.redirect_stderr(io.StringIO()):  # where submitit repeats what it raises
            executor = submitit.SlurmExecutor(folder, max_num_timeout=options.requeues)
            executor.update_parameters(**options.for_submitit)
            submitted = executor.submit_array(tasks)
    except Exception as problem:
        shutil.rmtree(folder)
        with contextlib.suppress(OSError):  # another batch of the sweep is in it
            folder.parent.rmdir()
        if not isinstance(problem, submitit.core.utils.FailedJobError):
            raise
        said = str(problem).strip().rpartition("\n")[2].removeprefix("sbatch: ").removeprefix("error: ")
        raise InputError(f"hydra/launcher=slurm: sbatch refuses: {said}") from problem
    array = SlurmArray(sweep, folder, shared, submitted)
    with array.cancelled_on_error():
        sweep.tracker.set_tags(sweep.plan.parent_id, {names.SLURM_JOB: array.job})
        console.show_submitted(array.job, len(jobs), len(shared), folder)
        lost = array.wait()
    results = array.results(launcher, lost)
    for path in folder.glob("*.pkl"):
        path.unlink()
    return [results[number] for number, _ in jobs]


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
        self._shown: set[int] = set()
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
        if record is not None and record.event in ENDED_WELL:
            done = {each.run_id: each for each in finished_outcomes(sweep.tracker, sweep.plan.parent_id).values()}
            job.ended(done[record.run_id].objective if record.run_id in done else record.objective)
        elif record is not None and record.event in (Event.FAILED, Event.REFUSED):
            job.ended(RunFailed(record.reason))
        else:
            label = label_of(list(job.config.hydra.overrides.task), sweep.plan)
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
    """The last line of a task's log that it or Slurm wrote; `srun` only repeats the exit status."""
    try:
        lines = log_file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return "it has no log"
    own = [line.strip() for line in lines if line.strip() and not line.startswith(("srun: ", "submitit "))]
    return without_password(own[-1]) if own else "its log is empty"


def _submitit() -> Any:
    """The package.

    Raises:
        InputError: it is not installed, or Slurm's commands are not.
    """
    if shutil.which("sbatch") is None or shutil.which("srun") is None:
        raise InputError(
            "hydra/launcher=slurm: there is no sbatch here; start the sweep on a login node of the cluster"
        )
    try:
        return importlib.import_module("submitit")
    except ImportError:
        raise InputError("hydra/launcher=slurm needs the package submitit: pip install submitit") from None
