"""Many losses on many datasets by their ranks: Friedman, Iman-Davenport, and Nemenyi's critical difference.

All as in Demšar 2006, Statistical comparisons of classifiers over multiple data sets, JMLR 7, section 3.2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import f as f_distribution
from scipy.stats import friedmanchisquare, rankdata, studentized_range


@dataclass(frozen=True)
class Ranks:
    """Average ranks of k losses on n datasets, 1 the best.

    Attributes:
        average: by loss, best first.
        n: datasets ranked.
        friedman, friedman_p: chi-square corrected for ties, k - 1 degrees of freedom, and its p-value; NaN for two
            losses, where Wilcoxon's test is the one to read.
        iman_davenport, iman_davenport_p: F from it, with k - 1 and (k - 1)(n - 1) degrees of freedom; less
            conservative.
        critical_difference: average ranks closer than this are not separated (Nemenyi).
        groups: the largest sets of losses not separated, each best first; a loss separated from all is in none.
    """

    average: pd.Series
    n: int
    friedman: float
    friedman_p: float
    iman_davenport: float
    iman_davenport_p: float
    critical_difference: float
    groups: tuple[tuple[str, ...], ...]


def rank(scores: pd.DataFrame, alpha: float = 0.05) -> Ranks:
    """Ranks losses on each dataset, ties by the mean of their ranks, and tests whether they differ.

    Args:
        scores: datasets x losses, higher is better, without gaps.
        alpha: of the critical difference.

    Raises:
        ValueError: fewer than two datasets or losses.
    """
    n, k = scores.shape
    if n < 2 or k < 2:
        raise ValueError(f"ranks need at least two datasets and two losses, not {n} and {k}")
    ranks = rankdata(-scores.to_numpy(), axis=1)
    average = pd.Series(ranks.mean(0), index=scores.columns).sort_values(kind="stable")
    friedman, friedman_p = _friedman(scores.to_numpy())
    f, f_p = iman_davenport(friedman, n, k)
    difference = critical_difference(k, n, alpha)
    return Ranks(average, n, friedman, friedman_p, f, f_p, difference, not_separated(average, difference))


def iman_davenport(chi_square: float, n: int, k: int) -> tuple[float, float]:
    """F and its p-value from Friedman's chi-square; F is infinite where all n datasets rank k losses alike."""
    most = n * (k - 1)
    if np.isclose(chi_square, most):
        return np.inf, 0.0
    f = (n - 1) * chi_square / (most - chi_square)
    return float(f), float(f_distribution.sf(f, k - 1, (k - 1) * (n - 1)))


def critical_difference(k: int, n: int, alpha: float = 0.05) -> float:
    """Nemenyi's: q sqrt(k (k + 1) / (6 n)), q the studentized range of k means at infinite dof over sqrt(2)."""
    q = studentized_range.ppf(1 - alpha, k, np.inf) / np.sqrt(2)
    return float(q * np.sqrt(k * (k + 1) / (6 * n)))


def not_separated(average: pd.Series, difference: float) -> tuple[tuple[str, ...], ...]:
    """Largest runs of at least two losses, sorted by average rank, that lie closer than a difference."""
    values = average.to_numpy()
    groups: list[tuple[int, int]] = []
    for start in range(len(values)):
        end = int(np.searchsorted(values, values[start] + difference, side="left"))
        if end - start > 1 and (not groups or end > groups[-1][1]):
            groups.append((start, end))
    return tuple(tuple(str(loss) for loss in average.index[start:end]) for start, end in groups)


def _friedman(scores: np.ndarray) -> tuple[float, float]:
    """Chi-square and p-value: nothing for two losses, and no difference where every dataset is all ties."""
    if scores.shape[1] < 3:
        return np.nan, np.nan
    if np.all(scores == scores[:, :1]):
        return 0.0, 1.0
    found = friedmanchisquare(*scores.T)
    return float(found.statistic), float(found.pvalue)
