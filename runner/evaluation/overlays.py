"""Tables that lay the losses of one dataset over each other: precision against recall, and calibration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score, precision_recall_curve

from runner.evaluation.metrics import expected_calibration_error, quantile_bins

Run = tuple[np.ndarray, np.ndarray]
"""Labels (n,) of 0 and 1, and probabilities (n,), of the rows that a run was tested on."""

POSITIVES_PER_BIN = 10  # with fewer its rate is mostly luck, and lines would zigzag between decades
_RECALLS = np.arange(1, 201) / 200


@dataclass(frozen=True)
class Overlay:
    """A curve of each loss. Runs without both classes, or with a probability that is not finite, do not count.

    Attributes:
        curves: one row a point: `loss`, two coordinates, and `low` and `high` of the second (NaN of a single run).
        losses: indexed by loss, in the order given: the measure of the curve, the mean of the runs (NaN without runs),
            and `runs`, how many count.
        prevalence: share of positives, the mean of all runs; NaN without runs.
    """

    curves: pd.DataFrame
    losses: pd.DataFrame
    prevalence: float


def mean_precision_recall(scores: Mapping[str, Sequence[Run]]) -> Overlay:
    """The mean precision of each loss's runs at 200 recalls, and one standard deviation of the runs to either side.

    Args:
        scores: a loss to its runs on one dataset.

    Returns:
        Curves with the columns loss, recall (0.005 to 1), precision, low, high (both within 0 and 1); losses with
        average_precision and runs.
    """
    runs = _usable_runs(scores)
    curves = [_mean_precision(each).assign(loss=loss) for loss, each in runs.items() if each]
    columns = ["loss", "recall", "precision", "low", "high"]
    measures = {loss: [float(average_precision_score(*run)) for run in each] for loss, each in runs.items()}
    return _overlay(curves, columns, runs, "average_precision", measures)


def pooled_calibration(scores: Mapping[str, Sequence[Run]], bins: int = 10) -> Overlay:
    """Calibration of each loss over the rows of all its runs together; low and high are the extreme runs.

    Args:
        scores: a loss to its runs on one dataset.
        bins: of equal size; neighbours are joined until each has ten positives, and equal probabilities share one.

    Returns:
        Curves with the columns loss, mean_probability (ascending), positive_rate, low, high (the lowest and the highest
        rate of a run); losses with ece, the expected calibration error, and runs.
    """
    runs = _usable_runs(scores)
    curves = [_pooled_bins(each, bins).assign(loss=loss) for loss, each in runs.items() if each]
    columns = ["loss", "mean_probability", "positive_rate", "low", "high"]
    measures = {loss: [expected_calibration_error(*run, bins) for run in each] for loss, each in runs.items()}
    return _overlay(curves, columns, runs, "ece", measures)


def _usable_runs(scores: Mapping[str, Sequence[Run]]) -> dict[str, list[Run]]:
    """The runs with both classes and finite probabilities."""
    return {
        loss: [(labels, p) for labels, p in runs if len(np.unique(labels)) == 2 and np.isfinite(p).all()]
        for loss, runs in scores.items()
    }


def _overlay(
    curves: Sequence[pd.DataFrame],
    columns: Sequence[str],
    runs: Mapping[str, Sequence[Run]],
    measure: str,
    measures: Mapping[str, Sequence[float]],
) -> Overlay:
    losses = pd.DataFrame(
        {
            measure: [float(np.mean(values)) if values else np.nan for values in measures.values()],
            "runs": [len(each) for each in runs.values()],
        },
        index=pd.Index(list(runs), name="loss"),
    )
    shares = [np.mean(labels) for each in runs.values() for labels, _ in each]
    table = pd.concat(curves, ignore_index=True)[list(columns)] if curves else pd.DataFrame(columns=list(columns))
    return Overlay(table, losses, float(np.mean(shares)) if shares else np.nan)


def _mean_precision(runs: Sequence[Run]) -> pd.DataFrame:
    """Mean and spread over the runs, one row a recall."""
    precisions = np.array([_precision_at_recalls(*run) for run in runs])
    mean = precisions.mean(axis=0)
    spread = precisions.std(axis=0, ddof=1) if len(runs) > 1 else np.full(len(mean), np.nan)
    low, high = np.maximum(mean - spread, 0), np.minimum(mean + spread, 1)
    return pd.DataFrame({"recall": _RECALLS, "precision": mean, "low": low, "high": high})


def _precision_at_recalls(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Precision at each recall of the grid: that of the strictest threshold which finds as much. No straight lines."""
    precision, recall, _ = precision_recall_curve(labels, probabilities)
    # the last point, recall 0 at precision 1, is a convention and no threshold's
    precision, recall = precision[-2::-1], recall[-2::-1]
    return precision[np.searchsorted(recall, _RECALLS - 1e-9, side="left")]


def _pooled_bins(runs: Sequence[Run], bins: int) -> pd.DataFrame:
    """Mean probability and positive rate of all rows, and the lowest and the highest rate of a run, one row a bin."""
    labels, probabilities = (np.concatenate(parts) for parts in zip(*runs, strict=True))
    member = _joined(quantile_bins(probabilities, bins), labels)
    counts = np.bincount(member)
    of_run = np.repeat(np.arange(len(runs)), [len(run[0]) for run in runs])
    rows = np.zeros((len(runs), len(counts)))
    positives = rows.copy()
    np.add.at(rows, (of_run, member), 1)
    np.add.at(positives, (of_run, member), labels)
    rates = np.divide(positives, rows, out=np.full(rows.shape, np.nan), where=rows > 0)
    extremes = (np.nanmin(rates, axis=0), np.nanmax(rates, axis=0)) if len(runs) > 1 else (np.nan, np.nan)
    return pd.DataFrame(
        {
            "mean_probability": np.bincount(member, probabilities) / counts,
            "positive_rate": np.bincount(member, labels) / counts,
            "low": extremes[0],
            "high": extremes[1],
        }
    )


def _joined(member: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Bins from 0 without gaps: from the highest down, neighbours joined until each has ten positives."""
    positives = np.bincount(member, labels)
    joined = np.zeros(len(positives), dtype=int)
    collected = current = 0
    for i in range(len(positives) - 1, -1, -1):
        joined[i] = current
        collected += positives[i]
        if collected >= POSITIVES_PER_BIN and positives[:i].sum() >= POSITIVES_PER_BIN:
            collected, current = 0, current + 1
    return current - joined[member]
