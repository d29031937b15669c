"""Tables behind the figures: precision-recall, ROC, calibration."""

from __future__ import annotations

import numpy as np
import pandas as pd
import sklearn.metrics
from scipy.stats import beta

from runner.evaluation.metrics import quantile_bins


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
