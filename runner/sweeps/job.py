"""One job as Hydra starts it, in this process or another: a run, and its lines in the sweep's journal."""

from __future__ import annotations

import contextlib
import math
import sys
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.errors import InstantiationException
from hydra.types import RunMode
from omegaconf import DictConfig

from runner.config.checks import load, objectives_of
from runner.config.experiment_config import typed_group
from runner.config.hydra_errors import HydraPassThrough
from runner.config.options import GROUPS, TARGETED, option_of
from runner.config.schemas import PathsConfig, TrackingConfig
from runner.config.sweep_jobs import refuse_groups_of_one_run
from runner.errors import InputError, RunFailed
from runner.experiment.execute import run_experiment
from runner.experiment.resources import Resources
from runner.experiment.spec import RunSpec
from runner.runs.folder import RunFolder
from runner.runs.naming import setting
from runner.runs.outcome import Outcome
from runner.sweeps.devices import share_machine
from runner.sweeps.journal import Event, JobRecord, Journal, SweepPlan
from runner.sweeps.live_progress import LiveProgress
from runner.sweeps.output_folders import check_job_folder
from runner.sweeps.progress import progress
from runner.sweeps.resume import end_children_in, finished_outcomes
from runner.sweeps.session import SweepSession
from runner.tracking.tracker import Tracker
from runner.writing import console
from runner.writing.whole_files import write_text
from runner.writing.wording import typed, without_password


def run_job(config: DictConfig) -> float | tuple[float, ...]:
    """Trains and records one run; returns the objective, or a tuple where the config has a list of them.

    NaN is returned for a job of a sweep that is not started.

    Raises:
        HydraPassThrough: the run was refused or failed, and is no job of a sweep.
    """
    hydra = HydraConfig.get()
    hide_passwords(Path(hydra.runtime.output_dir) / str(hydra.output_subdir))
    if hydra.mode == RunMode.MULTIRUN:
        if not Journal(Path(hydra.sweep.dir)).exists:  # another primary config, without our callback
            raise HydraPassThrough(InputError("-m needs the runner's own config; from a saved one, start a single run"))
        return _run_in_sweep(JobRun(config, hydra), hydra)
    folder = Path(hydra.runtime.output_dir)
    try:
        refuse_groups_of_one_run(hydra)
        spec = RunSpec(load(config), choices_of(hydra, config), RunFolder(folder), list(hydra.overrides.task))
        return run_experiment(spec, Resources()).objective
    except (InputError, RunFailed) as problem:
        if isinstance(problem, InputError):
            remove_folder(folder, hydra.job.name)
        raise HydraPassThrough(problem) from problem


def hide_passwords(folder: Path) -> None:
    """Masks the passwords of addresses in the YAML files of a folder, which Hydra writes as they were given."""
    for path in folder.glob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        if text != (hidden := without_password(text)):
            write_text(path, hidden)


def choices_of(hydra: Any, config: DictConfig) -> dict[str, str]:
    """The chosen option of each of our config groups; of a run's saved config, which made no choices, those it has."""
    made = {group: hydra.runtime.choices[group] for group in GROUPS if group in hydra.runtime.choices}
    saved = {group: option_of(group, config[group]) for group in TARGETED if group not in made and group in config}
    return {**made, **saved}


@dataclass
class SweepState:
    """What a process knows of a sweep whose jobs it runs.

    Attributes:
        journal, plan: the sweep's.
        resources: shared by all jobs of the process, and by the sweep's end.
        live: the progress that the process writes.
    """

    journal: Journal
    plan: SweepPlan
    resources: Resources
    live: LiveProgress

    def take_over(self, tracker: Tracker, folders: Collection[Path]) -> None:
        """Goes on with jobs of a process that is dead: what it has finished is done, what it left open is closed.

        Args:
            tracker: where the sweep is recorded.
            folders: absolute, of the jobs' runs.

        Raises:
            StoreAway: the server does not answer.
        """
        for folder in folders:
            if folder.exists():
                tracker.settle(folder)
        end_children_in(tracker, self.plan.parent_id, folders)
        done = finished_outcomes(tracker, self.plan.parent_id)
        self.plan = replace(self.plan, done={**self.plan.done, **done}, resumed=True)


def sweep_state(sweep_folder: Path) -> SweepState:
    """What this process knows of the sweep in a folder; read once, for Hydra starts each job with a config alone."""
    return _sweep_state(sweep_folder, Journal(sweep_folder).begun)


@lru_cache(maxsize=1)
def _sweep_state(sweep_folder: Path, begun: int) -> SweepState:
    journal = Journal(sweep_folder)
    plan = journal.plan
    return SweepState(journal, plan, Resources(in_sweep=True), LiveProgress(journal, plan))


def label_of(overrides: Sequence[str], plan: SweepPlan) -> str:
    """What tells a job from the others of its sweep: its own overrides, as they are typed."""
    own = [each for each in overrides if each.lstrip("+~").partition("=")[0] in plan.varied]
    return typed(*(own or overrides))


