"""How much each row moves a metric of the test part: the metric's influence function at that row.

To first order a metric of a sample is its expectation plus the sum of its rows' influences, so that the variance of
those sums is the metric's variance, without a resample: DeLong et al. (1988) for the ROC AUC, and the same
linearisation for the average precision. Class counts are held fixed, as a stratified split holds them.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata


def of_roc_auc(positive: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """(n,) influences on the ROC AUC: DeLong's structural components about their mean, divided by the class's rows.

    Args:
        positive: (n,) bool, both classes present.
        scores: (n,) finite; ties count half.
    """
    among_own = np.empty(len(scores))
    for members in (positive, ~positive):
        among_own[members] = rankdata(scores[members])
    others = np.where(positive, np.sum(~positive), np.sum(positive))
    placement = (rankdata(scores) - among_own) / others  # share of the other class below the row, ties by half
    return _about_mean(np.where(positive, placement, 1 - placement), positive) / np.where(
        positive, np.sum(positive), np.sum(~positive)
    )


def of_average_precision(positive: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """(n,) influences on the average precision.

    A positive adds the precision at its own score, and raises the precision at every positive below it; a negative
    lowers the precision at the positives below it.

    Args:
        positive: (n,) bool, both classes present.
        scores: (n,) finite; equal scores are called together.
    """
    distinct, place = np.unique(-scores[positive], return_inverse=True)  # scores of positives, the highest first
    gained = np.bincount(place).astype(float)
    tp = np.cumsum(gained)
    fp = np.sort(-scores[~positive]).searchsorted(distinct, side="right")
    called = tp + fp
    from_here_on = np.zeros((2, len(distinct) + 1))  # summed over the scores from one place down
    slopes = gained * np.stack([fp, -tp]) / called**2  # by one more positive, by one more negative
    from_here_on[:, :-1] = np.cumsum(slopes[:, ::-1], 1)[:, ::-1]
    first = distinct.searchsorted(-scores)  # the highest score of a positive at which the row is called
    influence = np.where(positive, from_here_on[0, first], from_here_on[1, first])
    influence[positive] += (tp / called)[place]
    return _about_mean(influence, positive) / tp[-1]


def of_mean(values: np.ndarray, positive: np.ndarray) -> np.ndarray:
    """(n,) influences on the mean of a value of each row."""
    return _about_mean(values, positive) / len(values)


def _about_mean(values: np.ndarray, positive: np.ndarray) -> np.ndarray:
    """Minus the mean of the row's class."""
    return values - np.where(positive, values[positive].mean(), values[~positive].mean())
