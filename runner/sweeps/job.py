"""One job as Hydra starts it, in this process or another: a run, and its line in the sweep's book."""

from __future__ import annotations

import contextlib
import math
import sys
import time
from functools import lru_cache
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.errors import InstantiationException
from hydra.types import RunMode
from omegaconf import DictConfig

from runner import console
from runner.config.checks import objectives_of
from runner.config.options import GROUPS
from runner.errors import InputError, RunFailed
from runner.experiment.resources import cache_of
from runner.sweeps.callback import Refused
from runner.sweeps.devices import share_machine
from runner.sweeps.journal import Ledger, Outcome, Plan
from runner.sweeps.progress import progress


def run_job(config: DictConfig) -> float | tuple[float, ...]:
    """Trains and records one run; returns the objective, or a tuple where the config has a list of them.

    Raises:
        Refused: the run was refused or failed, and is no job of a sweep.
    """
    from runner.experiment.execute import run_experiment

    hydra = HydraConfig.get()
    if hydra.mode == RunMode.MULTIRUN:
        return _in_sweep(Job(config, hydra))
    folder = Path(hydra.runtime.output_dir)
    try:
        return run_experiment(config, choices_of(hydra), folder, list(hydra.overrides.task)).objective
    except (InputError, RunFailed) as problem:
        if isinstance(problem, InputError):
            _forget(folder, hydra.job.name)
        raise Refused(problem) from problem


def choices_of(hydra: Any) -> dict[str, str]:
    """The chosen option of each of our config groups."""
    return {group: hydra.runtime.choices[group] for group in GROUPS if group in hydra.runtime.choices}


class Job:
    """One job of a sweep and its lines in the book.

    Args:
        config: the run's, without Hydra's node.
        hydra: Hydra's node.
    """

    def __init__(self, config: DictConfig, hydra: Any) -> None:
        self.config, self.choices = config, choices_of(hydra)
        self.folder, self.overrides = Path(hydra.runtime.output_dir), list(hydra.overrides.task)
        self.number = int(hydra.job.num)
        self.name = hydra.job.name
        self.ledger, self.plan = _book(Path(hydra.sweep.dir))
        own = [override for override in self.overrides if override.lstrip("+~").partition("=")[0] in self.plan.varied]
        self.words = " ".join(own or self.overrides)  # what tells this job from the others

    def may_start(self) -> bool:
        """Whether the job is to be run; with `sweep.fail_fast` none is after a failure, which the book then says."""
        if self.plan.fail_fast and any(entry.event in ("failed", "refused") for entry in self.ledger.latest()):
            self.ledger.note(self.number, "not started", self.words)
            _forget(self.folder, self.name)
            return False
        return True

    def started(self) -> None:
        """The job is under way."""
        self.ledger.note(self.number, "started", self.words)

    def failed(self, problem: BaseException) -> None:
        """The job was refused, failed, or was killed."""
        event = (
            "refused" if isinstance(problem, InputError) else "failed" if isinstance(problem, Exception) else "killed"
        )
        cause = (problem.__cause__ or problem) if isinstance(problem, InstantiationException) else problem
        kind = "" if isinstance(cause, (InputError, RunFailed)) else f"{type(cause).__name__}: "
        reason = "interrupted" if event == "killed" else f"{kind}{cause}"
        self.ledger.note(self.number, event, self.words, reason=reason)
        if event == "refused":
            _forget(self.folder, self.name)
        if event != "killed":
            print(f"error: job {self.number} ({self.words}): {reason}", file=sys.stderr)

    def finished(self, outcome: Outcome) -> None:
        """The job ended well, or had in an earlier attempt; the terminal is told."""
        skipped = bool(outcome.run_id) and outcome.run_id in {each.run_id for each in self.plan.done.values()}
        event = "skipped" if skipped else "finished"
        self.ledger.note(self.number, event, outcome.name, outcome.objectives[0], run_id=outcome.run_id)
        now = progress(self.plan, self.ledger.latest(), time.time())
        values = dict(zip(objectives_of(self.config), outcome.objectives, strict=True))
        console.show_job(outcome.name, values, skipped=skipped, progress=str(now))


def _in_sweep(job: Job) -> float | tuple[float, ...]:
    from runner.experiment.execute import run_experiment

    if not job.may_start():
        return math.nan
    hydra = HydraConfig.get()
    share_machine(hydra.launcher, Path(hydra.sweep.dir))
    job.started()
    try:
        cache = cache_of(Path(hydra.sweep.dir))
        outcome = run_experiment(job.config, job.choices, job.folder, job.overrides, plan=job.plan, cache=cache)
    except BaseException as problem:
        job.failed(problem)
        raise
    job.finished(outcome)
    return outcome.objective


def _book(sweep_folder: Path) -> tuple[Ledger, Plan]:
    """The sweep's book and its plan, read once in each process."""
    return _read_book(sweep_folder, Ledger(sweep_folder).begun)


@lru_cache(maxsize=1)
def _read_book(sweep_folder: Path, begun: int) -> tuple[Ledger, Plan]:
    ledger = Ledger(sweep_folder)
    return ledger, ledger.plan


def _forget(folder: Path, job_name: str) -> None:
    """Removes what Hydra had prepared for a run that was refused, and nothing else: the folder may be the user's."""
    if (folder / "config.yaml").exists():  # an earlier run's, or this one's
        return
    ours = [folder / ".hydra" / name for name in ("config.yaml", "hydra.yaml", "overrides.yaml")]
    for path in (*ours, folder / f"{job_name}.log"):
        path.unlink(missing_ok=True)
    for path in (folder / ".hydra", folder):
        with contextlib.suppress(OSError):  # not empty
            path.rmdir()
