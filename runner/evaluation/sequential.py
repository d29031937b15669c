"""Tests of a stream that may be looked at after every row: betting against a hypothesis (test martingales)."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit, logsumexp

STEPS = np.array([0.25, 0.5, 1.0, 2.0])
"""How far from the hypothesis the alternatives lie, in logits; each is bet on with an equal part."""


class SequentialTest:
    """Evidence that the chance of an event is above, or below, what it is said to be at most, or at least.

    The likelihood of an alternative over that of the bound is, row after row, a product whose mean is at most 1 while
    the hypothesis holds; so is the mean over several alternatives. By Ville's inequality it ever reaches 1 / level with
    a chance of at most the level, however long one looks (Shafer 2021; Ramdas et al. 2023, "Game-theoretic statistics
    and safe anytime-valid inference").

    Attributes:
        rows: that were seen.
        highest: the most evidence so far: its reciprocal is a p-value that is valid at any time.
    """

    def __init__(self) -> None:
        self.rows, self.highest = 0, 1.0
        self._logs = np.zeros(2 * len(STEPS))  # alternatives below, then above

    def see(self, happened: np.ndarray, least: np.ndarray | float = 0.0, most: np.ndarray | float = 1.0) -> None:
        """Takes further rows, in the order in which they came.

        Args:
            happened: (n,) bool.
            least, most: the chance of each, as it is said to be; 0 and 1 say nothing. Always the same sides for one
                test: what is bet on a side that says nothing is kept.
        """
        happened = np.asarray(happened, bool)
        if not len(happened):
            return
        sides = ((least, -1), (most, 1))
        steps = [_steps(happened, np.broadcast_to(bound, happened.shape), sign) for bound, sign in sides]
        paths = self._logs[:, None] + np.cumsum(np.concatenate(steps), axis=1)
        evidence = logsumexp(paths, axis=0) - np.log(len(paths))
        self._logs = paths[:, -1]
        self.rows += len(happened)
        self.highest = max(self.highest, float(np.exp(min(evidence.max(), 700.0))))


def _steps(happened: np.ndarray, bound: np.ndarray, sign: int) -> np.ndarray:
    """(alternatives, n) logarithms of the likelihood ratios; 0 where the bound says nothing."""
    says = (bound > 0) & (bound < 1)
    inside = np.where(says, bound, 0.5)
    other = expit(logit(inside) + sign * STEPS[:, None])
    ratio = np.where(happened, np.log(other / inside), np.log1p(-other) - np.log1p(-inside))
    return np.where(says, ratio, 0.0)
