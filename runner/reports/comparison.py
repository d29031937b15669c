"""From recorded runs to a report in a folder: reads, compares, draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from runner.comparison import (
    OneDataset,
    Paired,
    SeveralDatasets,
    leaderboard,
    one_dataset,
    pair,
    several_datasets,
    verdict,
)
from runner.errors import InputError
from runner.reports.figures import Recorded, pictures, recorded
from runner.reports.page import Section, report
from runner.reports.settings import Settings
from runner.tracking.results_table import results_table, swept

if TYPE_CHECKING:
    from mlflow.entities import Run

    from runner.tracking.store import Store

MOST_IN_DETAIL = 4  # datasets whose curves are drawn; a report of twenty would be too heavy to open


@dataclass(frozen=True)
class Report:
    """A comparison, ready to be read.

    Attributes:
        headline: the verdict in a line.
        sentences: its details.
        folder: `report.html`, `leaderboard.csv`, `runs.csv`, `figures/`.
    """

    headline: str
    sentences: Sequence[str]
    folder: Path


def compare(store: Store, runs: Sequence[Run], settings: Settings, folder: Path, facts: Mapping[str, str]) -> Report:
    """Compares finished runs and writes the report.

    Args:
        store: where they are recorded.
        runs: children of one sweep, or of several.
        settings: baseline, metric, and what counts as a difference.
        folder: where the report goes; made if missing.
        facts: what it takes to repeat it.

    Raises:
        InputError: there is nothing to compare: no finished run, no baseline, or only one loss.
    """
    table = results_table(runs)
    if table.empty:
        raise InputError("no finished run to compare")
    if table["loss"].nunique() < 2:
        raise InputError(f"all runs have the loss {table['loss'].iloc[0]}")
    baseline = _baseline(table, settings.baseline)
    try:
        paired = pair(table, settings.metric, baseline)
    except ValueError as problem:
        raise InputError(f"the runs cannot be compared: {problem}") from problem
    places = {run.info.run_id: run.info.artifact_uri for run in runs}
    sections = _sections(store, table, paired, settings, places)
    where = ", ".join(paired.datasets) if len(paired.datasets) < 4 else f"{len(paired.datasets)} datasets"
    title = f"{table['loss'].nunique()} losses on {where}"
    _write(folder, report(title, settings.metric, sections, facts), table, sections[0])
    return Report(sections[0].verdict.headline, sections[0].verdict.sentences, folder)


def _baseline(table: pd.DataFrame, wanted: str) -> str:
    """The label of the declared baseline."""
    labels = list(dict.fromkeys(table["loss"]))
    if wanted in labels:
        return wanted
    of_option = list(dict.fromkeys(table.loc[table["option"] == wanted, "loss"]))
    if len(of_option) == 1:
        return str(of_option[0])
    there = ", ".join(labels[:8]) + (", ..." if len(labels) > 8 else "")
    what = "several variants have" if of_option else "no run has"
    raise InputError(f"comparison.baseline={wanted}: {what} that loss; there are {there}")


def _sections(
    store: Store, table: pd.DataFrame, paired: Paired, settings: Settings, places: Mapping[str, str]
) -> list[Section]:
    """All datasets together first, if there are several; then each."""
    rope, alpha = settings.rope, settings.alpha
    sections = []
    if len(paired.datasets) > 1:
        sections.append(_section("All datasets", table, paired, several_datasets(paired, rope=rope, alpha=alpha), None))
    for dataset in paired.datasets:
        own = table[table["dataset"] == dataset]
        found = recorded(store, own, places) if len(paired.datasets) <= MOST_IN_DETAIL else None
        sections.append(_section(dataset, own, paired, one_dataset(paired, dataset, rope=rope, alpha=alpha), found))
    return sections


def _section(
    title: str, table: pd.DataFrame, paired: Paired, comparison: OneDataset | SeveralDatasets, found: Recorded | None
) -> Section:
    board = leaderboard(table, comparison)
    drawn = pictures(table, board, paired, comparison, found, swept(table))
    return Section(title, verdict(table, comparison), board, drawn)


def _write(folder: Path, page: str, table: pd.DataFrame, first: Section) -> None:
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    (folder / "report.html").write_text(page, encoding="utf-8")
    first.board.to_csv(folder / "leaderboard.csv")
    table.to_csv(folder / "runs.csv", index=False)
    for picture in first.pictures:
        (folder / "figures" / f"{picture.title.replace(' ', '_').lower()}.png").write_bytes(picture.png)
