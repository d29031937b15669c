"""The report of one sweep, at its end or later, or of several together: on screen, in a folder, on the parent run."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from runner import console
from runner.reports.comparison import compare
from runner.reports.settings import Settings
from runner.tracking import client as parent
from runner.tracking.results_table import DATASET_TAG
from runner.tracking.store import Store

if TYPE_CHECKING:
    from mlflow.entities import Run

ARTIFACT = "comparison"  # the folder among the parent's artifacts


def report_on_sweep(
    store: Store, parent_id: str, settings: Settings, folder: Path, runs: Sequence[Run] | None = None
) -> None:
    """Compares what a sweep has finished, and puts the report on its parent run.

    Args:
        store: where the sweep is recorded.
        parent_id: its parent run.
        settings: what was declared.
        folder: where the report's files go.
        runs: the sweep's children, where they are known already.

    Raises:
        InputError: there is nothing to compare.
    """
    sweep = parent.get_run(store.uri, parent_id)
    assert sweep is not None
    runs = parent.children(store, parent_id) if runs is None else runs
    report = compare(store, runs, settings, folder, _facts([sweep], runs, settings))
    where = f"The whole report with its figures: `{ARTIFACT}/report.html` among the artifacts."
    note = "\n\n".join([f"## {report.headline}", where, *(f"- {sentence}" for sentence in report.sentences)])
    parent.set_tags(store, parent_id, {"mlflow.note.content": note, "verdict": report.headline})
    parent.log_artifacts(store, parent_id, str(report.folder), ARTIFACT)
    console.show_report(report.headline, report.sentences, report.folder / "report.html")


def report_on(uri: str, sweeps: Sequence[str], settings: Settings, outputs: Path) -> None:
    """`runner compare`: one sweep again, perhaps with other settings, or several together.

    Args:
        uri: of the store.
        sweeps: run ids of their parents.
        settings: what was declared.
        outputs: the report goes into a folder `comparisons` in it.

    Raises:
        InputError: one of the ids is no sweep, or there is nothing to compare.
    """
    parents = [parent.get_sweep(uri, run_id) for run_id in sweeps]
    stores = [Store(uri, run.info.experiment_id, "") for run in parents]
    folder = outputs / "comparisons" / "-".join(run_id[:8] for run_id in sweeps)
    if len(sweeps) == 1:
        report_on_sweep(stores[0], sweeps[0], settings, folder)
        return
    runs = [child for store, run_id in zip(stores, sweeps, strict=True) for child in parent.children(store, run_id)]
    report = compare(stores[0], runs, settings, folder, _facts(parents, runs, settings))
    console.show_report(report.headline, report.sentences, report.folder / "report.html")


def _facts(sweeps: Sequence[Run], runs: Sequence[Run], settings: Settings) -> dict[str, str]:
    """What it takes to repeat the comparison: command, settings, versions, data."""
    facts = {}
    for sweep in sweeps:
        said = sweep.data.tags.get("mlflow.source.name", "runner")
        facts[f"sweep {sweep.info.run_id}"] = shlex.join(said.split())
    declared = f"practical equivalence {settings.rope:g}, alpha {settings.alpha:g}"
    facts["compared"] = f"{settings.metric} against {settings.baseline}, {declared}"
    tags = sweeps[0].data.tags
    versions = {name.removeprefix("version."): value for name, value in tags.items() if name.startswith("version.")}
    facts["versions"] = ", ".join(f"{name} {value}" for name, value in versions.items())
    if "mlflow.source.git.commit" in tags:
        dirty = " with changes" if tags.get("git.dirty") == "true" else ""
        facts["git commit of the folder"] = tags["mlflow.source.git.commit"] + dirty
    digests = {run.data.tags.get(DATASET_TAG, ""): run.data.tags.get("dataset.sha256", "") for run in runs}
    return facts | {f"SHA-256 of {name}": digest for name, digest in digests.items() if name}
