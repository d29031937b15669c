"""One task of a Slurm array, on the machine that Slurm gives it: a launcher of the jobs that the plan has for it."""

from __future__ import annotations

import importlib
import logging
import os
import pickle
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from hydra.core.singleton import Singleton
from hydra.core.utils import JobReturn, setup_globals

from runner.config.experiment_config import typed_group
from runner.config.schemas import PathsConfig, TrackingConfig
from runner.launching.jobs import Jobs
from runner.launching.launcher import JobLauncher
from runner.launching.slurm.plan import planned_jobs
from runner.sweeps.job import sweep_state


@dataclass(frozen=True)
class SlurmTask:
    """What submitit sends to a task, and calls there; again after Slurm has requeued it.

    Attributes:
        launched: pickled, what Hydra knew in the process that launched, and what the launcher was set up with there. It
            stays so, because what a task makes of it cannot be sent again.
        folder: of the plan.
        number: of the task in the array.
    """

    launched: bytes
    folder: Path
    number: int

    def __call__(self) -> list[JobReturn]:
        """Runs the task's jobs; returns their results. What Slurm ends, SIGTERM being its word, has no result."""
        logging.raiseExceptions = False  # as in the command's own process: see `runner.cli.streams`
        signal.signal(signal.SIGTERM, _terminated)  # in the place of submitit's, which goes on until it is killed
        share_of_machine = os.environ.get("SLURM_CPUS_PER_TASK", "")
        for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
            if share_of_machine:
                os.environ.setdefault(name, share_of_machine)
        setup_globals()
        state, request = pickle.loads(self.launched)
        Singleton.set_state(state)
        jobs, launcher = planned_jobs(self.folder, self.number), JobLauncher(request)
        try:
            if int(os.environ.get("SLURM_RESTART_COUNT") or 0):
                _take_over(launcher, jobs)
            return launcher.launch(jobs)
        except KeyboardInterrupt as problem:
            sys.exit(str(problem))

    def checkpoint(self) -> Any:
        """What submitit submits again where the time limit is near: the same, which then finds what is done."""
        return importlib.import_module("submitit.helpers").DelayedSubmission(self)


def _take_over(launcher: JobLauncher, jobs: Jobs) -> None:
    """Goes on where the task was before it was requeued."""
    config = launcher.request.config
    record, paths = typed_group(config, "tracking", TrackingConfig), typed_group(config, "paths", PathsConfig)
    state = sweep_state(Path(config.hydra.sweep.dir))
    folders = {launcher.folder(launcher.compose(*job)).absolute() for job in jobs}
    state.take_over(state.resources.tracker(record, Path(paths.outputs)), folders)


def _terminated(number: int, frame: FrameType | None) -> None:
    """Ends the runs under way as KILLED, with their history; a second signal does not disturb that."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt("ended by Slurm (SIGTERM): what was recorded so far is kept")
