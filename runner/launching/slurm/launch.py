"""Jobs of a sweep as an array of Slurm, each task of which trains whole stacks: planned, submitted, waited for."""

from __future__ import annotations

import contextlib
import importlib
import io
import shutil
from typing import Any

import cloudpickle
from hydra.core.singleton import Singleton
from hydra.core.utils import JobReturn

from runner.errors import InputError
from runner.experiment.admit import admit
from runner.launching.jobs import Jobs
from runner.launching.launcher import JobLauncher
from runner.launching.sharing import packed, shares
from runner.launching.slurm.array import SlurmArray
from runner.launching.slurm.options import SlurmOptions
from runner.launching.slurm.plan import hide_passwords, write_plan
from runner.launching.slurm.task import SlurmTask
from runner.runs.outcome import Outcome
from runner.sweeps.job import JobRun
from runner.sweeps.session import SweepSession
from runner.sweeps.sweep import Sweep
from runner.tracking import names
from runner.writing import console

FOLDER = "slurm"
"""In the sweep's folder: plans, and what submitit writes, the logs of the tasks among it."""


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
    done, shared = DoneJobs(launcher, sweep), packed(shares(launcher, jobs, options.tasks), options.tasks)
    shared = [share for share in shared if not done.are_all(share)]
    if not shared:
        return [done.results[number] for number, _ in jobs]
    folder = (sweep.folder / FOLDER / str(jobs[0][0])).absolute()
    is_new = not folder.exists()  # else of an earlier attempt in the same folder, whose logs stay
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
        if is_new:
            shutil.rmtree(folder)
            with contextlib.suppress(OSError):  # another batch of the sweep is in it
                folder.parent.rmdir()
        if not isinstance(problem, submitit.core.utils.FailedJobError):
            raise
        said = str(problem).strip().rpartition("\n")[2].removeprefix("sbatch: ").removeprefix("error: ")
        raise InputError(f"hydra/launcher=slurm: sbatch refuses: {said}") from problem
    array = SlurmArray(sweep, folder, shared, submitted)
    try:
        with array.cancelled_on_error():
            sweep.tracker.set_tags(sweep.plan.parent_id, {names.SLURM_JOB: array.job})
            console.show_submitted(array.job, sum(map(len, shared)), len(shared), folder)
            lost = array.wait()
        results = done.results | array.results(launcher, lost)
    finally:
        for path in folder.glob("*.pkl"):
            path.unlink()
        hide_passwords(folder)
    return [results[number] for number, _ in jobs]


class DoneJobs:
    """Jobs of tasks for which an earlier attempt of the sweep has left nothing to do: these are not submitted.

    Args:
        launcher: composes the jobs.
        sweep: that may go on.

    Attributes:
        results: of the jobs, by number.
    """

    def __init__(self, launcher: JobLauncher, sweep: Sweep) -> None:
        self._launcher, self._done = launcher, sweep.plan.done
        self.results: dict[int, JobReturn] = {}

    def are_all(self, jobs: Jobs) -> bool:
        """Whether all jobs of a task are done; these are then recorded as skipped."""
        if not self._done:
            return False
        found = []
        for number, overrides in jobs:
            launched = self._launcher.compose(number, overrides)
            with self._launcher.hydra_at(launched):
                job = JobRun(launched.task, launched.config.hydra)
                try:
                    outcome = admit(job.spec(), job.resources, self._done)
                except Exception:  # which the task tells of
                    return False
            if not isinstance(outcome, Outcome):
                return False
            found.append((launched, job, outcome))
        for launched, job, outcome in found:
            job.finished(outcome)
            launched.ended(outcome.objective)
            self.results[launched.number] = launched.result
        return True


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
