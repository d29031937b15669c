"""Average precision, made smooth."""

from __future__ import annotations

from typing import Unpack

import keras
from keras import ops

from losses.base import Hyperparameter, Tensor, only_slope
from losses.pairwise import over_positives
from losses.whole_batch import SMALLEST, WholeBatchArguments, WholeBatchLoss, batch_sum


@keras.saving.register_keras_serializable("losses")
class SmoothAPLoss(WholeBatchLoss):
    """1 minus the smooth average precision of the batch (Brown et al. 2020): the mean over positives
    of (1 + sum of G over the other positives) / (1 + sum of G over all other rows), G = sigmoid((z_j - z_i) /
    temperature) in place of 1 where j is ranked above i.

    A positive counts the more the nearer it is to the top, as in average precision, where ROC AUC counts all pairs
    alike. Use it where the top of the ranking is what counts, with batches that hold several positives. The average
    precision of a batch is larger than that of all rows if the batch has a larger share of positives, and its gradient
    is another. Not monotone: a positive that draws ahead of a tie of positives can cost. Only the order is learnt: no
    inverse map. Whole batch; time grows with positives x rows, memory with rows. The paper's queue of earlier batches
    is left out.

    A weighted row counts as many as its weight, itself included in its own rank; two rows of one logit stand half above
    each other instead. Of a soft label, row and rank are in part positive and in part negative. Without a positive the
    value is 0 and so is the gradient. The gradient is computed with the value, in closed form; it cannot be
    differentiated again.

    Args:
        temperature: > 0, in logits. The smaller, the nearer to average precision and the fewer pairs pull; the paper's
            0.01 is for cosine similarities.
        **arguments: see `losses.whole_batch.WholeBatchArguments`.

    Example:
        >>> import losses
        >>> print(f"{float(losses.SmoothAPLoss(temperature=1.0)([1.0, 0.0, 0.0], [2.0, -2.0, 0.0])):.6f}")
        0.120639
    """

    temperature: Hyperparameter

    def __init__(self, temperature: Hyperparameter = 0.5, **arguments: Unpack[WholeBatchArguments]) -> None:
        super().__init__(temperature=temperature, **arguments)

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
