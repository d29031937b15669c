"""Gains over several independent datasets: Wilcoxon's signed-rank test, its interval, and its Bayesian version.

A rank test, because gains on different datasets are not commensurable and outliers are common (Demšar 2006, JMLR 7).
"""

from __future__ import annotations

from math import ceil, log2

import numpy as np
from scipy.stats import wilcoxon

from runner.comparison.corrected_t import Probabilities

PRIOR_STRENGTH = 0.5  # weight of the pseudo-observation at 0, as in Benavoli et al. 2017
DRAWS = 50_000  # a probability's Monte Carlo error is then at most 0.0045 (two standard errors)


def wilcoxon_p(gains: np.ndarray) -> float:
    """Two-sided p-value for (n,) gains; exact where n is small, zeros split between the signs (Demšar 2006, 3.1.3)."""
    if not np.any(gains):
        return 1.0
    return float(wilcoxon(gains, zero_method="zsplit").pvalue)


def hodges_lehmann(gains: np.ndarray) -> float:
    """The estimate that belongs to the signed-rank test: the median of the Walsh averages."""
    return float(np.median(_walsh_averages(gains)))


def signed_rank_interval(gains: np.ndarray, alpha: float) -> tuple[float, float]:
    """The interval at level 1 - alpha that inverts the exact signed-rank test.

    Its ends are order statistics of the Walsh averages (Hollander, Wolfe and Chicken 2014, section 3.3). Without ties
    it excludes zero exactly where the test's p-value is at most alpha. Infinite where n is too small for the level.
    """
    walsh = np.sort(_walsh_averages(gains))
    below = np.cumsum(_null_distribution(len(gains)))
    outside = int(np.count_nonzero(2 * below <= alpha))  # T = 0, ..., outside - 1 are the rejected lower tail
    if outside == 0:
        return -np.inf, np.inf
    return float(walsh[outside - 1]), float(walsh[-outside])


def smallest_p(n: int) -> float:
    """The least two-sided p-value n datasets can give: all gains of one sign, 2 of 2^n arrangements."""
    return min(1.0, 2.0 ** (1 - n))


def datasets_needed(losses: int, alpha: float) -> int:
    """The fewest datasets with which one of so many losses can be significant after Holm."""
    return max(1, ceil(1 + log2(losses / alpha)))


def bayesian_signed_rank(gains: np.ndarray, rope: float, *, seed: int = 0, draws: int = DRAWS) -> Probabilities:
    """Bayesian signed-rank test with a rope (Benavoli, Mangili, Corani, Zaffalon and Ruggeri 2014, ICML; 2017, JMLR).

    Each draw gives the (n,) gains and a pseudo-observation at 0 Dirichlet weights w; the shares of worse, equivalent
    and better are the sums of w_i w_j over the pairs whose mean gain lies below, within and above the rope. Returned
    is how often each share is the largest. A pair on the rope's edge counts half to either side.

    Args:
        gains: (n,), positive is better.
        rope: half the width of the region of practical equivalence.
        seed: of the draws; the same seed gives the same probabilities.
        draws: how many.
    """
    values = np.append(0.0, gains)
    means = np.round((values[:, None] + values) / 2, 12)
    better = np.heaviside(means - rope, 0.5)
    worse = np.heaviside(-means - rope, 0.5)
    prior = np.append(PRIOR_STRENGTH, np.ones(len(gains)))
    weights = np.random.default_rng(seed).dirichlet(prior, draws)
    share_worse = ((weights @ worse) * weights).sum(1)
    share_better = ((weights @ better) * weights).sum(1)
    shares = np.stack([share_worse, 1 - share_worse - share_better, share_better], axis=1)
    won = np.bincount(shares.argmax(1), minlength=3) / draws
    return Probabilities(*(float(share) for share in won))


def _walsh_averages(gains: np.ndarray) -> np.ndarray:
    """(n (n + 1) / 2,) means of all pairs, each with itself too; rounded, so that equal ones are equal."""
    first, second = np.triu_indices(len(gains))
    return np.round((gains[first] + gains[second]) / 2, 12)


def _null_distribution(n: int) -> np.ndarray:
    """(n (n + 1) / 2 + 1,) probabilities of the signed-rank statistic T where every sign is as likely."""
    probabilities = np.ones(1)
    for rank in range(1, n + 1):
        shifted = np.zeros(len(probabilities) + rank)
        shifted[: len(probabilities)] += probabilities / 2
        shifted[rank:] += probabilities / 2
        probabilities = shifted
    return probabilities
