"""Tables behind the figures: precision-recall, ROC and calibration of one run, and of several runs of one loss."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import sklearn.metrics
from scipy.stats import beta

from runner.evaluation.metrics import expected_calibration_error, quantile_bins

Scores = tuple[np.ndarray, np.ndarray]
"""(labels, probabilities) of one run's test part, (n,) each."""

RECALLS = np.arange(1, 201) / 200
"""The recalls at which the precisions of several runs are averaged."""

POSITIVES_A_BIN = 10
"""A bin with fewer positives has a rate that is mostly luck, and a line through such bins zigzags between decades."""


def precision_recall_curve(labels: np.ndarray, probabilities: np.ndarray) -> pd.DataFrame:
    """Columns threshold, precision, recall; by ascending threshold, the last at recall 0."""
    precision, recall, threshold = sklearn.metrics.precision_recall_curve(labels, probabilities)
    return pd.DataFrame({"threshold": np.append(threshold, np.inf), "precision": precision, "recall": recall})


def roc_curve(labels: np.ndarray, probabilities: np.ndarray) -> pd.DataFrame:
    """Columns threshold, false_positive_rate, true_positive_rate; from (0, 0) to (1, 1)."""
    false_positive_rate, true_positive_rate, threshold = sklearn.metrics.roc_curve(labels, probabilities)
    return pd.DataFrame(
        {
            "threshold": threshold,
            "false_positive_rate": false_positive_rate,
            "true_positive_rate": true_positive_rate,
        }
    )


def calibration_curve(labels: np.ndarray, probabilities: np.ndarray, bins: int) -> pd.DataFrame:
    """One row a bin of equal size: mean_probability, positive_rate, count, low, high.

    low and high are the 95% Clopper-Pearson interval of the positive rate, which holds for rare positives too.
    """
    member = quantile_bins(probabilities, bins)
    counts = np.bincount(member)
    filled = counts > 0
    n, positives = counts[filled], np.bincount(member, labels)[filled]
    return pd.DataFrame(
        {
            "mean_probability": np.bincount(member, probabilities)[filled] / n,
            "positive_rate": positives / n,
            "count": n,
            "low": np.where(positives == 0, 0.0, beta.ppf(0.025, np.maximum(positives, 1), n - positives + 1)),
            "high": np.where(positives == n, 1.0, beta.ppf(0.975, positives + 1, np.maximum(n - positives, 1))),
        }
    )


def mean_average_precision(runs: Sequence[Scores]) -> float:
    """The mean of the runs' average precisions."""
    return float(np.mean([sklearn.metrics.average_precision_score(*run) for run in runs]))


def mean_calibration_error(runs: Sequence[Scores], bins: int) -> float:
    """The mean of the runs' expected calibration errors, over bins of equal size."""
    return float(np.mean([expected_calibration_error(*run, bins) for run in runs]))


def mean_precision_recall_curve(runs: Sequence[Scores]) -> pd.DataFrame:
    """The mean precision of the runs at each of RECALLS: columns recall, precision, low, high.

    The precision of a run at a recall is that of the strictest threshold which finds as much; it is never taken from a
    straight line between two thresholds, which no threshold reaches. low and high lie one standard deviation of the
    runs below and above the mean, within [0, 1]; they are NaN for a single run.

    Args:
        runs: at least one, each with both classes.
    """
    precisions = np.array([_precision_at_recalls(*run) for run in runs])
    mean = precisions.mean(axis=0)
    spread = precisions.std(axis=0, ddof=1) if len(runs) > 1 else np.full(len(mean), np.nan)
    return pd.DataFrame(
        {
            "recall": RECALLS,
            "precision": mean,
            "low": np.maximum(mean - spread, 0),
            "high": np.minimum(mean + spread, 1),
        }
    )


def pooled_calibration_curve(runs: Sequence[Scores], bins: int) -> pd.DataFrame:
    """Calibration over the rows of all runs together: columns mean_probability, positive_rate, low, high.

    One row a bin, by ascending probability. low and high are the lowest and the highest positive rate of a single run
    in the bin.

    Args:
        runs: at least one.
        bins: of equal size; neighbours are joined until each has POSITIVES_A_BIN positives, and equal probabilities
            share a bin, so there may be fewer than asked.
    """
    labels, probabilities = (np.concatenate(parts) for parts in zip(*runs, strict=True))
    member = _joined_bins(quantile_bins(probabilities, bins), labels)
    counts = np.bincount(member)
    run = np.repeat(np.arange(len(runs)), [len(each[0]) for each in runs])
    rows = np.zeros((len(runs), len(counts)))
    positives = rows.copy()
    np.add.at(rows, (run, member), 1)
    np.add.at(positives, (run, member), labels)
    rates = np.divide(positives, rows, out=np.full(rows.shape, np.nan), where=rows > 0)
    return pd.DataFrame(
        {
            "mean_probability": np.bincount(member, probabilities) / counts,
            "positive_rate": np.bincount(member, labels) / counts,
            "low": np.nanmin(rates, axis=0),
            "high": np.nanmax(rates, axis=0),
        }
    )


def _precision_at_recalls(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    precision, recall, _ = sklearn.metrics.precision_recall_curve(labels, probabilities)
    # The last point, recall 0 at precision 1, is a convention and no threshold's.
    precision, recall = precision[-2::-1], recall[-2::-1]
    return precision[np.searchsorted(recall, RECALLS - 1e-9, side="left")]


def _joined_bins(member: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(n,) bins from 0 without gaps: from the highest bin down, neighbours joined until each has enough positives."""
    positives = np.bincount(member, labels)
    joined = np.zeros(len(positives), dtype=int)
    held = current = 0
    for i in range(len(positives) - 1, -1, -1):
        joined[i] = current
        held += positives[i]
        if held >= POSITIVES_A_BIN and positives[:i].sum() >= POSITIVES_A_BIN:
            held, current = 0, current + 1
    return current - joined[member]
