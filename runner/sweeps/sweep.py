"""A sweep from its first moment to its last: the parent run, the journal, the report, the best runs."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig

from runner import reports, tracking
from runner.config.checks import ensembles_of, objectives_of, references_of
from runner.config.experiment_config import typed_group
from runner.config.overrides import varied_keys
from runner.config.schemas import ComparisonConfig, PathsConfig, SweepConfig, TrackingConfig
from runner.config.sweep_jobs import LISTS_JOBS, configured_jobs, groups_given, refuse_groups, sweep_params
from runner.config.zip_and_grid import as_typed
from runner.errors import InputError
from runner.experiment.resources import Resources
from runner.reports.settings import ComparisonSettings
from runner.runs.outcome import Outcome
from runner.runs.process import this_process
from runner.sweeps.best_runs import missing_outputs, select_best
from runner.sweeps.grid_pruning import grid_pruning
from runner.sweeps.job import hide_passwords, sweep_state
from runner.sweeps.journal import Event, JobRecord, Journal, SweepPlan
from runner.sweeps.output_folders import check_sweep_folder
from runner.sweeps.parent_metrics import sweep_metrics
from runner.sweeps.progress import progress_tags
from runner.sweeps.references import References
from runner.sweeps.resume import close_stale_children, finished_outcomes, resumed_parent
from runner.tracking import names
from runner.tracking.recorded_run import RecordedRun
from runner.tracking.recorder import StoreAway
from runner.tracking.tracker import Tracker
from runner.writing import console

SECONDS_FOR_CHILDREN = 10.0  # that interrupted runs get to close their own record


@dataclass
class Sweep:
    """A sweep under way, as the process that launched it knows it.

    Attributes:
        folder: Hydra's, of the whole sweep.
        journal: what became of its jobs.
        plan: what they share.
        tracker: where its runs are recorded.
        comparison: what the report at the end compares; None for no report.
        references: what of scikit-learn the report measures networks against.
        details: what stands below the progress in the parent's note, in Markdown.
        pruner: where runs are given up: from a job's number, an epoch and its metrics to whether that job is.
        unrecorded: after the end, what of it waits for a server that does not answer; empty where all is recorded.
    """

    folder: Path
    journal: Journal
    plan: SweepPlan
    tracker: Tracker
    comparison: ComparisonSettings | None
    references: Sequence[str] = ()
    details: str = ""
    pruner: Callable[[int, int, Mapping[str, float]], bool] | None = None
    unrecorded: str = ""

    def write_progress(self, details: str = "") -> None:
        """Writes the parent's progress, and the latest `details` below it."""
        self.details = details or self.details
        tags = progress_tags(self.plan, self.journal.latest(), self.details)
        self.tracker.set_tags(self.plan.parent_id, tags)

    def end(self, *, interrupted: bool, broken: bool = False) -> list[JobRecord]:
        """Closes the parent as what the sweep was, and children whose process died; returns the jobs that failed.

        A sweep all of whose jobs were refused leaves nothing.

        Args:
            interrupted: by Ctrl-C or SIGTERM.
            broken: ended by an error before all jobs had been tried.
        """
        hide_passwords(self.folder)
        records = self.journal.latest()
        failed = [record for record in records if record.event.is_failure]
        refused = all(record.event is Event.REFUSED for record in records)
        if refused and not interrupted and not self.plan.done and not self.plan.resumed:
            self.journal.remove()
            (self.folder / "multirun.yaml").unlink(missing_ok=True)  # the sweeper's
            with contextlib.suppress(OSError):  # there is more in it, perhaps a user's
                self.folder.rmdir()
            self.tracker.delete_run(self.plan.parent_id)
            return failed
        status = "KILLED" if interrupted else "FAILED" if failed or broken else "FINISHED"
        try:
            self._conclude(interrupted=interrupted)
        except StoreAway as away:
            self.unrecorded = str(away)
        finally:  # also where Ctrl-C cuts this short
            self.tracker.end_run(self.plan.parent_id, status)
        if self.unrecorded:
            self.unrecorded = self._still_waiting()
        return failed

    def _conclude(self, *, interrupted: bool) -> None:
        """All that is recorded when no job runs any more, but for the parent's end.

        Raises:
            StoreAway: the server does not answer.
        """
        self._settle(patient=not interrupted)
        close_stale_children(self.tracker, self.plan.parent_id, SECONDS_FOR_CHILDREN if interrupted else 0)
        self.write_progress()
        ended = self.tracker.finished_runs(self.plan.parent_id, self.folder)
        finished = [run for run in ended if not run.is_reference and not run.was_pruned]
        resources = sweep_state(self.folder).resources
        best = select_best(finished, self.plan.objectives[0], each_variant=not self.plan.is_search)
        with missing_outputs(best, self.tracker, resources):
            self._record_summary(finished)
            if self.comparison is not None and not interrupted:
                asked = References(self.references, self.plan.parent_id, self.folder, self.tracker, resources)
                ended += asked.train(ended)
            self._report(ended)
            if self.plan.parent_id and not self.plan.is_search:
                folder = self.folder / names.OUT_OF_FOLD
                reports.publish_out_of_fold(self.tracker, self.plan.parent_id, finished, folder)

    def _settle(self, *, patient: bool) -> None:
        """Writes what waits; Ctrl-C ends the waiting."""
        try:
            self.tracker.settle(self.folder, patient=patient)
        except KeyboardInterrupt:
            self.tracker.settle(self.folder, patient=False)

    def _still_waiting(self) -> str:
        """What the user is to know of a sweep whose server went away; the parent's end waits by now, too."""
        command = self.tracker.resume_command(self.plan.parent_id)
        more = f"; then `{command}` makes the report, and what the best runs lack"
        try:
            self.tracker.settle(self.folder, patient=False)
        except StoreAway as away:
            return f"{away}{more}"
        return f"the MLflow server did not answer for a while: all runs are recorded{more}"

    def _record_summary(self, finished: Sequence[RecordedRun]) -> None:
        """The parent's own metrics; the dashboards then leave them out."""
        if self.plan.parent_id and finished:
            metrics = sweep_metrics(finished, self.plan.objectives[0], is_search=self.plan.is_search)
            self.tracker.log_metrics(self.plan.parent_id, metrics)
            self.tracker.update_views(finished[-1].tags[names.DATASET_NAME])

    def _report(self, ended: Sequence[RecordedRun]) -> None:
        """The comparison of networks and references, if it was asked for and there is something to compare."""
        if self.comparison is None:
            return
        try:
            parent = self.tracker.run(self.plan.parent_id)
            assert parent is not None
            recorded = reports.RecordedSweep(self.tracker, parent, ended)
            reports.publish_report(recorded, self.comparison, self.folder / names.COMPARISON)
        except InputError as problem:
            console.show_no_report(str(problem))


