"""Losses on pairs of a positive and a negative: ranking, without n^2 memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Unpack

import keras
from keras import ops

from losses.base import Hyperparameter, Tensor, only_slope
from losses.whole_batch import WholeBatchArguments, WholeBatchLoss, batch_sum, worst

_ROWS_AT_ONCE = 16  # positives compared with the whole batch in one step: 16 x 1,000,000 float32 are 64 MB


@keras.saving.register_keras_serializable("losses")
class PairwiseAUCLoss(WholeBatchLoss):
    """The mean of l(z_i - z_j) over all pairs of a positive i and a negative j of the batch; a smooth upper bound of
    1 - ROC AUC up to a factor.

    - `logistic`: l(d) = softplus(-d) (RankNet, Burges et al. 2005; consistent with AUC, Gao and Zhou 2015). Time
      grows with positives x rows, memory with rows.
    - `squared_hinge`: l(d) = max(0, margin - d)^2 (Yan et al. 2003), in O(n log n) by sorting (Rust and Hocking 2023).
    - `square`: l(d) = (margin - d)^2, in O(n) by means and variances (Gao et al. 2013).
    - `margin`: the AUC margin loss (Yuan et al. 2021), on p in place of z: the variance of p among
      the positives, that among the negatives, and max(0, margin - the difference of the means)^2, in O(n). The paper's
      a, b and alpha, learnt by gradient steps there, are at their best for the batch. Once the means are apart by
      `margin`, only the variances are left.

    With `fpr` only the negatives of the highest logits count, that share of the batch's: the area under the ROC curve
    up to this false alarm rate (Zhu et al. 2022, the estimator by the hardest negatives). The row on the boundary
    counts in part, where the paper rounds to whole rows. It sorts the rows, O(n log n).

    Only the order is learnt: the level of the logits is arbitrary, and there is no inverse map (evaluation calibrates
    on validation). Use it where ranking is all that counts, with batches that hold several positives. Whole batch.
    A weighted pair counts the product of its rows' weights; a soft label makes a row a positive and a negative in
    part. Without a positive, or without a negative, there is no pair: the value is 0 and so is the gradient.
    The gradient is computed with the value, in closed form; it cannot be differentiated again.

    Args:
        surrogate: `logistic`, `squared_hinge`, `square` or `margin`.
        margin: > 0, in logits, of `margin` in probabilities; not used by `logistic`.
        fpr: share of the negatives, in (0, 1]; None is all of them.
        **arguments: see `losses.whole_batch.WholeBatchArguments`.

    Example:
        >>> import losses
        >>> print(f"{float(losses.PairwiseAUCLoss()([1.0, 0.0, 0.0], [2.0, -2.0, 0.0])):.6f}")
        0.072539
    """

    surrogate: str
    margin: Hyperparameter
    fpr: Hyperparameter | None

    def __init__(
        self,
        surrogate: str = "logistic",
        margin: Hyperparameter = 1.0,
        fpr: Hyperparameter | None = None,
        **arguments: Unpack[WholeBatchArguments],
    ) -> None:
        super().__init__(surrogate=surrogate, margin=margin, fpr=fpr, **arguments)

    @property
    def in_force(self) -> dict[str, Any]:
        """See `SigmoidLoss.in_force`."""
        used = {"margin": self.surrogate != "logistic", "fpr": self.fpr is not None}
        return {name: value for name, value in super().in_force.items() if used.get(name, True)}

    def of_batch(self, labels: Tensor, logits: Tensor, weights: Tensor) -> Tensor:
        """See `WholeBatchLoss.of_batch`."""
        positive, negative = weights * labels, weights * (1 - labels)
        positive, negative = (ops.divide_no_nan(side, batch_sum(side)) for side in (positive, negative))
        if self.fpr is not None:
            share = self.constant("fpr", logits)
            negative = worst(logits + ops.zeros_like(share), negative + ops.zeros_like(logits + share), share)
        if self.surrogate == "margin":
            return _margin(ops.sigmoid(logits), positive, negative, self.constant("margin", logits))
        if self.surrogate == "square":
            return _square(logits, positive, negative, self.constant("margin", logits))
        # All of one shape, where hyper-parameters or labels only broadcast.
        shape = ops.shape(logits + self.constant("margin", logits) + positive + negative)
        z, positive, negative = (ops.broadcast_to(each, shape) for each in (logits, positive, negative))
        fixed = ops.stop_gradient(z)
        if self.surrogate == "logistic":
            value, gradient = _logistic(fixed, positive, negative)
        else:
            value, gradient = _squared_hinge(fixed, positive, negative, self.constant("margin", logits))
        return ops.stop_gradient(value) + batch_sum(only_slope(gradient, z))


def _square(z: Tensor, positive: Tensor, negative: Tensor, margin: Tensor) -> Tensor:
    """The mean square of a difference is its variance and the square of its mean."""
    mean_positive, mean_negative = batch_sum(positive * z), batch_sum(negative * z)
    spread = batch_sum(positive * (z - mean_positive) ** 2) + batch_sum(negative * (z - mean_negative) ** 2)
    any_pair = batch_sum(positive) * batch_sum(negative)  # 1, or 0 where a class is absent
    return any_pair * (spread + (margin - mean_positive + mean_negative) ** 2)


def _margin(p: Tensor, positive: Tensor, negative: Tensor, margin: Tensor) -> Tensor:
    """Both variances, and the square of what the distance of the means falls short of the margin by."""
    mean_positive, mean_negative = batch_sum(positive * p), batch_sum(negative * p)
    spread = batch_sum(positive * (p - mean_positive) ** 2) + batch_sum(negative * (p - mean_negative) ** 2)
    any_pair = batch_sum(positive) * batch_sum(negative)  # 1, or 0 where a class is absent
    return any_pair * (spread + ops.maximum(margin - mean_positive + mean_negative, 0.0) ** 2)


def _squared_hinge(z: Tensor, positive: Tensor, negative: Tensor, margin: Tensor) -> tuple[Tensor, Tensor]:
    """Value (..., 1) and gradient (..., batch) of sum_ij u_i v_j max(0, z_j - (z_i - margin))^2.

    Sort all z_i - margin and z_j together: a pair counts where the positive's key comes first. Walking up the keys,
    the sums of distances and of squared distances to all positives passed grow by terms that are never negative, so
    no digits cancel however far apart the logits are.
    """
    # JAX has no float64 unless asked for, but adds up in a tree; TensorFlow adds up one after the other.
    wide = z.dtype if keras.config.backend() == "jax" else "float64"
    keys = ops.cast(ops.concatenate([z - margin, z], axis=-1), wide)
    none = ops.zeros_like(positive)
    order = ops.argsort(keys, axis=-1)

    def in_order(values: Tensor) -> Tensor:
        return ops.take_along_axis(ops.cast(values, wide), order, axis=-1)

    keys, u = in_order(keys), in_order(ops.concatenate([positive, none], axis=-1))
    v = in_order(ops.concatenate([none, negative], axis=-1))
    gaps = keys[..., 1:] - keys[..., :-1]
    passed = ops.cumsum(u, axis=-1)[..., :-1]  # weight of the positives before each gap
    steps = gaps * passed
    distance = ops.cumsum(steps, axis=-1)  # sum of u_i (key - key_i), at each key but the first
    square = ops.cumsum(gaps * (2 * distance - steps), axis=-1)  # sum of u_i (key - key_i)^2
    ahead = ops.flip(ops.cumsum(ops.flip(v, -1), axis=-1), -1)[..., 1:]  # weight of the negatives after each gap
    shortfall = ops.flip(ops.cumsum(ops.flip(gaps * ahead, -1), axis=-1), -1)  # sum of v_j (key_j - key)

    first = ops.zeros_like(keys[..., :1])
    by_key = 2 * v * ops.concatenate([first, distance], axis=-1) - 2 * u * ops.concatenate([shortfall, first], axis=-1)
    by_role = ops.take_along_axis(by_key, ops.argsort(order, axis=-1), axis=-1)
    rows = z.shape[-1] if z.shape[-1] is not None else ops.shape(z)[-1]
    gradient = by_role[..., :rows] + by_role[..., rows:]
    return ops.cast(batch_sum(v[..., 1:] * square), z.dtype), ops.cast(gradient, z.dtype)


def _logistic(z: Tensor, positive: Tensor, negative: Tensor) -> tuple[Tensor, Tensor]:
    """Value (..., 1) and gradient (..., batch) of sum_ij u_i v_j softplus(z_j - z_i)."""

    def of_some(u: Tensor, differences: Tensor) -> tuple[Tensor, Tensor]:
        slopes = u[..., None] * ops.sigmoid(differences) * negative[..., None, :]
        costs = u[..., None] * ops.softplus(differences) * negative[..., None, :]
        return ops.sum(costs, axis=(-2, -1))[..., None], slopes

    return over_positives(z, positive, of_some)


def over_positives(
    z: Tensor, positive: Tensor, of_some: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
) -> tuple[Tensor, Tensor]:
    """Value and gradient of a sum over positives of what depends on their distances to all rows, some at a time.

    Args:
        z: logits, (..., batch).
        positive: u_i, (..., batch), at least 0: only rows above 0 are visited, and some of 0.
        of_some: u of some positives, (..., some), and z_j - z_i, (..., some, batch), to the value of these, (..., 1),
            and its derivatives by the differences, (..., some, batch).

    Returns:
        (..., 1) and (..., batch).
    """
    order = ops.argsort(-positive, axis=-1)  # positives first: the loop ends with the last of them
    filler = ops.zeros_like(ops.repeat(z[..., :1], _ROWS_AT_ONCE, axis=-1))  # so that no slice ends beyond the rows
    keys, u = (ops.concatenate([ops.take_along_axis(each, order, axis=-1), filler], axis=-1) for each in (z, positive))
    count = ops.max(ops.sum(ops.cast(positive > 0, "int32"), axis=-1))
    window = (*z.shape[:-1], _ROWS_AT_ONCE)

    def more(start: Tensor, *_: Tensor) -> Tensor:
        return start < count

    def step(start: Tensor, value: Tensor, of_negatives: Tensor, of_positives: Tensor) -> tuple[Tensor, ...]:
        corner = [0] * (len(window) - 1) + [start]
        differences = z[..., None, :] - ops.slice(keys, corner, window)[..., None]
        of_these, slopes = of_some(ops.slice(u, corner, window), differences)
        value = value + of_these
        of_positives = ops.slice_update(of_positives, corner, -ops.sum(slopes, axis=-1))
        return start + _ROWS_AT_ONCE, value, of_negatives + ops.sum(slopes, axis=-2), of_positives

    begin = (ops.zeros_like(count), ops.zeros_like(z[..., :1]), ops.zeros_like(z), ops.zeros_like(keys))
    _, value, of_negatives, of_positives = ops.while_loop(more, step, begin)
    return value, of_negatives + ops.take_along_axis(of_positives, ops.argsort(order, axis=-1), axis=-1)
