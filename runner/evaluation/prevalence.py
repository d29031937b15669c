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
