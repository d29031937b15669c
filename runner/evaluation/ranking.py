"""Average precision and ROC AUC, exact with ties, from where the positives lie among the negatives.

No row's own rank is needed: a metric is a sum over the positives, or over their distinct scores.
"""

from __future__ import annotations

import numpy as np


def ranking_metrics(positive: np.ndarray, scores: np.ndarray) -> dict[str, np.ndarray]:
    """Average precision and ROC AUC of several rankings of the same rows.

    Args:
        positive: (n,) bool.
        scores: (k, n), finite; the higher, the more likely positive.

    Returns:
        (k,) average_precision and (k,) roc_auc.
    """
    of_positives, of_negatives = np.sort(scores[:, positive], 1), np.sort(scores[:, ~positive], 1)
    lower_positives, lower_negatives, negatives_up_to = (np.empty(of_positives.shape, int) for _ in range(3))
    for member, (ours, others) in enumerate(zip(of_positives, of_negatives, strict=True)):
        lower_positives[member] = ours.searchsorted(ours)
        lower_negatives[member] = others.searchsorted(ours)
        negatives_up_to[member] = others.searchsorted(ours, side="right")
    positives, negatives = of_positives.shape[1], of_negatives.shape[1]
    return _metrics_of_counts(
        gained=np.ones(positives),
        tp=positives - lower_positives,
        fp=negatives - lower_negatives,
        tied=negatives_up_to - lower_negatives,
        negatives=np.array(negatives),
    )


def _metrics_of_counts(
    gained: np.ndarray, tp: np.ndarray, fp: np.ndarray, tied: np.ndarray, negatives: np.ndarray
) -> dict[str, np.ndarray]:
    """Average precision and ROC AUC from counts at the scores of positives, the last axis.

    Args:
        gained: (..., g) positives counted here; each positive once in all.
        tp: (..., g) positives with this score or a higher one.
        fp: (..., g) negatives with this score or a higher one.
        tied: (..., g) negatives with this score.
        negatives: (...) all negatives.

    Returns:
        (...) average_precision, 0 without positives; (...) roc_auc, NaN where a class is missing.
    """
    positives = gained.sum(-1)
    precision = tp / np.maximum(tp + fp, 1)  # where nothing is called yet, nothing is gained either
    outranked = negatives[..., None] - fp + tied / 2
    pairs = positives * negatives
    return {
        "average_precision": (gained * precision).sum(-1) / np.maximum(positives, 1),
        "roc_auc": (gained * outranked).sum(-1) / np.where(pairs > 0, pairs, np.nan),
    }
