"""Other averages of the log losses of a batch than the mean: those in which the worst rows count more.

Notation: l_i cross-entropy of row i, w_i its share of the batch's weight.
"""

from __future__ import annotations

from typing import Unpack

import keras
import numpy as np
from keras import ops

from losses.base import Hyperparameter, Tensor
from losses.crossentropy import crossentropy
from losses.whole_batch import WholeBatchArguments, WholeBatchLoss, batch_sum, worst

_NEXT_TO_ZERO = 1e-30  # stands for a tilt of 0 in log(mean of exp(t l)) / t, and gives the mean to the last digit


@keras.saving.register_keras_serializable("losses")
class TiltedLoss(WholeBatchLoss):
    """log(sum of w_i exp(t l_i)) / t, the tilted average of the batch's log losses (Li et al. 2021, TERM).

    t = 0 is their mean, and t towards infinity their maximum: the gradient of a row is weighted by exp(t l_i), so that
    for t > 0 the rows that are predicted worst count more, often the rare class's. For t < 0 they count less, which
    forgives wrong labels. Use it, with t > 0, where every kind of row must be predicted tolerably and labels are clean.

    For large batches it is least at the logit of P(y=1|x) divided by 1 + t; for small ones nearer to the logit itself,
    so there is no inverse map, and evaluation calibrates on validation. Whole batch, O(n). A batch without a positive
    is nothing special.

    Args:
        t: the tilt, above -1: below, no probability minimises it.
        **arguments: see `losses.whole_batch.WholeBatchArguments`.

    Example:
        >>> import losses
        >>> print(f"{float(losses.TiltedLoss(t=1.0)([1.0, 0.0, 0.0], [2.0, -2.0, 0.0])):.6f}")
        0.353159
    """

    t: Hyperparameter

    def __init__(self, t: Hyperparameter = 1.0, **arguments: Unpack[WholeBatchArguments]) -> None:
        super().__init__(t=t, **arguments)

    def of_batch(self, labels: Tensor, logits: Tensor, weights: Tensor) -> Tensor:
        """See `WholeBatchLoss.of_batch`."""
        tilt = np.asarray(self.t, float)
        t = ops.convert_to_tensor(np.where(np.abs(tilt) < _NEXT_TO_ZERO, _NEXT_TO_ZERO, tilt), logits.dtype)
        shares = ops.divide_no_nan(weights, batch_sum(weights))
        tilted = t * crossentropy(labels, logits)
        # A row without weight must not be the largest, next to which all others vanish.
        largest = ops.stop_gradient(
            ops.max(ops.where(shares > 0, tilted, ops.min(tilted, axis=-1, keepdims=True)), axis=-1, keepdims=True)
        )
        away = ops.where(shares > 0, tilted - largest, 0.0)
        # Of two equal forms: the first where all exponentials are near 1, the second where most are near 0.
        near = batch_sum(shares * ops.expm1(away))
        far = batch_sum(shares * ops.exp(away))
        any_weight = ops.cast(batch_sum(shares) > 0, logits.dtype)
        logarithm = ops.where(near > -0.5, ops.log1p(ops.maximum(near, -0.5)), ops.log(ops.maximum(far, _NEXT_TO_ZERO)))
        return any_weight * (largest + logarithm) / t


@keras.saving.register_keras_serializable("losses")
class CVaRLoss(WholeBatchLoss):
    """The mean of the worst log losses of the batch, a share `alpha` of its rows: the conditional value at risk (Levy
    et al. 2020).

    Rows that are predicted better than those do not count. It guards against the worst mixture of kinds of rows in
    which none is more than 1 / alpha times as frequent as in the data. Use it where no subgroup of rows may be
    neglected, with clean labels: wrong ones are among the worst rows.

    alpha = 1 is the log loss. No inverse map: evaluation calibrates on validation. Whole batch, O(n log n) by sorting;
    the row on the boundary counts in part. A batch without a positive is nothing special: its worst negatives count.

    Args:
        alpha: share of the rows, in (0, 1].
        **arguments: see `losses.whole_batch.WholeBatchArguments`.

    Example:
        >>> import losses
        >>> print(f"{float(losses.CVaRLoss(alpha=0.5)([1.0, 0.0, 0.0], [2.0, -2.0, 0.0])):.6f}")
        0.504407
    """

    alpha: Hyperparameter

    def __init__(self, alpha: Hyperparameter = 0.3, **arguments: Unpack[WholeBatchArguments]) -> None:
        super().__init__(alpha=alpha, **arguments)

    def of_batch(self, labels: Tensor, logits: Tensor, weights: Tensor) -> Tensor:
        """See `WholeBatchLoss.of_batch`."""
        alpha = self.constant("alpha", logits)
        each = crossentropy(labels, logits) + ops.zeros_like(alpha)
        return batch_sum(worst(each, weights + ops.zeros_like(each), alpha) * each)
