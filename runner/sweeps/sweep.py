"""A sweep from its first moment to its last: the parent run, what is done already, and how it ended."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig

from runner import reports
from runner.config.checks import objectives_of
from runner.errors import InputError
from runner.runs.fingerprint import FINGERPRINT_TAG
from runner.runs.process import PROCESS_TAG, lives, this_process
from runner.sweeps.best_runs import Candidate, candidates_in, complete, recorded_candidates, winners
from runner.sweeps.journal import Entry, Ledger, Outcome, Plan
from runner.sweeps.progress import progress

if TYPE_CHECKING:
    from mlflow.entities import Run

    from runner.tracking.store import Store

COMMAND_TAG = "sweep.command"
FOLDER_TAG = "sweep.started_in"
SECONDS_FOR_CHILDREN = 10.0  # that interrupted runs get to close their own record


@dataclass
class Sweep:
    """A sweep under way, as the process that launched it knows it.

    Attributes:
        ledger: its book.
        plan: see there.
        folder: Hydra's, of the whole sweep.
        store: where its runs are recorded; None with `tracking=none`.
        comparison: what the report at the end is to say; None for no report.
        search: whether a sweeper chooses its runs by what came of others.
        found: what a search adds to the parent's note, in Markdown.
    """

    folder: Path
    ledger: Ledger
    plan: Plan
    store: Store | None
    comparison: reports.ComparisonSettings | None
    search: bool = False
    found: str = ""

    def show(self) -> None:
        """Writes the parent's progress."""
        if self.store is None:
            return
        from runner.tracking import client as parent

        now = progress(self.plan, self.ledger.latest(), time.time())
        note = f"**{self.plan.name}**: {now}" + (f"\n\n{self.found}" if self.found else "")
        parent.set_tags(self.store, self.plan.parent_id, {"sweep.progress": now.short, "mlflow.note.content": note})

    def end(self, *, interrupted: bool, broken: bool = False) -> list[Entry]:
        """Closes the parent as what the sweep was, and children whose process died; returns the jobs that failed.

        A sweep all of whose jobs were refused leaves nothing.

        Args:
            interrupted: by Ctrl-C or SIGTERM.
            broken: ended by an error before all jobs had been tried.
        """
        entries = self.ledger.latest()
        failed = [entry for entry in entries if entry.event in ("failed", "refused", "killed")]
        if all(entry.event == "refused" for entry in entries) and not interrupted and not self.plan.done:
            self.ledger.forget()
            if self.store is not None:
                from runner.tracking import client as parent

                parent.delete_run(self.store, self.plan.parent_id)
            return failed
        if self.store is not None:
            from runner.tracking import client as parent

            status = "KILLED" if interrupted else "FAILED" if failed or broken else "FINISHED"
            try:
                close_stale_children(
                    self.store, self.plan.parent_id, patience=SECONDS_FOR_CHILDREN if interrupted else 0
                )
                self.show()
                runs = parent.children(self.store, self.plan.parent_id)
                self._report(runs)
                self._complete_winners(recorded_candidates(runs, self.plan.objectives[0]))
            finally:  # also where Ctrl-C cuts these short
                parent.end_run(self.store, self.plan.parent_id, status)
        else:
            self._complete_winners(candidates_in(self.folder, self.plan.objectives[0]))
        return failed

    def _complete_winners(self, candidates: Sequence[Candidate]) -> None:
        """Figures and models of the best runs, where they are kept of those alone."""
        from runner.experiment.resources import cache_of

        chosen = winners(candidates, self.plan.objectives[0], each_variant=not self.search)
        complete(chosen, self.store, cache_of(self.folder))

    def _report(self, runs: Sequence[Run]) -> None:
        """The comparison, if it was asked for and there is something to compare."""
        if self.comparison is None or self.store is None:
            return
        from runner import console

        try:
            recorded = reports.RecordedSweep(*reports.of_store(self.store, self.plan.parent_id, runs))
            reports.publish_report(recorded, self.comparison, self.folder / "comparison")
        except InputError as problem:
            console.show_no_report(str(problem))


def begin(config: DictConfig) -> Sweep:
    """Opens the store, the parent run and the book, before any job starts.

    Args:
        config: composed for the sweep, with its `hydra` node.

    Raises:
        InputError: the store does not answer, there is nothing to resume, or the objective is none.
    """
    objectives = objectives_of(config)
    overrides = [each for each in config.hydra.overrides.task if not each.startswith(("sweep.", "+sweep."))]
    varied = _varied(config, overrides)
    name = " × ".join(varied) or "sweep"
    total = _total(config, varied)
    resume = config.sweep.resume
    store = None
    parent_id, done = "", dict[str, Outcome]()
    if config.tracking.backend != "none":
        from runner.tracking.store import store_of

        store = store_of(config)
        assert store is not None
        parent_id, done = _parent(store, f"{name} ({total} runs)" if total else name, overrides, resume)
    elif resume:
        raise InputError("sweep.resume: with tracking=none there is no record of what is done already")
    plan = Plan(name, total, objectives, time.time(), parent_id, tuple(varied), bool(config.sweep.fail_fast), done)
    folder = Path(config.hydra.sweep.dir)
    ledger = Ledger(folder)
    ledger.begin(plan)
    asked = config.comparison
    metric = asked.metric or f"test/{objectives[0].partition('/')[2]}"
    search = "n_trials" in config.hydra.sweeper
    wanted = asked.report and not search  # each trial of a search is a loss of its own
    settings = reports.ComparisonSettings(asked.baseline, metric, asked.rope, asked.alpha) if wanted else None
    sweep = Sweep(folder, ledger, plan, store, settings, search)
    sweep.show()
    return sweep


