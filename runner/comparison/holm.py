"""Holm's step-down correction for many comparisons (Holm 1979, Scandinavian Journal of Statistics 6).

Of m p-values the smallest is held against alpha / m, the next against alpha / (m - 1), and so on until one is above
its level; that one and all larger ones stand. A true null hypothesis is then rejected in at most alpha of all tables,
however the comparisons depend on each other; here they share a baseline.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Step(NamedTuple):
    """One comparison's p-value alone and adjusted, and the level it is held against; NaN where there was no test."""

    p: float
    p_holm: float
    level: float


def holm_steps(p: Sequence[float], alpha: float) -> list[Step]:
    """A step a p-value, in their order."""
    alone = np.array(p, float)
    columns = (alone, holm(alone), holm_levels(alone, alpha))
    return [Step(*(float(value) for value in row)) for row in zip(*columns, strict=True)]


def holm(p: np.ndarray) -> np.ndarray:
    """(m,) adjusted p-values: at most alpha where Holm rejects at alpha. NaN is no test, stays NaN, is not counted."""
    adjusted = np.full(len(p), np.nan)
    order = _ascending(p)
    steps = len(order) - np.arange(len(order))
    adjusted[order] = np.minimum(np.maximum.accumulate(np.asarray(p)[order] * steps), 1)
    return adjusted


def holm_levels(p: np.ndarray, alpha: float) -> np.ndarray:
    """(m,) the level each p-value is held against; NaN where it is NaN.

    Those that stand are all held against the level of the first that stood. So a confidence interval at one minus
    this level excludes zero exactly where Holm rejects (Serlin 1993, Journal of Experimental Education 61).
    """
    levels = np.full(len(p), np.nan)
    order = _ascending(p)
    steps = alpha / (len(order) - np.arange(len(order)))
    stood = np.flatnonzero(np.asarray(p)[order] > steps)
    if len(stood):
        steps[stood[0] :] = steps[stood[0]]
    levels[order] = steps
    return levels


def _ascending(p: np.ndarray) -> np.ndarray:
    """Places of the p-values that are no NaN, from the smallest up."""
    return np.argsort(p, kind="stable")[: np.count_nonzero(~np.isnan(p))]
