"""Threshold-free metrics, exact, from labels and logits.

Never Keras's own AUC: it looks at 200 fixed thresholds, and scores of rare positives crowd between two of them.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit
from sklearn.metrics import average_precision_score, roc_auc_score

from runner.evaluation.confusion import Confusion
from runner.schemas import DECISION_METRICS


def log_loss(labels: np.ndarray, logits: np.ndarray) -> float:
    """Mean binary cross-entropy in nats, from logits, so that no probability rounds to 0 or 1."""
    return float(np.mean(np.logaddexp(0, np.where(np.asarray(labels) == 1, -1, 1) * logits)))


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


def epoch_metrics(labels: np.ndarray, logits: np.ndarray) -> dict[str, float]:
    """What is measured after each epoch: log_loss (the yardstick across losses), average_precision, roc_auc."""
    return {
        "log_loss": log_loss(labels, logits),
        # sigmoid would merge the ranks of saturated rows
        "average_precision": float(average_precision_score(labels, logits)),
        "roc_auc": float(roc_auc_score(labels, logits)),
    }


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
