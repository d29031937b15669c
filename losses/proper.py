"""Proper scores besides the log loss: they are least at P(y=1|x), each with another emphasis.

Notation: z logit, p = sigmoid(z), y label in [0, 1].
"""

from __future__ import annotations

from typing import Unpack

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike
from scipy.special import expit

from losses.base import Hyperparameter, LossArguments, SigmoidLoss, Tensor, only_slope
from losses.crossentropy import miss
from losses.quadrature import jacobi, legendre

LARGEST_POWER = 10.0
"""Of the beta family: up to here its integrals have all digits of float64 (see `falling_short`)."""

_FAR = 6.0  # a logit; beyond it 1 - p is below 0.0025, and powers of p are 1 but for a small correction
_LEFT, _MIDDLE, _RIGHT = 12, 28, 5  # nodes
_NEXT_TO_ZERO = 1e-30  # stands for a power of 0 in (1 - exp(-b x)) / b, which it leaves at x to the last digit


@keras.saving.register_keras_serializable("losses")
class BrierLoss(SigmoidLoss):
    """The Brier score y (1-p)^2 + (1-y) p^2, which is (p-y)^2 for labels 0 and 1 (Brier 1950; Gneiting and Raftery
    2007).

    Bounded: an example that is predicted surely and wrongly costs 1 at most, and hardly pulls any more (slope
    2 (p-y) p (1-p)). Use it where the Brier score is what is reported, or where some labels are wrong; with rare
    positives start from a bias of the prior, since positives far from 0 learn slowly.

    Minimiser: p = P(y=1|x), nothing to undo. Soft labels weigh the two classes' losses. Per example.

    Args:
        **arguments: see `losses.base.LossArguments`.

    Example:
        >>> import losses
        >>> print(f"{float(losses.BrierLoss()([1.0, 0.0], [2.0, 0.0])):.6f}")
        0.132105
    """

    def __init__(self, **arguments: Unpack[LossArguments]) -> None:
        super().__init__(**arguments)

    def compute(self, labels: Tensor, logits: Tensor) -> Tensor:
        """See `SigmoidLoss.compute`."""
        return labels * miss(1, logits) ** 2 + (1 - labels) * miss(0, logits) ** 2

    def debias(self, logits: ArrayLike) -> np.ndarray:
        """sigmoid(z): the Brier score is proper."""
        return expit(np.asarray(logits, float))


@keras.saving.register_keras_serializable("losses")
class BetaProperLoss(SigmoidLoss):
    """The beta family of proper scores (Buja et al. 2005): the loss whose slope by the logit is
    (p-y) p^a (1-p)^b; y times the integral of t^(a-1) (1-t)^b from p to 1, and 1-y times that of t^a (1-t)^(b-1) from 0
    to p.

    a = b = 0 is the log loss, a = b = 1 half the Brier score. A proper score is a mixture of the costs of decisions at
    all thresholds; here the thresholds have the weights p^(a-1) (1-p)^(b-1), whose mean is a / (a+b). So the network is
    made to be right about probabilities near a / (a+b), the sharper the larger a and b are. Use it where decisions are
    taken at a known threshold, a miss costing (1-c)/c times a false alarm: a = b c / (1-c).

    The integrals are sums over Gauss nodes, right to 1e-12 of their value in float64; the gradient is computed in
    closed form and cannot be differentiated again. Large a and b make the loss flat away from a / (a+b): start from a
    bias of the prior. Minimiser: p = P(y=1|x), nothing to undo. Per example; about 90 powers a row.

    Args:
        a: power of p, from 0 to 10.
        b: power of 1-p, from 0 to 10.
        **arguments: see `losses.base.LossArguments`.

    Example:
        >>> import losses
        >>> print(f"{float(losses.BetaProperLoss(a=1.0, b=1.0)([1.0, 0.0], [2.0, 0.0])):.6f}")
        0.066052
    """

    a: Hyperparameter
    b: Hyperparameter

    def __init__(self, a: Hyperparameter = 0.5, b: Hyperparameter = 1.5, **arguments: Unpack[LossArguments]) -> None:
        super().__init__(a=a, b=b, **arguments)

    def compute(self, labels: Tensor, logits: Tensor) -> Tensor:
        """See `SigmoidLoss.compute`."""
        a, b = (np.asarray(power, float) for power in (self.a, self.b))
        fixed = ops.stop_gradient(logits)
        value = labels * falling_short(-fixed, b, a) + (1 - labels) * falling_short(fixed, a, b)
        p, rest = miss(0, fixed), miss(1, fixed)
        error = (1 - labels) * p - labels * rest
        slope = error * ops.power(p, self.constant("a", logits)) * ops.power(rest, self.constant("b", logits))
        return ops.stop_gradient(value) + only_slope(slope, logits)

    def debias(self, logits: ArrayLike) -> np.ndarray:
        """sigmoid(z): every score of the family is proper."""
        return expit(np.asarray(logits, float))


def falling_short(logits: Tensor, a: np.ndarray, b: np.ndarray) -> Tensor:
    """The integral of t^a (1-t)^(b-1) from 0 to p, which is that of p^(a+1) (1-p)^b over the logits up to z.

    In three parts, each a sum of positive terms but for a small correction, so that small values keep their digits:
    up to z = 0 with the weight t^a, where (1-t)^(b-1) is far from its singularity; from 0 to `_FAR` over the logits;
    and beyond, where p is nearly 1, as the integral of exp(-b z), which is z at b = 0, and what is left of it.

    Args:
        logits: any shape; not differentiated.
        a, b: from 0 to 10, broadcast against the logits.

    Returns:
        Tensor of the broadcast shape.
    """

    def tensors(*arrays: np.ndarray) -> list[Tensor]:
        return [ops.convert_to_tensor(array, logits.dtype) for array in arrays]

    power_a, power_b = tensors(a, b)
    total = tensors(a + b + 1)[0]
    # One more axis, at the end, for the nodes.
    a_each, b_each, total_each = (power[..., None] for power in (power_a, power_b, total))

    p = miss(0, ops.minimum(logits, 0.0))
    nodes, weights = tensors(*jacobi(a, _LEFT))
    left = ops.power(p, power_a + 1) * ops.sum(weights * ops.power(1 - p[..., None] * nodes, b_each - 1), axis=-1)

    stretch = ops.clip(logits, 0.0, _FAR)
    nodes, weights = tensors(*legendre(_MIDDLE))
    z = stretch[..., None] * nodes
    middle = stretch * ops.sum(weights * ops.power(miss(0, z), a_each + 1) * ops.power(miss(1, z), b_each), axis=-1)

    # exp(-b z) (1 + exp(-z))^-(a+b+1) = exp(-b z) and exp(-b z) ((1 + exp(-z))^-(a+b+1) - 1), by x = exp(-z)
    places, shares = jacobi(b, _RIGHT)
    nodes, weights = tensors(places, shares / places)

    def correction(x: Tensor) -> Tensor:
        terms = weights * ops.expm1(-total_each * ops.log1p(x[..., None] * nodes))
        return ops.power(x, power_b) * ops.sum(terms, axis=-1)

    beyond = ops.maximum(logits, _FAR)
    slow = ops.maximum(power_b, _NEXT_TO_ZERO)
    main = -ops.exp(-_FAR * power_b) * ops.expm1(-slow * (beyond - _FAR)) / slow
    right = main + correction(ops.exp(-_FAR * ops.ones_like(beyond))) - correction(ops.exp(-beyond))
    return left + middle + ops.cast(logits > _FAR, logits.dtype) * right
