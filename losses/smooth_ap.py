"""Average precision, made smooth."""

from __future__ import annotations

from typing import Any, Unpack

import keras
import numpy as np
from keras import ops

from losses.base import Hyperparameter, Tensor, logits_of, only_slope
from losses.pairwise import over_positives
from losses.whole_batch import SMALLEST, WholeBatchArguments, WholeBatchLoss, batch_sum, of_mean_one


@keras.saving.register_keras_serializable("losses")
class SmoothAPLoss(WholeBatchLoss):
    """1 minus the smooth average precision of the batch (Brown et al. 2020): the mean over positives
    of (1 + sum of G over the other positives) / (1 + sum of G over all other rows), G = sigmoid((z_j - z_i) /
    temperature) in place of 1 where j is ranked above i.

    A positive counts the more the nearer it is to the top, as in average precision, where ROC AUC counts all pairs
    alike. Use it where the top of the ranking is what counts, with batches that hold several positives. The average
    precision of a batch is larger than that of all rows if the batch has a larger share of positives, and its gradient
    is another. Not monotone: a positive that draws ahead of a tie of positives can cost. Only the order is learnt: no
    inverse map. Whole batch; time grows with positives x rows, memory with rows.

    With `memory` = m the last m rows of each class that training has seen are ranked along with the batch, so that few
    positives meet many negatives, and a batch without a positive has something to learn too (as the cross-batch memory
    of Wang et al. 2020). Their logits are constants, as they were when their batch was trained on. In batch and memory
    together the classes are weighted to the shares of the training data, pi and 1 - pi: else m rows of either class
    would be another problem, without few positives. A trainer carries the memory from step to step (see `remembering`),
    as the runner's do; without one, in `model.compile`, and in validation, each batch is alone.

    A weighted row counts as many as its weight, itself included in its own rank; two rows of one logit stand half above
    each other instead. Of a soft label, row and rank are in part positive and in part negative. Without a positive the
    value is 0 and so is the gradient. The gradient is computed with the value, in closed form; it cannot be
    differentiated again.

    Args:
        temperature: > 0, in logits. The smaller, the nearer to average precision and the fewer pairs pull; the paper's
            0.01 is for cosine similarities.
        memory: rows of each class that are remembered, a whole number >= 0.
        pi: share of positives in the training data, in (0, 1); needed with `memory`.
        **arguments: see `losses.whole_batch.WholeBatchArguments`.

    Example:
        >>> import losses
        >>> print(f"{float(losses.SmoothAPLoss(temperature=1.0)([1.0, 0.0, 0.0], [2.0, -2.0, 0.0])):.6f}")
        0.120639
    """

    temperature: Hyperparameter
    memory: int
    pi: Hyperparameter | None

    def __init__(
        self,
        temperature: Hyperparameter = 0.5,
        memory: int = 0,
        pi: Hyperparameter | None = None,
        **arguments: Unpack[WholeBatchArguments],
    ) -> None:
        super().__init__(temperature=temperature, memory=memory, pi=pi, **arguments)
        if np.ndim(memory):
            raise ValueError(f"Argument `memory` of SmoothAPLoss must be one number. Received: memory={memory}")
        if memory and pi is None:
            raise ValueError("`memory` needs `pi`, the share of positives in the training data. Received: pi=None")

    @property
    def in_force(self) -> dict[str, Any]:
        """See `SigmoidLoss.in_force`; pi is the data's, and no setting."""
        used = {"memory": bool(self.memory), "pi": False}
        return {name: value for name, value in super().in_force.items() if used.get(name, True)}

    def remembering(
        self, labels: Tensor, logits: Tensor, weights: Tensor | None, queue: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The loss of each batch and of what is remembered, and what is remembered afterwards.

        Args:
            labels: (..., batch), in [0, 1].
            logits: (..., batch); probabilities unless `from_logits`.
            weights: (..., batch), of any mean, or None.
            queue: (..., 2, 2, memory): of negatives and positives, their logits and their weights, which are 0 where
                nothing is remembered yet; zeros at the beginning.

        Returns:
            (..., 1), and the queue of the next step, of the shape of this one.
        """
        logits = logits if self.from_logits else logits_of(logits)
        weights = ops.ones_like(logits) if weights is None else of_mean_one(weights)
        shape = ops.shape(logits + labels + weights)
        labels, logits, weights = (ops.broadcast_to(each, shape) for each in (labels, logits, weights))
        sides = (weights * (1 - labels), weights * labels)
        nothing = ops.zeros_like(queue[..., 0, 0, :])
        known = [queue[..., side, 1, :] for side in (0, 1)]
        z = ops.concatenate([logits, queue[..., 0, 0, :], queue[..., 1, 0, :]], axis=-1)
        negative = ops.concatenate([sides[0], known[0], nothing], axis=-1)
        positive = ops.concatenate([sides[1], nothing, known[1]], axis=-1)
        pi = self.constant("pi", logits)
        negative = (1 - pi) * ops.divide_no_nan(negative, _rows(negative))
        positive = pi * ops.divide_no_nan(positive, _rows(positive))
        both = positive + negative
        value = self.of_batch(ops.divide_no_nan(positive, both), z, of_mean_one(both))
        fixed = ops.stop_gradient(logits)
        after = [_latest(fixed, own, queue[..., side, 0, :], known[side]) for side, own in enumerate(sides)]
        return self.as_of_now(value, labels, logits, weights), ops.stack(after, axis=-3)

    def of_batch(self, labels: Tensor, logits: Tensor, weights: Tensor) -> Tensor:
        """See `WholeBatchLoss.of_batch`."""
        temperature = self.constant("temperature", logits)
        shape = ops.shape(logits + temperature + labels + weights)
        z, labels, weights = (ops.broadcast_to(each, shape) for each in (logits, labels, weights))
        positive, negative = weights * labels, weights * (1 - labels)
        total = ops.maximum(batch_sum(positive), SMALLEST)[..., None]
        fixed = ops.stop_gradient(z)
        scale = (temperature + ops.zeros_like(total[..., 0]))[..., None]

        def of_some(u: Tensor, differences: Tensor) -> tuple[Tensor, Tensor]:
            above, below = ops.sigmoid(differences / scale), ops.sigmoid(-differences / scale)
            # Each row is among those that it is compared with, half above itself: the other half makes it whole.
            rank = ops.sum(above * weights[..., None, :], axis=-1)[..., None] + u[..., None] / 2
            rank = ops.maximum(rank, SMALLEST)
            outranked = ops.sum(above * negative[..., None, :], axis=-1)[..., None] / rank
            share = u[..., None] / total
            slopes = (
                share / (rank * scale) * above * below * (negative[..., None, :] - weights[..., None, :] * outranked)
            )
            return ops.sum(share * outranked, axis=(-2, -1))[..., None], slopes

        value, gradient = over_positives(fixed, positive, of_some)
        return ops.stop_gradient(value) + batch_sum(only_slope(gradient, z))


def _rows(weights: Tensor) -> Tensor:
    """How many rows have a weight, (..., 1)."""
    return batch_sum(ops.cast(weights > 0, weights.dtype))


def _latest(logits: Tensor, weights: Tensor, queued: Tensor, known: Tensor) -> Tensor:
    """The first rows that have a weight, of the batch and then of the queue, as many as the queue holds.

    Args:
        logits, weights: (..., batch).
        queued, known: logits and weights of the queue, (..., memory).

    Returns:
        (..., 2, memory): logits and weights.
    """
    every, of_every = ops.concatenate([logits, queued], axis=-1), ops.concatenate([weights, known], axis=-1)
    rows = of_every.shape[-1] if of_every.shape[-1] is not None else ops.shape(of_every)[-1]
    place = ops.arange(rows, dtype="int32")
    # All places differ, so that any sort is stable.
    order = ops.argsort(ops.where(of_every > 0, place, place + rows), axis=-1)[..., : known.shape[-1]]
    return ops.stack([ops.take_along_axis(each, order, axis=-1) for each in (every, of_every)], axis=-2)