class JobRun:
    """One job of a sweep, and its lines in the journal.

    Args:
        config: the run's, without Hydra's node.
        hydra: Hydra's node.

    Attributes:
        number, name: of the job, as Hydra has them.
        label: what tells it from the others: its own overrides.
        folder: of the run.
        journal, plan, resources: see `SweepState`.
    """

    def __init__(self, config: DictConfig, hydra: Any) -> None:
        self._config, self._choices = config, choices_of(hydra, config)
        self.folder, self._overrides = Path(hydra.runtime.output_dir), list(hydra.overrides.task)
        self.number = int(hydra.job.num)
        self.name = hydra.job.name
        state = sweep_state(Path(hydra.sweep.dir))
        self.journal, self.plan, self.resources = state.journal, state.plan, state.resources
        self._live = state.live
        self.label = label_of(self._overrides, self.plan)

    def spec(self) -> RunSpec:
        """What the run is asked to be.

        Raises:
            InputError: the config was refused, or its folder is in use.
        """
        check_job_folder(self.folder, resumed=self.plan.resumed)
        return RunSpec(
            config=load(self._config),
            choices=self._choices,
            folder=RunFolder(self.folder),
            overrides=self._overrides,
            in_sweep=True,
            parent_id=self.plan.parent_id,
            setting=setting(self._overrides, set(self.plan.varied) - set(self.plan.recipe)),
            recipe=setting(self._overrides, self.plan.recipe),
            trial=self.number if self.plan.is_search else None,
            prune=SweepSession.pruner_of(self.number),
        )

    def should_start(self) -> bool:
        """Whether the job is to be run; with `sweep.fail_fast` none is after a failure, and the journal records it."""
        failures = (Event.FAILED, Event.REFUSED)
        if self.plan.fail_fast and any(record.event in failures for record in self.journal.latest()):
            self.journal.append(JobRecord(self.number, Event.NOT_STARTED, self.label))
            remove_folder(self.folder, self.name)
            return False
        return True

    def started(self) -> None:
        """Records that the job is under way."""
        self.journal.append(JobRecord(self.number, Event.STARTED, self.label))

    def failed(self, problem: BaseException) -> None:
        """Records that the job was refused, failed, or was killed."""
        event = (
            Event.REFUSED
            if isinstance(problem, InputError)
            else Event.FAILED
            if isinstance(problem, Exception)
            else Event.KILLED
        )
        cause = (problem.__cause__ or problem) if isinstance(problem, InstantiationException) else problem
        kind = "" if isinstance(cause, (InputError, RunFailed)) else f"{type(cause).__name__}: "
        reason = "interrupted" if event is Event.KILLED else f"{kind}{cause}"
        self.journal.append(JobRecord(self.number, event, self.label, reason=reason))
        if event is Event.REFUSED:
            remove_folder(self.folder, self.name)
        if event is not Event.KILLED:
            print(f"error: job {self.number} ({self.label}): {reason}", file=sys.stderr)

    def finished(self, outcome: Outcome) -> None:
        """Records that the job ended well, or had in an earlier attempt; the terminal shows it."""
        skipped = bool(outcome.run_id) and outcome.run_id in {each.run_id for each in self.plan.done.values()}
        self.journal.append(
            JobRecord(
                self.number,
                Event.SKIPPED if skipped else Event.FINISHED,
                outcome.name,
                objective=outcome.objectives[0],
                run_id=outcome.run_id,
                epochs=outcome.epochs,
                pruned=outcome.pruned,
            )
        )
        now = progress(self.plan, self.journal.latest(), time.time())
        values = dict(zip(objectives_of(self._config), outcome.objectives, strict=True))
        console.show_job(outcome.name, values, skipped=skipped, progress=str(now))
        if not self.plan.is_search and self._live.is_due:  # a search tells of each trial itself
            paths = typed_group(self._config, "paths", PathsConfig)
            record = typed_group(self._config, "tracking", TrackingConfig)
            self._live.write(self.resources.tracker(record, Path(paths.outputs)), record.flush_seconds)


def _run_in_sweep(job: JobRun, hydra: Any) -> float | tuple[float, ...]:
    """The objective of a sweep's job, or NaN where it is not started."""
    if not job.should_start():
        return math.nan
    share_machine(hydra.launcher, job.journal.folder)
    job.started()
    try:
        outcome = run_experiment(job.spec(), job.resources, job.plan.done)
    except BaseException as problem:
        job.failed(problem)
        raise
    job.finished(outcome)
    return outcome.objective


def remove_folder(folder: Path, job_name: str) -> None:
    """Removes what Hydra had prepared for a run that was refused, and nothing else: the folder may be the user's."""
    if (folder / "config.yaml").exists():  # an earlier run's, or this one's
        return
    ours = [folder / ".hydra" / name for name in ("config.yaml", "hydra.yaml", "overrides.yaml")]
    for path in (*ours, folder / f"{job_name}.log"):
        path.unlink(missing_ok=True)
    for path in (folder / ".hydra", folder):
        with contextlib.suppress(OSError):  # not empty
            path.rmdir()
