"""The report of one sweep, at its end or later, or of several together: on screen, in a folder, on the parent run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runner import tracking
from runner.reports.comparison import compare_runs
from runner.reports.declaration import declared_hash, departure
from runner.reports.note import parent_note
from runner.reports.settings import ComparisonSettings
from runner.tracking import names
from runner.tracking.recorded_run import RecordedRun
from runner.tracking.tracker import Tracker
from runner.writing import console
from runner.writing.wording import typed


@dataclass(frozen=True)
class RecordedSweep:
    """A sweep as it was recorded.

    Attributes:
        tracker: where.
        parent: its parent run.
        runs: the parent's children.
    """

    tracker: Tracker
    parent: RecordedRun
    runs: Sequence[RecordedRun]


def publish_report(sweep: RecordedSweep, settings: ComparisonSettings, folder: Path) -> None:
    """Compares what a sweep has finished, and puts the report on its parent run.

    Args:
        sweep: with its runs.
        settings: what was declared.
        folder: where the report's files go.

    Raises:
        InputError: there is nothing to compare.
    """
    report = compare_runs(
        sweep.tracker, sweep.runs, settings, folder, _facts([sweep], settings), _departures([sweep], settings)
    )
    tags = {names.NOTE: parent_note(report, sweep.parent), names.VERDICT: report.headline}
    sweep.tracker.set_tags(sweep.parent.run_id, tags)
    sweep.tracker.log_artifacts(sweep.parent.run_id, report.folder, names.COMPARISON)
    console.show_report(report.headline, report.sentences, report.folder / "report.html")


def compare_sweeps(uri: str, sweep_ids: Sequence[str], settings: ComparisonSettings, outputs: Path) -> None:
    """`runner compare`: one sweep again, perhaps with other settings, or several together.

    Args:
        uri: of the store.
        sweep_ids: run ids of their parents.
        settings: what was declared.
        outputs: the report goes into a folder `comparisons` in it.

    Raises:
        InputError: one of the ids is no sweep, or there is nothing to compare.
    """
    found = [tracking.recorded_sweep(uri, run_id) for run_id in sweep_ids]  # all of them, before any is read at length
    sweeps = [RecordedSweep(tracker, parent, tracker.children(parent.run_id)) for tracker, parent in found]
    folder = outputs / "comparisons" / "-".join(run_id[:8] for run_id in sweep_ids)
    if len(sweeps) == 1:
        publish_report(sweeps[0], settings, folder)
        return
    runs = [run for sweep in sweeps for run in sweep.runs]
    tracker, facts = sweeps[0].tracker, _facts(sweeps, settings)
    report = compare_runs(tracker, runs, settings, folder, facts, _departures(sweeps, settings))
    console.show_report(report.headline, report.sentences, report.folder / "report.html")


def _departures(sweeps: Sequence[RecordedSweep], settings: ComparisonSettings) -> list[str]:
    """In what the comparison departs from what the sweeps declared, a sentence for each that was declared otherwise."""
    said = [departure(sweep.parent.tags, settings) for sweep in sweeps]
    return list(dict.fromkeys(filter(None, said)))


def _facts(sweeps: Sequence[RecordedSweep], settings: ComparisonSettings) -> dict[str, str]:
    """What it takes to repeat the comparison: command, settings, versions, data."""
    facts = {}
    for sweep in sweeps:
        arguments = json.loads(sweep.parent.tags[names.SWEEP_COMMAND])
        facts[f"sweep {sweep.parent.run_id}"] = typed("runner", *arguments)
    declared = f"practical equivalence {settings.rope:g}, alpha {settings.alpha:g}"
    facts["compared"] = f"{settings.metric} against {settings.baseline}, {declared}"
    if hashes := dict.fromkeys(filter(None, (declared_hash(sweep.parent.tags) for sweep in sweeps))):
        facts["SHA-256 of what was declared"] = ", ".join(hashes)
    tags = sweeps[0].parent.tags
    prefix = names.VERSION_PREFIX
    versions = {name.removeprefix(prefix): value for name, value in tags.items() if name.startswith(prefix)}
    facts["versions"] = ", ".join(f"{name} {value}" for name, value in versions.items())
    if names.GIT_COMMIT in tags:
        dirty = " with changes" if tags.get(names.GIT_DIRTY) == "true" else ""
        facts["git commit of the folder"] = tags[names.GIT_COMMIT] + dirty
    runs = [run for sweep in sweeps for run in sweep.runs]
    digests = {run.tags.get(names.DATASET_NAME, ""): run.tags.get(names.DATASET_SHA256, "") for run in runs}
    return facts | {f"SHA-256 of {name}": digest for name, digest in digests.items() if name}
