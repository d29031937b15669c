"""Calibrated probabilities where positives are rarer, or more common, than where they were calibrated."""

from __future__ import annotations

import numpy as np


def with_prevalence(probabilities: np.ndarray, before: float, now: float) -> np.ndarray:
    """(n,) probabilities at another share of positives, if rows of a class look the same (Elkan 2001, theorem 2).

    Args:
        probabilities: (n,) P(y=1|x) at the share `before`.
        before, now: shares of positives, in (0, 1).
    """
    positive = probabilities * (now / before)
    negative = (1 - probabilities) * ((1 - now) / (1 - before))
    return positive / (positive + negative)


def estimated_prevalence(probabilities: np.ndarray, rows: np.ndarray, before: float) -> float:
    """The share of positives of rows without labels, by their calibrated probabilities.

    Expectation maximisation (Saerens, Latinne and Decaestecker 2002): the share is moved to the mean of the
    probabilities at that share, until it stays. Rows of a class must look as they did.

    Args:
        probabilities: (k,) P(y=1|x) at the share `before`.
        rows: (k,) how many rows have each.
        before: share of positives that the probabilities were calibrated at, in (0, 1).
    """
    now = before
    for _ in range(1000):
        last, now = now, float(np.average(with_prevalence(probabilities, before, now), weights=rows))
        if not 1e-12 < now < 1 - 1e-12 or abs(now - last) < 1e-9:
            break
    return now
