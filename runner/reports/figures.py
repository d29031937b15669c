"""The figures of a report: which, from what, and what to look at."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from runner import figures
from runner.comparison import OneDataset, Paired, SeveralDatasets
from runner.evaluation.overlays import mean_precision_recall, pooled_calibration
from runner.figures import comparison as drawn
from runner.metrics import sign
from runner.reports.page import Picture
from runner.tracking.results_table import recorded_file

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure

    from runner.tracking.store import Store


@dataclass(frozen=True)
class Recorded:
    """What the runs of one dataset recorded beside their metrics.

    Attributes:
        histories: loss, split, seed, epoch, and the metrics of each epoch.
        scores: by loss, (labels, probabilities) of each run's test part.
    """

    histories: pd.DataFrame
    scores: dict[str, list[tuple[np.ndarray, np.ndarray]]]


def recorded(store: Store, table: pd.DataFrame, places: Mapping[str, str]) -> Recorded:
    """Reads histories and test predictions of the runs in `table`; what a run lacks is left out.

    Args:
        store: where they are recorded.
        table: of the runs.
        places: the artifact URI of each run id.
    """
    histories: list[pd.DataFrame] = []
    scores: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
    for _, run in table.iterrows():
        place = places[run["run_id"]]
        history = recorded_file(store, place, "history.csv")
        if history is not None:
            own = {name: run[name] for name in ("loss", "split", "seed")}
            histories.append(pd.read_csv(history).assign(**own))
        predictions = recorded_file(store, place, "predictions/test.parquet")
        if predictions is not None:
            part = pd.read_parquet(predictions, columns=["label", "probability"])
            scores.setdefault(run["loss"], []).append((part["label"].to_numpy(), part["probability"].to_numpy()))
    return Recorded(pd.concat(histories, ignore_index=True) if histories else pd.DataFrame(), scores)


def pictures(
    table: pd.DataFrame,
    board: pd.DataFrame,
    paired: Paired,
    comparison: OneDataset | SeveralDatasets,
    found: Recorded | None,
    swept: Sequence[str],
) -> list[Picture]:
    """The figures of one section of the report.

    Args:
        table: the section's runs.
        board: its leaderboard.
        paired: the pairs the comparison was made from.
        comparison: of one dataset, or of several.
        found: what the runs recorded beside their metrics; None draws no figure of it.
        swept: parameters with several values, as columns of `table`.
    """
    drawings = _drawings(table, board, paired, comparison, found, swept)
    return [Picture(title, caption, _png(figure)) for title, caption, figure in drawings]


def _drawings(
    table: pd.DataFrame,
    board: pd.DataFrame,
    paired: Paired,
    comparison: OneDataset | SeveralDatasets,
    found: Recorded | None,
    swept: Sequence[str],
) -> Iterator[tuple[str, str, Figure]]:
    metric, alpha, baseline = comparison.metric, comparison.alpha, comparison.baseline
    subtitle = comparison.dataset if isinstance(comparison, OneDataset) else f"{len(comparison.parents)} datasets"
    splits = None
    if isinstance(comparison, OneDataset):
        pairs = paired.on(comparison.dataset)
        splits = pd.DataFrame([(pair.loss, gain) for pair in pairs for gain in pair.gains], columns=["loss", "gain"])
    yield (
        "Differences",
        "The gain over the baseline, paired by split. Inside the shaded region it is too small to matter.",
        drawn.difference_forest(board, comparison.rope, splits, metric=metric, alpha=alpha, subtitle=subtitle),
    )
    yield (
        "Leaderboard",
        "Means over splits. Whether two losses differ is to be read from the differences, which are paired.",
        drawn.leaderboard_forest(board, metric, higher_is_better=sign(metric) > 0, alpha=alpha, subtitle=subtitle),
    )
    if isinstance(comparison, SeveralDatasets) and comparison.ranks is not None:
        yield (
            "Critical difference",
            "Average ranks over datasets (1 is best). Losses joined by a bar are not separated by Nemenyi's test.",
            drawn.critical_difference_diagram(comparison.ranks, baseline=baseline, subtitle=subtitle),
        )
    if found is not None and not found.histories.empty:
        order = [loss for loss in board.index if (found.histories["loss"] == loss).any()]
        histories = found.histories.set_index("loss").loc[order].reset_index()
        yield (
            "Loss curves",
            "Validation log loss, which means the same for all losses: thin the runs, bold their mean.",
            drawn.training_curves(histories, baseline=baseline, subtitle=subtitle),
        )
    if found is not None and found.scores:
        precision_recall, calibration = mean_precision_recall(found.scores), pooled_calibration(found.scores)
        yield (
            "Precision and recall",
            "Look where you would work: a loss may lead at one recall and trail at another.",
            drawn.precision_recall_overlay(
                precision_recall.curves,
                precision_recall.losses,
                prevalence=precision_recall.prevalence,
                baseline=baseline,
                subtitle=subtitle,
            ),
        )
        yield (
            "Calibration",
            "May the probabilities be taken at their word? Below the dashed line they claim too many positives.",
            drawn.calibration_overlay(calibration.curves, calibration.losses, baseline=baseline, subtitle=subtitle),
        )
    for parameter in swept:
        yield (
            f"Sensitivity to {parameter}",
            "One dot a run, the line their mean.",
            drawn.sensitivity_overlay(
                table, metric, parameter, baseline=baseline, higher_is_better=sign(metric) > 0, subtitle=subtitle
            ),
        )


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figures.save(figure, buffer)
    return buffer.getvalue()
