"""Gradient harmonising: examples weigh by how rare their gradient is in the batch."""

from __future__ import annotations

from typing import Any, Unpack

import keras
from keras import ops

from losses.base import Tensor
from losses.crossentropy import crossentropy
from losses.whole_batch import WholeBatchArguments, WholeBatchLoss, batch_sum


@keras.saving.register_keras_serializable("losses")
class GHMLoss(WholeBatchLoss):
    """Cross-entropy over the density of gradients in the batch (Li et al. 2019, the GHM-C loss, equations 6 to 10):
    sum of BCE_i / GD(g_i), g = |p - y|, where GD(g) is the weight of the rows in g's bin times `bins`.

    [0, 1] is cut into `bins`, and each bin pulls alike: the many easy negatives share one, and so do wrong labels at
    the other end. With `counted=occupied` the density is taken with the number of bins that hold a row in place of
    `bins`, as the authors' code does: the loss is larger by their ratio, which differs from batch to batch. The density
    is a weight and is not differentiated. The paper's momentum over batches is left out: a loss here has no memory.

    Use it where easy negatives swamp training and some labels are wrong; batches must be large against `bins`. No
    inverse map: evaluation calibrates on validation. Whole batch. A batch without a positive is nothing special.

    Args:
        bins: whole number >= 1; the paper's 30.
        counted: `all` bins, as the paper counts, or the `occupied` ones.
        **arguments: see `losses.whole_batch.WholeBatchArguments`.

    Raises:
        ValueError: `bins` is an array; it decides the shape of a table.

    Example:
        >>> import losses
        >>> print(f"{float(losses.GHMLoss(bins=10)([1.0, 0.0, 0.0], [2.0, -2.0, 0.0])):.6f}")
        0.082008
    """

    bins: int
    counted: str

    def __init__(self, bins: int = 30, counted: str = "all", **arguments: Unpack[WholeBatchArguments]) -> None:
        super().__init__(bins=bins, counted=counted, **arguments)
        if self.stacked:
            raise ValueError(f"Argument `bins` of GHMLoss must be one number. Received: bins={bins}")

    @property
    def in_force(self) -> dict[str, Any]:
        """See `SigmoidLoss.in_force`."""
        return {name: value for name, value in super().in_force.items() if (name, value) != ("counted", "all")}

    def of_batch(self, labels: Tensor, logits: Tensor, weights: Tensor) -> Tensor:
        """See `WholeBatchLoss.of_batch`."""
        bins = int(self.bins)
        gradient = ops.abs(ops.sigmoid(logits) - labels)
        chosen = ops.cast(ops.clip(ops.floor(gradient * bins), 0, bins - 1), "int32")
        chosen = ops.one_hot(chosen, bins, dtype=logits.dtype)
        in_bin = ops.einsum("...nb,...n->...b", chosen, weights)
        counted = bins if self.counted == "all" else batch_sum(ops.cast(in_bin > 0, logits.dtype))
        density = ops.stop_gradient(counted * ops.einsum("...nb,...b->...n", chosen, in_bin))
        return batch_sum(ops.divide_no_nan(weights, density) * crossentropy(labels, logits))
