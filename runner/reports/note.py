"""The note on a sweep's parent run, which MLflow shows on the run's page: verdict, leaderboard, figures."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pandas as pd

from runner.metrics import metric_name
from runner.reports.comparison import Report
from runner.tracking import names, ui_addresses
from runner.tracking.recorded_run import RecordedRun

MOST_LOSSES = 25  # in the table: the page is to be read, and the report has them all
MOST_FIGURES = 6
BETWEEN = "\n\n"
GAP = "&ensp;"  # between columns: the page draws tables without any


def parent_note(report: Report, parent: RecordedRun) -> str:
    """Markdown that a tag of MLflow can hold: what has no room is left to the report.

    Args:
        report: on the sweep.
        parent: the sweep's parent run, among whose artifacts the report is.
    """
    page = ui_addresses.artifact_page(parent.experiment_id, parent.run_id, f"{names.COMPARISON}/report.html")
    where = f"[The whole report]({page}) is `{names.COMPARISON}/report.html` among the artifacts."
    parts, figures = [f"## {report.headline}", "\n".join(_table(report)), where], list(_figures(report, parent))
    left = names.TAG_LENGTH - sum(len(part) + len(BETWEEN) for part in (*parts, *figures))
    for sentence in report.sentences:
        left -= len(f"- {sentence}{BETWEEN}")
        if left < 0:
            break
        parts.append(f"- {sentence}")
    return BETWEEN.join([*parts, *figures])


def _table(report: Report) -> Iterator[str]:
    board = report.leaderboard
    mean = f"{metric_name(report.metric)}, mean"
    spread = report.spread.notna().any()
    yield _row("loss", f"{mean} ± SD" if spread else mean, "gain", "interval of the gain", "verdict", "runs")
    yield _row("---", "---:", "---:", "---", "---", "---:", gap="")
    for loss, row in board.head(MOST_LOSSES).iterrows():
        deviation = report.spread.get(loss, math.nan)
        yield _row(str(loss).replace("|", r"\|"), *_cells(row, deviation))
    for reference, row in report.references.iterrows():
        yield _row(f"*{reference}*", *_cells(row, math.nan))
    if len(board) > MOST_LOSSES:
        yield _row(f"and {len(board) - MOST_LOSSES} more in the report", *[""] * 5)


def _cells(row: pd.Series, deviation: float) -> Iterator[str]:
    yield f"{row['mean']:.4f}" + (f" ± {deviation:.4f}" if math.isfinite(deviation) else "")
    yield _number(row["gain"])
    low, high = _number(row["gain_low"]), _number(row["gain_high"])
    yield f"{low} to {high}" if low and high else ""
    yield str(row["verdict"])
    yield str(int(row["runs"]))


def _row(*cells: str, gap: str = GAP) -> str:
    first, *others = cells
    return " | ".join(["", first, *(f"{gap}{cell}" for cell in others), ""]).strip()


def _number(value: float) -> str:
    return f"{value:+.4f}" if math.isfinite(value) else ""


def _figures(report: Report, parent: RecordedRun) -> Iterator[str]:
    for figure in report.figures[:MOST_FIGURES]:
        address = ui_addresses.artifact_file(parent.run_id, f"{names.COMPARISON}/figures/{figure.file_name}")
        yield f"![{figure.title}]({address})"