def _parent(store: Store, name: str, overrides: Sequence[str], resume: Any) -> tuple[str, dict[str, Outcome]]:
    """The parent's id, and what of the sweep is done already: a new parent, or the one to resume."""
    from runner.runs.description import tags
    from runner.tracking import client as parent

    key = hashlib.sha256(json.dumps(sorted(overrides)).encode()).hexdigest()[:32]
    if resume in (False, None):
        own = {parent.KEY_TAG: key, COMMAND_TAG: json.dumps(sys.argv[1:]), PROCESS_TAG: this_process()}
        return parent.create_parent(store, name, {**tags(), **own, FOLDER_TAG: os.getcwd()}), {}
    found = (
        parent.find_parent(store, {parent.KEY_TAG: key}) if resume is True else parent.get_run(store.uri, str(resume))
    )
    if found is None:
        raise InputError(
            f"sweep.resume={resume}: the store has no sweep "
            + ("of this command; leave sweep.resume out to start one" if resume is True else "of that id")
        )
    run_id = str(found.info.run_id)
    if parent.KEY_TAG not in found.data.tags:
        raise InputError(f"sweep.resume={resume}: that run is no sweep's parent")
    if found.info.status == "RUNNING" and lives(found.data.tags.get(PROCESS_TAG, "")):
        raise InputError(f"sweep.resume: the sweep {run_id} is still running; wait for it, or end it with Ctrl-C")
    close_stale_children(store, run_id)
    parent.reopen_run(store, run_id)
    parent.set_tags(store, run_id, {PROCESS_TAG: this_process()})
    return run_id, _outcomes(store, run_id)


def command_of(uri: str, run_id: str) -> tuple[list[str], str]:
    """The arguments that started a sweep, without those about resuming, and the folder it was started in.

    Args:
        uri: of the MLflow store.
        run_id: of the sweep's parent run.

    Raises:
        InputError: the store has no such sweep.
    """
    from runner.tracking.client import get_sweep

    found = get_sweep(uri, run_id)
    command = json.loads(found.data.tags[COMMAND_TAG])
    return [word for word in command if not word.startswith("sweep.resume")], found.data.tags[FOLDER_TAG]


def _outcomes(store: Store, parent_id: str) -> dict[str, Outcome]:
    """The finished children by fingerprint."""
    from runner.tracking import client as parent

    found = {}
    for run in parent.children(store, parent_id):
        mark = run.data.tags.get(FINGERPRINT_TAG)
        names = re.findall(r"[\w/]+", run.data.params.get("objective", ""))  # a list is there as ['val/f1', 'val/mcc']
        if run.info.status == "FINISHED" and mark and names:
            values = tuple(run.data.metrics.get(name, float("nan")) for name in names)
            found[mark] = Outcome(run.info.run_name, values, run.info.run_id)
    return found


def close_stale_children(store: Store, parent_id: str, patience: float = 0.0) -> None:
    """Ends RUNNING children whose process is dead as KILLED; waits up to `patience` seconds for the living."""
    from runner.tracking import client as parent

    deadline = time.monotonic() + patience
    while True:
        running = parent.children(store, parent_id, "RUNNING")
        # This process's own runs are closed by the code that recorded them, or never will be.
        mine = this_process()
        living = [run for run in running if (said := run.data.tags.get(PROCESS_TAG, "")) != mine and lives(said)]
        if not living or time.monotonic() > deadline:
            break
        time.sleep(0.5)
    for run in running:
        if run not in living:
            reason = "its process ended without a word (kill -9, power, memory)"
            note = {"failure": reason, "mlflow.note.content": f"**KILLED.** {reason}"}
            parent.set_tags(store, run.info.run_id, note)
            parent.end_run(store, run.info.run_id, "KILLED")


def _varied(config: DictConfig, overrides: Sequence[str]) -> dict[str, int | None]:
    """The keys that the sweep varies, each with its number of values (None where the sweeper decides)."""
    from hydra.core.global_hydra import GlobalHydra
    from hydra.core.override_parser.overrides_parser import OverridesParser

    given = [f"{key}={value}" for key, value in (config.hydra.sweeper.get("params") or {}).items()]
    counts: dict[str, int | None] = {}
    parser = OverridesParser.create(GlobalHydra.instance().config_loader())
    for override in parser.parse_overrides([*given, *overrides]):
        if override.is_sweep_override():
            key = override.get_key_element().lstrip("+")
            counts[key] = len(list(override.sweep_string_iterator())) if override.is_discrete_sweep() else None
    return counts


def _total(config: DictConfig, varied: Mapping[str, int | None]) -> int | None:
    """How many jobs there will be: the product, or the sweeper's own number of trials."""
    trials = config.hydra.sweeper.get("n_trials")
    if trials is not None:
        return int(trials)
    if None in varied.values():
        return None
    total = 1
    for count in varied.values():
        total *= count or 1
    return total


def failures_in_words(failed: Sequence[Entry]) -> list[str]:
    """The last lines of a sweep that did not go well: each failed job with its reason."""
    counts = Counter(entry.event for entry in failed)
    kinds = ", ".join(f"{count} {event}" for event, count in counts.items())
    return [f"error: {kinds}", *(f"  job {entry.job} ({entry.name}): {entry.reason}" for entry in failed)]