def begin(config: DictConfig) -> Sweep:
    """The sweep that a command launches: its store, parent run and journal are opened before any job starts.

    Args:
        config: composed for the sweep, with its `hydra` node.

    Raises:
        InputError: the store does not answer, there is nothing to resume, or the objective is not a known one.
    """
    objectives = objectives_of(config)
    references_of(typed_group(config, "comparison", ComparisonConfig))
    overrides = [each for each in config.hydra.overrides.task if not each.startswith(("sweep.", "+sweep."))]
    swept = _swept(config, overrides)
    total, name = swept.total, swept.name or "sweep"
    asked = typed_group(config, "sweep", SweepConfig)
    record = typed_group(config, "tracking", TrackingConfig)
    if record.backend == "none" and asked.resume:
        raise InputError("sweep.resume: with tracking=none there is no record of what is done already")

    folder = Path(config.hydra.sweep.dir)
    resumed = asked.resume not in (False, None)
    check_sweep_folder(config, total, resumed=resumed)
    journal = Journal(folder)
    resources, outputs = Resources(), Path(typed_group(config, "paths", PathsConfig).outputs)
    tracker = resources.tracker(record, outputs)
    tracking.end_stale_runs_if_possible(tracker)
    if resumed:
        _write_what_waits(tracker, outputs)
    is_search = "n_trials" in (config.hydra.sweeper or {})
    comparison = typed_group(config, "comparison", ComparisonConfig)
    wanted = comparison.report and not is_search and record.backend != "none"  # each trial is a loss of its own
    settings = _comparison_settings(comparison, objectives) if wanted else None
    pruner = grid_pruning(
        asked.prune, swept.jobs, objectives, config.hydra, comparison.baseline if settings is not None else ""
    )
    called = f"{name} ({total} runs)" if total else name
    parent_id, done = _open_parent(
        tracker, called, [*overrides, *groups_given(config.hydra)], asked, reports.declaration(settings)
    )
    fail_fast = bool(asked.fail_fast)
    plan = SweepPlan(
        name,
        total,
        objectives,
        time.time(),
        parent_id,
        swept.varied,
        fail_fast,
        done,
        resumed,
        recipe=swept.recipe,
        is_search=is_search,
    )
    journal.begin(plan)
    tracker.keep(parent_id, folder)

    tracker.save_sweep_view(parent_id, name, tracking.Varied(swept.varied, objectives[0], is_search, total or 0))
    sweep = Sweep(folder, journal, plan, tracker, settings, references_of(comparison), pruner=pruner)
    sweep.write_progress()
    return sweep


