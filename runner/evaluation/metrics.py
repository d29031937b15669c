"""Threshold-free metrics, exact, from labels and logits.

Never Keras's own AUC: it looks at 200 fixed thresholds, and scores of rare positives crowd between two of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import expit

from runner.evaluation.confusion import Confusion
from runner.evaluation.ranking import ranking_metrics
from runner.metrics import DECISION_METRICS

CELLS = 2**17  # models times rows measured at once: 1 MB an array, so that it stays in the processor's cache


def log_loss(labels: np.ndarray, logits: np.ndarray) -> Any:
    """(...) mean binary cross-entropy in nats, from logits (..., n), so that no probability rounds to 0 or 1."""
    return np.logaddexp(0, np.where(np.asarray(labels) == 1, -1, 1) * logits).mean(-1)


def brier(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Mean squared difference of probability and label (Brier 1950, for two classes: the half of his score)."""
    return float(np.mean((probabilities - labels) ** 2))


def expected_calibration_error(labels: np.ndarray, probabilities: np.ndarray, bins: int) -> float:
    """Mean over rows of |mean probability - share of positives| of the row's bin; bins of equal size.

    With bins of equal width nearly all rows of a rare-positive problem would share one bin.
    """
    member = quantile_bins(probabilities, bins)
    counts = np.bincount(member)
    gaps = np.bincount(member, probabilities) - np.bincount(member, labels)
    return float(np.abs(gaps[counts > 0]).sum() / len(labels))


def quantile_bins(probabilities: np.ndarray, bins: int) -> np.ndarray:
    """(n,) number of the bin of each row, from 0; equal probabilities share a bin, so there may be fewer than asked."""
    edges = np.unique(np.quantile(probabilities, np.linspace(0, 1, bins + 1)[1:-1]))
    return np.searchsorted(edges, probabilities, side="left")


def epoch_metrics(labels: np.ndarray, logits: np.ndarray) -> dict[str, Any]:
    """What is measured after each epoch: log_loss (the yardstick across losses), average_precision, roc_auc.

    Ranks are those of the logits: a sigmoid would merge the ranks of saturated rows. They are scikit-learn's metrics,
    ties included; without positives the average precision is 0, and where a class is missing the ROC AUC is NaN.

    Args:
        labels: (n,) 0 or 1.
        logits: (n,), or (..., n) of several models on the same rows.

    Returns:
        by name a float, or an array (...) of one value a model. A model with a logit that is NaN or infinite has NaN
        for all three, and the others are not touched by it.

    Raises:
        ValueError: no rows, labels other than 0 and 1, shapes that do not fit, or, of logits (n,), one not finite.
    """
    labels, logits = np.asarray(labels), np.asarray(logits, float)
    positive = labels == 1
    if labels.ndim != 1 or not len(labels) or not (positive | (labels == 0)).all():
        raise ValueError(f"Argument `labels` must be a row of 0 and 1. Received: labels={labels!r}")
    if logits.shape[-1:] != labels.shape:
        raise ValueError(
            f"Argument `logits` must have one value a label, {len(labels)}, on its last axis. "
            f"Received: logits of shape {logits.shape}"
        )
    models = logits.reshape(-1, len(labels))
    measured = {name: np.full(len(models), np.nan) for name in ("log_loss", "average_precision", "roc_auc")}
    step = max(1, CELLS // len(labels))
    for start in range(0, len(models), step):
        piece = np.ascontiguousarray(models[start : start + step])  # else a model's sum would depend on its company
        sound = np.isfinite(piece).all(1)
        if logits.ndim == 1 and not sound.all():
            raise ValueError(f"Argument `logits` must be finite. Received: logits={logits!r}")
        rows = start + np.flatnonzero(sound)
        piece = piece if sound.all() else piece[sound]
        for name, values in {"log_loss": log_loss(labels, piece), **ranking_metrics(positive, piece)}.items():
            measured[name][rows] = values
    if logits.ndim == 1:
        return {name: float(value) for name, (value,) in measured.items()}
    return {name: values.reshape(logits.shape[:-1]) for name, values in measured.items()}


def score_metrics(labels: np.ndarray, logits: np.ndarray, bins: int) -> dict[str, float]:
    """All metrics that need no threshold."""
    probabilities = expit(logits)
    return {
        **epoch_metrics(labels, logits),
        "brier": brier(labels, probabilities),
        "ece": expected_calibration_error(labels, probabilities, bins),
    }


def decision_metrics(confusion: Confusion) -> dict[str, float]:
    """All metrics of a decision."""
    return {name: float(getattr(confusion, name)) for name in DECISION_METRICS}
