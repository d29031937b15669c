"""Losses that are areas or increments along the rows sorted by their logits: piecewise linear, in O(n log n)."""

from __future__ import annotations

from typing import Unpack

import keras
from keras import ops

from losses.base import Tensor, only_slope
from losses.whole_batch import SMALLEST, WholeBatchArguments, WholeBatchLoss, batch_sum


@keras.saving.register_keras_serializable("losses")
class AUMLoss(WholeBatchLoss):
    """The area under the minimum of false positives and false negatives, over all thresholds (Hillman and Hocking
    2023): the integral of min(FP(t), FN(t)) dt, FP(t) the negatives with a logit above t, FN(t) the positives at or
    below it.

    It is 0 where all positives are above all negatives, and there only, but for logits that are all equal, where it is
    0 too; its gradient moves the rows between which the ranking is wrong, those near the threshold where both errors
    are alike most. Unlike the pairwise losses it is linear in the logits. Use it where ROC AUC is the aim; only the
    order is learnt, and there is no inverse map. Whole batch, O(n log n) by sorting.

    A weighted row counts its weight, and a soft label makes a row a positive and a negative in part. Without a
    positive, or without a negative, the value is 0 and so is the gradient. Where two logits are equal the gradient is
    that of one of their orders. It is computed in closed form and cannot be differentiated again.

    Args:
        denominator: `count`: FP and FN as shares of all rows, as the paper counts; `rate`: each of its own class, so
            that the rare class has as much to say as the other.
        **arguments: see `losses.whole_batch.WholeBatchArguments`.

    Example:
        >>> import losses
        >>> print(f"{float(losses.AUMLoss()([1.0, 0.0, 0.0], [0.5, -2.0, 2.0])):.6f}")
        0.500000
    """

    denominator: str

    def __init__(self, denominator: str = "count", **arguments: Unpack[WholeBatchArguments]) -> None:
        super().__init__(denominator=denominator, **arguments)

    def of_batch(self, labels: Tensor, logits: Tensor, weights: Tensor) -> Tensor:
        """See `WholeBatchLoss.of_batch`."""
        shape = ops.shape(logits + labels + weights)
        z, labels, weights = (ops.broadcast_to(each, shape) for each in (logits, labels, weights))
        positive, negative = weights * labels, weights * (1 - labels)
        by_class = self.denominator == "rate"
        totals = [batch_sum(each) for each in ((positive, negative) if by_class else (weights, weights))]
        positive, negative = (
            ops.divide_no_nan(side, total) for side, total in zip((positive, negative), totals, strict=True)
        )
        fixed = ops.stop_gradient(z)
        order = ops.argsort(fixed, axis=-1)
        keys, u, v = (_wide(ops.take_along_axis(each, order, axis=-1)) for each in (fixed, positive, negative))
        missed = ops.cumsum(u, axis=-1)[..., :-1]  # positives at or below each gap between neighbours
        alarms = ops.flip(ops.cumsum(ops.flip(v, -1), axis=-1), -1)[..., 1:]  # negatives above it
        least = ops.minimum(missed, alarms)
        value = batch_sum(least * (keys[..., 1:] - keys[..., :-1]))
        end = ops.zeros_like(keys[..., :1])
        by_order = ops.concatenate([end, least], axis=-1) - ops.concatenate([least, end], axis=-1)
        gradient = ops.cast(ops.take_along_axis(by_order, ops.argsort(order, axis=-1), axis=-1), z.dtype)
        return ops.stop_gradient(ops.cast(value, z.dtype)) + batch_sum(only_slope(gradient, z))


@keras.saving.register_keras_serializable("losses")
class LovaszHingeLoss(WholeBatchLoss):
    """The Lovász extension of the Jaccard loss, at hinge errors (Berman et al. 2018): errors
    m_i = max(0, 1 - z_i) of positives and max(0, 1 + z_i) of negatives, from the largest down, each times what it adds
    to 1 - TP / (TP + FP + FN) if all larger ones are wrong.

    Convex in the logits, and 1 - Jaccard where every margin is 0 or more than 1 short. Unlike soft Dice it looks at
    decisions, not at probabilities: rows that are right by a margin of 1 do not count. Use it where Jaccard or F1 of
    decisions is the aim, with batches that hold several positives. The logits' level is that of a hinge and no inverse
    map is known. Whole batch, O(n log n) by sorting.

    A weighted row counts its weight, and a soft label makes a row a positive and a negative in part. Without a positive
    the value is the largest error of a negative, and only that row pulls.

    Args:
        **arguments: see `losses.whole_batch.WholeBatchArguments`.

    Example:
        >>> import losses
        >>> print(f"{float(losses.LovaszHingeLoss()([1.0, 0.0, 0.0], [2.0, -2.0, 0.0])):.6f}")
        0.500000
    """

    def __init__(self, **arguments: Unpack[WholeBatchArguments]) -> None:
        super().__init__(**arguments)

    def of_batch(self, labels: Tensor, logits: Tensor, weights: Tensor) -> Tensor:
        """See `WholeBatchLoss.of_batch`."""
        shape = ops.shape(logits + labels + weights)
        z, labels, weights = (ops.broadcast_to(each, shape) for each in (logits, labels, weights))
        shares = ops.divide_no_nan(weights, batch_sum(weights))
        positive, negative = shares * labels, shares * (1 - labels)
        # Each row twice, as far as it is a positive and as far as it is a negative.
        errors = ops.maximum(1 + ops.concatenate([-z, z], axis=-1), 0.0)
        none = ops.zeros_like(positive)
        order = ops.argsort(ops.stop_gradient(-errors), axis=-1)
        misses, alarms = (
            ops.cumsum(_wide(ops.take_along_axis(ops.concatenate(sides, axis=-1), order, axis=-1)), axis=-1)
            for sides in ([positive, none], [none, negative])
        )
        jaccard = (misses + alarms) / ops.maximum(_wide(batch_sum(positive)) + alarms, SMALLEST)
        added = jaccard - ops.concatenate([ops.zeros_like(jaccard[..., :1]), jaccard[..., :-1]], axis=-1)
        by_role = ops.cast(ops.take_along_axis(added, ops.argsort(order, axis=-1), axis=-1), z.dtype)
        return batch_sum(ops.stop_gradient(by_role) * errors)


def _wide(values: Tensor) -> Tensor:
    """In float64 where there is one: TensorFlow adds up one after the other, JAX, which may have none, in a tree."""
    return values if keras.config.backend() == "jax" else ops.cast(values, "float64")