def _write_what_waits(tracker: Tracker, outputs: Path) -> None:
    """Runs of an interrupted sweep that wait for the server are done, and need only be recorded.

    Raises:
        InputError: the server does not answer.
    """
    try:
        tracker.settle(outputs, patient=False)
    except StoreAway as away:
        raise InputError(str(away)) from away


@dataclass(frozen=True)
class _Swept:
    """What varies in a sweep, and in how many jobs: see `SweepPlan`."""

    name: str
    total: int | None
    varied: tuple[str, ...]
    recipe: tuple[str, ...] = ()
    jobs: Sequence[Sequence[str]] | None = None


def _swept(config: DictConfig, overrides: Sequence[str]) -> _Swept:
    """What a command varies.

    Raises:
        HydraException: an override cannot be read.
        InputError: there would be no job, or the sweeper takes no zip or grid.
    """
    params, sweeper = sweep_params(config), config.hydra.sweeper
    loader = GlobalHydra.instance().config_loader()
    if config.hydra.runtime.choices["hydra/sweeper"] == LISTS_JOBS:
        size = sweeper.max_batch_size
        if size is not None and size < 1:
            raise InputError(f"hydra.sweeper.max_batch_size must be at least 1, or null. Received: {size}")
        found = configured_jobs(config, overrides, loader)
        return _Swept(found.name, len(found.jobs), found.varied, found.recipe, found.jobs)
    refuse_groups(params, config.hydra.runtime.choices["hydra/sweeper"])
    varied = varied_keys(params, overrides, loader)
    trials = sweeper.get("n_trials")
    return _Swept(" × ".join(varied), None if trials is None else int(trials), tuple(varied))


def _open_parent(
    tracker: Tracker, name: str, overrides: Sequence[str], asked: SweepConfig, declared: Mapping[str, str]
) -> tuple[str, dict[str, Outcome]]:
    """The parent's id, and what of the sweep is done already: a new parent, or the one to resume.

    A resumed one keeps what it declared when it was new.
    """
    key = hashlib.sha256(json.dumps(sorted(overrides)).encode()).hexdigest()[:32]
    if asked.resume not in (False, None):
        parent_id = resumed_parent(tracker, key, asked.resume)
        return parent_id, finished_outcomes(tracker, parent_id, given_up=asked.prune is not None)
    tags = {
        **tracking.provenance_tags(),
        names.SWEEP_KEY: key,
        names.SWEEP_COMMAND: json.dumps(as_typed(sys.argv[1:])),
        names.SWEEP_STARTED_IN: os.getcwd(),
        names.PROCESS: this_process(),
        **declared,
    }
    return tracker.start_sweep(name, tags), {}


def _comparison_settings(asked: ComparisonConfig, objectives: Sequence[str]) -> ComparisonSettings:
    """What the report compares; by the first objective's metric on test, unless the config names another."""
    metric = asked.metric or f"test/{objectives[0].partition('/')[2]}"
    return ComparisonSettings(asked.baseline, metric, asked.rope, asked.alpha, asked.allow, ensembles_of(asked))


def failure_lines(failed: Sequence[JobRecord]) -> list[str]:
    """The last lines of a sweep that did not go well: each failed job with its reason."""
    counts = Counter(str(record.event) for record in failed)
    kinds = ", ".join(f"{count} {event}" for event, count in counts.items())
    return [f"error: {kinds}", *(f"  job {record.job} ({record.name}): {record.reason}" for record in failed)]
