"""The figures of a report: which, from what, and what to look at."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from runner import figures
from runner.comparison import OneDataset, Paired, SeveralDatasets
from runner.evaluation.overlays import mean_precision_recall, pooled_calibration
from runner.figures import comparison as comparison_figures
from runner.metrics import sign
from runner.reports.page import ReportFigure
from runner.tracking.recorded_run import RecordedRun
from runner.tracking.tracker import Tracker


@dataclass(frozen=True)
class RunOutputs:
    """What the runs of one dataset recorded beside their metrics.

    Attributes:
        histories: loss, split, seed, epoch, and the metrics of each epoch.
        scores: by loss, (labels, probabilities) of each run's test part.
    """

    histories: pd.DataFrame
    scores: Mapping[str, Sequence[tuple[np.ndarray, np.ndarray]]]


@dataclass(frozen=True)
class SectionData:
    """What one section of the report is drawn from.

    Attributes:
        runs: a table of them, see `runner.tracking.results_table`.
        leaderboard: of these runs.
        paired: the pairs the comparison was made from.
        comparison: of one dataset, or of several.
        outputs: what the runs recorded beside their metrics; None draws no figure of it.
        parameters: those with several values, as columns of `runs`.
    """

    runs: pd.DataFrame
    leaderboard: pd.DataFrame
    paired: Paired
    comparison: OneDataset | SeveralDatasets
    outputs: RunOutputs | None
    parameters: Sequence[str]


def read_outputs(tracker: Tracker, table: pd.DataFrame, runs: Mapping[str, RecordedRun]) -> RunOutputs:
    """The histories and test predictions of the runs in `table`; what a run lacks is left out.

    Args:
        tracker: where they are recorded.
        table: of the runs.
        runs: by run id.
    """
    histories: list[pd.DataFrame] = []
    scores: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
    for _, row in table.iterrows():
        run = runs[row["run_id"]]
        history = tracker.recorded_file(run, "history.csv")
        if history is not None:
            which = {name: row[name] for name in ("loss", "split", "seed")}
            histories.append(pd.read_csv(history).assign(**which))
        predictions = tracker.recorded_file(run, "predictions/test.parquet")
        if predictions is not None:
            part = pd.read_parquet(predictions, columns=["label", "probability"])
            scores.setdefault(row["loss"], []).append((part["label"].to_numpy(), part["probability"].to_numpy()))
    return RunOutputs(pd.concat(histories, ignore_index=True) if histories else pd.DataFrame(), scores)


def draw_section(section: SectionData) -> Iterator[ReportFigure]:
    """The figures of one section of the report, the most important first."""
    comparison = section.comparison
    metric, alpha, baseline = comparison.metric, comparison.alpha, comparison.baseline
    subtitle = comparison.dataset if isinstance(comparison, OneDataset) else f"{len(comparison.parents)} datasets"
    splits = None
    if isinstance(comparison, OneDataset):
        pairs = section.paired.on(comparison.dataset)
        splits = pd.DataFrame([(pair.loss, gain) for pair in pairs for gain in pair.gains], columns=["loss", "gain"])
    yield ReportFigure(
        "Differences",
        "The gain over the baseline, paired by split. Inside the shaded region it is too small to matter.",
        _png(
            comparison_figures.difference_forest(
                section.leaderboard, comparison.rope, splits, metric=metric, alpha=alpha, subtitle=subtitle
            )
        ),
    )
    yield ReportFigure(
        "Leaderboard",
        "Means over splits. Whether two losses differ is to be read from the differences, which are paired.",
        _png(
            comparison_figures.leaderboard_forest(
                section.leaderboard, metric, higher_is_better=sign(metric) > 0, alpha=alpha, subtitle=subtitle
            )
        ),
    )
    if isinstance(comparison, SeveralDatasets) and comparison.ranks is not None:
        yield ReportFigure(
            "Critical difference",
            "Average ranks over datasets (1 is best). Losses joined by a bar are not separated by Nemenyi's test.",
            _png(
                comparison_figures.critical_difference_diagram(comparison.ranks, baseline=baseline, subtitle=subtitle)
            ),
        )
    if section.outputs is not None:
        yield from _draw_outputs(section.outputs, section.leaderboard.index, baseline, subtitle)
    for parameter in section.parameters:
        yield ReportFigure(
            f"Sensitivity to {parameter}",
            "One dot a run, the line their mean.",
            _png(
                comparison_figures.sensitivity_overlay(
                    section.runs,
                    metric,
                    parameter,
                    baseline=baseline,
                    higher_is_better=sign(metric) > 0,
                    subtitle=subtitle,
                )
            ),
        )


def _draw_outputs(outputs: RunOutputs, losses: pd.Index, baseline: str, subtitle: str) -> Iterator[ReportFigure]:
    if not outputs.histories.empty:
        order = [loss for loss in losses if (outputs.histories["loss"] == loss).any()]
        histories = outputs.histories.set_index("loss").loc[order].reset_index()
        yield ReportFigure(
            "Loss curves",
            "Validation log loss, which means the same for all losses: thin the runs, bold their mean.",
            _png(comparison_figures.training_curves(histories, baseline=baseline, subtitle=subtitle)),
        )
    if outputs.scores:
        ranking, calibration = mean_precision_recall(outputs.scores), pooled_calibration(outputs.scores)
        yield ReportFigure(
            "Precision and recall",
            "Look where you would work: a loss may lead at one recall and trail at another.",
            _png(
                comparison_figures.precision_recall_overlay(
                    ranking.curves,
                    ranking.losses,
                    prevalence=ranking.prevalence,
                    baseline=baseline,
                    subtitle=subtitle,
                )
            ),
        )
        yield ReportFigure(
            "Calibration",
            "May the probabilities be taken at their word? Below the dashed line they claim too many positives.",
            _png(
                comparison_figures.calibration_overlay(
                    calibration.curves, calibration.losses, baseline=baseline, subtitle=subtitle
                )
            ),
        )


def _png(figure: Any) -> bytes:
    """The bytes of a file of the figure, whose type only `runner.figures` names."""
    buffer = io.BytesIO()
    figures.save(figure, buffer)
    return buffer.getvalue()
