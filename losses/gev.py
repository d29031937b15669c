"""A convex loss for a skewed link: the generalised extreme value distribution in the place of the sigmoid."""

from __future__ import annotations

from typing import Unpack

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike
from scipy.special import gamma, zeta

from losses.base import Hyperparameter, LossArguments, SigmoidLoss, Tensor, only_slope
from losses.quadrature import jacobi, laguerre

_NEXT_TO_ZERO = (
    1e-30  # stands for 0 in log(1 + x z) / x and in 1 - exp(-x) / x, whose limits it gives to the last digit
)
_SPLIT = 2.5  # a value of u; below it one integral is summed, above it the other
_LARGEST = 1000.0  # exp(-u) is 0 in float64 from 745 on
_SMALL_NODES, _LARGE_NODES = 16, 40


@keras.saving.register_keras_serializable("losses")
class GEVLoss(SigmoidLoss):
    """The Fenchel-Young loss of the generalised extreme value link (Bao and Sugiyama 2021): the convex loss whose slope
    by the logit is F(z) - y, F(z) = exp(-u), u = (1 + xi z)^(-1/xi), and exp(-exp(-z)) at xi = 0; y times the integral
    of 1-F from z on, and 1-y times that of F up to z.

    The sigmoid treats both classes alike; F goes to 0 much faster than to 1 (for xi > 0 it is 0 from z = -1/xi down,
    for xi < 0 it is 1 from z = -1/xi up). So a negative that is told apart costs next to nothing, and a positive keeps
    pulling. Use it where positives are rare and logistic probabilities of them come out too low.

    Probabilities are F(z) and not sigmoid(z): `debias` gives them, closed form. Where F is 0 or 1, examples of that
    label have no gradient. Values are sums over Gauss nodes, right to 1e-12 in float64; the gradient is computed in
    closed form and cannot be differentiated again. Per example; about 60 powers a row.

    Args:
        xi: shape of the link, in (-1, 1); 0 is the log-log link (Gumbel).
        **arguments: see `losses.base.LossArguments`.

    Example:
        >>> import losses
        >>> print(f"{float(losses.GEVLoss()([1.0, 0.0], [2.0, -2.0])):.6f}")
        0.065483
    """

    xi: Hyperparameter

    def __init__(self, xi: Hyperparameter = 0.0, **arguments: Unpack[LossArguments]) -> None:
        super().__init__(xi=xi, **arguments)

    def compute(self, labels: Tensor, logits: Tensor) -> Tensor:
        """See `SigmoidLoss.compute`."""
        shape = np.asarray(self.xi, float)
        fixed = ops.stop_gradient(logits)
        xi = ops.convert_to_tensor(_away_from_zero(shape), logits.dtype)
        mean = ops.convert_to_tensor(mean_of_gev(shape), logits.dtype)
        u = ops.exp(-ops.log1p(ops.maximum(xi * fixed, -1.0)) / xi)

        # Up to `_SPLIT`: the integral of (1 - exp(-x)) x^(-xi-1) from 0 to u, with the weight x^-xi.
        nodes, weights = (ops.convert_to_tensor(each, logits.dtype) for each in jacobi(-shape, _SMALL_NODES))
        small = ops.minimum(u, _SPLIT)
        x = ops.maximum(small[..., None] * nodes, _NEXT_TO_ZERO)
        above = ops.power(small, 1 - xi) * ops.sum(weights * -ops.expm1(-x) / x, axis=-1)
        # Beyond: that of exp(-x) x^(-xi-1) from u on. The two are apart by z less the mean of F.
        nodes, weights = (ops.convert_to_tensor(each, logits.dtype) for each in laguerre(_LARGE_NODES))
        large = ops.clip(u, _SPLIT, _LARGEST)
        below = ops.exp(-large) * ops.sum(weights * ops.power(large[..., None] + nodes, -1 - xi[..., None]), axis=-1)
        is_small, distance = u <= _SPLIT, fixed - mean
        positive = ops.where(is_small, above, below - distance)
        negative = ops.where(is_small, above + distance, below)

        value = labels * positive + (1 - labels) * negative
        slope = (1 - labels) * ops.exp(-u) + labels * ops.expm1(-u)
        return ops.stop_gradient(value) + only_slope(slope, logits)

    def debias(self, logits: ArrayLike) -> np.ndarray:
        """F(z), the loss's own link."""
        xi = _away_from_zero(np.asarray(self.xi, float))
        with np.errstate(divide="ignore", over="ignore"):  # beyond the support F is 0 or 1
            return np.exp(-np.exp(-np.log1p(np.maximum(xi * np.asarray(logits, float), -1.0)) / xi))


def mean_of_gev(xi: np.ndarray) -> np.ndarray:
    """The mean of the distribution: (Gamma(1-xi) - 1) / xi, and Euler's constant at 0.

    Near 0 by its Taylor series, because the difference has no digits left there.

    Args:
        xi: below 1.
    """
    euler = np.euler_gamma
    series = (
        euler
        + xi * (euler**2 / 2 + np.pi**2 / 12)
        + xi**2 * (euler**3 / 6 + euler * np.pi**2 / 12 + zeta(3) / 3)
        + xi**3 * (euler**4 / 24 + euler**2 * np.pi**2 / 24 + euler * zeta(3) / 3 + np.pi**4 / 160)
    )
    near = np.abs(xi) < 3e-4
    apart = np.where(near, 0.5, xi)
    return np.where(near, series, (gamma(1 - apart) - 1) / apart)


def _away_from_zero(xi: np.ndarray) -> np.ndarray:
    return np.where(np.abs(xi) < _NEXT_TO_ZERO, _NEXT_TO_ZERO, xi)
