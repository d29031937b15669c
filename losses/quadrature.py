"""Nodes and weights of Gauss quadrature, for losses that are integrals without a formula of their own.

They depend on hyper-parameters alone, so NumPy computes them once, in float64, before a formula is traced.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.special import roots_laguerre, roots_legendre, roots_sh_jacobi


def legendre(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes v and weights w, (count,) each: the integral of f over [0, 1] is the sum of w f(v)."""
    nodes, weights = roots_legendre(count)
    return (nodes + 1) / 2, weights / 2


def laguerre(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes x and weights w, (count,) each: the integral of exp(-x) f(x) over [0, inf) is the sum of w f(x)."""
    nodes, weights = roots_laguerre(count)
    return nodes, weights


def jacobi(power: float | np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes v and weights w: the integral of v^power f(v) over [0, 1] is the sum of w f(v).

    Args:
        power: above -1; a number or an array of them.
        count: how many nodes.

    Returns:
        Two arrays of the shape of `power` with one more axis, of length `count`.
    """
    powers = np.asarray(power, float)
    nodes, weights = zip(*(_jacobi(float(each), count) for each in powers.ravel()), strict=True)
    return np.reshape(nodes, (*powers.shape, count)), np.reshape(weights, (*powers.shape, count))


@cache
def _jacobi(power: float, count: int) -> tuple[np.ndarray, np.ndarray]:
    nodes, weights = roots_sh_jacobi(count, power + 1, power + 1)
    return nodes, weights
