"""Losses that are scores of the confusion matrix, made smooth: probabilities in place of decisions.

Notation: TP = sum of y p, FP = sum of (1-y) p, FN = sum of y (1-p), TN = sum of (1-y)(1-p), over the batch.
"""

from __future__ import annotations

from typing import Unpack

import keras
from keras import ops

from losses.base import Hyperparameter, Tensor
from losses.focal import power
from losses.whole_batch import SMALLEST, WholeBatchArguments, WholeBatchLoss, batch_sum, soft_counts


def tversky_distance(
    labels: Tensor, logits: Tensor, weights: Tensor, *, alpha: Tensor, beta: Tensor, smooth: Tensor
) -> Tensor:
    """1 - (TP + smooth) / (TP + alpha FP + beta FN + smooth), as (alpha FP + beta FN) over the same denominator.

    Args:
        labels, logits, weights: (..., batch).
        alpha, beta, smooth: at least 0.

    Returns:
        (..., 1) in [0, 1]; the second form keeps its digits where the first is 1 - 1.
    """
    hits, false_alarms, misses, _ = soft_counts(labels, logits, weights)
    errors = alpha * false_alarms + beta * misses
    return errors / ops.maximum(hits + errors + smooth, SMALLEST)


@keras.saving.register_keras_serializable("losses")
class DiceLoss(WholeBatchLoss):
    """1 - (2 TP + smooth) / (2 TP + FP + FN + smooth): soft Dice, which is soft F1 (Pastor-Pellicer et al. 2013;
    Milletari et al. 2016, with p for p^2 in the denominator).

    True negatives do not occur in it, so that a sea of them costs nothing. Use it where F1 is the aim and batches are
    large; probabilities run to 0 and 1, and there is no inverse map: evaluation calibrates on validation. Whole batch.

    Without a positive in the batch it is FP / (FP + smooth): with smooth > 0 it still pushes negatives down, with
    smooth = 0 it is the constant 1 and its gradient 0.

    Args:
        smooth: added to both sides of the fraction, in rows, >= 0.
        **arguments: see `losses.whole_batch.WholeBatchArguments`.

    Example:
        >>> import losses
        >>> print(f"{float(losses.DiceLoss(smooth=0.0)([1.0, 0.0, 0.0], [2.0, -2.0, 0.0])):.6f}")
        0.295362
    """

    smooth: Hyperparameter

    def __init__(self, smooth: Hyperparameter = 1.0, **arguments: Unpack[WholeBatchArguments]) -> None:
        super().__init__(smooth=smooth, **arguments)

    def of_batch(self, labels: Tensor, logits: Tensor, weights: Tensor) -> Tensor:
        """See `WholeBatchLoss.of_batch`."""
        smooth = self.constant("smooth", logits) / 2  # both sides of the fraction are halved
        return tversky_distance(labels, logits, weights, alpha=0.5, beta=0.5, smooth=smooth)


@keras.saving.register_keras_serializable("losses")
class TverskyLoss(WholeBatchLoss):
    """1 - (TP + smooth) / (TP + alpha FP + beta FN + smooth) (Salehi et al. 2017, equations 1, 3).

    alpha = beta = 1/2 is Dice (whose `smooth` is twice this one), alpha = beta = 1 Jaccard. beta > alpha makes misses
    dearer than false alarms. Articles swap the two letters: here, as in the paper, alpha is the false alarms'.

    Use it as Dice, where recall counts more. No inverse map. Whole batch; without a positive see `DiceLoss`.

    Args:
        alpha: price of a false alarm, >= 0.
        beta: price of a miss, >= 0; the paper's best were 0.3 and 0.7.
        smooth: in rows, >= 0.
        **arguments: see `losses.whole_batch.WholeBatchArguments`.

    Example:
        >>> import losses
        >>> print(f"{float(losses.TverskyLoss(smooth=0.0)([1.0, 0.0, 0.0], [2.0, -2.0, 0.0])):.5f}")
        0.23409
    """

    alpha: Hyperparameter
    beta: Hyperparameter
    smooth: Hyperparameter

    def __init__(
        self,
        alpha: Hyperparameter = 0.3,
        beta: Hyperparameter = 0.7,
        smooth: Hyperparameter = 1.0,
        **arguments: Unpack[WholeBatchArguments],
    ) -> None:
        super().__init__(alpha=alpha, beta=beta, smooth=smooth, **arguments)

    def of_batch(self, labels: Tensor, logits: Tensor, weights: Tensor) -> Tensor:
        """See `WholeBatchLoss.of_batch`."""
        prices = {name: self.constant(name, logits) for name in ("alpha", "beta", "smooth")}
        return tversky_distance(labels, logits, weights, **prices)


@keras.saving.register_keras_serializable("losses")
class FocalTverskyLoss(WholeBatchLoss):
    """The Tversky loss to the power 1/gamma (Abraham and Khan 2019, equation 4).

    gamma > 1 makes the slope steeper the closer the batch is to perfect. The paper's letters are swapped: its alpha,
    the price of a miss, is `beta` here, as in `TverskyLoss`.

    Use it where Tversky stops learning too early. No inverse map. Whole batch; without a positive see `DiceLoss`.

    Args:
        alpha: price of a false alarm, >= 0.
        beta: price of a miss, >= 0.
        gamma: > 0; the paper's range is 1 to 3, its best 4/3.
        smooth: in rows, >= 0.
        **arguments: see `losses.whole_batch.WholeBatchArguments`.

    Example:
        >>> import losses
        >>> print(f"{float(losses.FocalTverskyLoss(smooth=0.0)([1.0, 0.0, 0.0], [2.0, -2.0, 0.0])):.5f}")
        0.33654
    """

    alpha: Hyperparameter
    beta: Hyperparameter
    gamma: Hyperparameter
    smooth: Hyperparameter

    def __init__(
        self,
        alpha: Hyperparameter = 0.3,
        beta: Hyperparameter = 0.7,
        gamma: Hyperparameter = 4 / 3,
        smooth: Hyperparameter = 1.0,
        **arguments: Unpack[WholeBatchArguments],
    ) -> None:
        super().__init__(alpha=alpha, beta=beta, gamma=gamma, smooth=smooth, **arguments)

    def of_batch(self, labels: Tensor, logits: Tensor, weights: Tensor) -> Tensor:
        """See `WholeBatchLoss.of_batch`."""
        prices = {name: self.constant(name, logits) for name in ("alpha", "beta", "smooth")}
        distance = tversky_distance(labels, logits, weights, **prices)
        return power(distance, 1 / self.constant("gamma", logits))


@keras.saving.register_keras_serializable("losses")
class SoftMCCLoss(WholeBatchLoss):
    """1 - MCC with probabilities for decisions (Abhishek and Hamarneh 2021):
    MCC = (TP TN - FP FN) / sqrt((TP+FP)(TP+FN)(TN+FP)(TN+FN)).

    It is 1 minus the correlation of labels and probabilities but for the probabilities' spread: all four cells of the
    table count, and a constant prediction scores 1. Use it where MCC is the aim and batches are large. No inverse map.
    Whole batch.

    A batch of one class has no correlation: the value is 1 and the gradient 0. Use stratified batches.

    Args:
        **arguments: see `losses.whole_batch.WholeBatchArguments`.

    Example:
        >>> import losses
        >>> print(f"{float(losses.SoftMCCLoss()([1.0, 0.0, 0.0], [2.0, -2.0, 0.0])):.6f}")
        0.461472
    """

    def __init__(self, **arguments: Unpack[WholeBatchArguments]) -> None:
        super().__init__(**arguments)

    def of_batch(self, labels: Tensor, logits: Tensor, weights: Tensor) -> Tensor:
        """See `WholeBatchLoss.of_batch`."""
        # Shares of the batch, at most 1, whose products cannot overflow.
        shares = ops.divide_no_nan(weights, batch_sum(weights))
        return 1 - correlation(*soft_counts(labels, logits, shares))


def correlation(hits: Tensor, false_alarms: Tensor, misses: Tensor, rejections: Tensor) -> Tensor:
    """The Matthews correlation of a confusion matrix whose four cells are shares of the rows; 0 of one class."""
    called, there = (hits + false_alarms), (hits + misses)
    spared, absent = (rejections + misses), (rejections + false_alarms)
    # Two roots, not one of the product of four, which would underflow first.
    spread = ops.sqrt(ops.maximum(called * spared, SMALLEST)) * ops.sqrt(ops.maximum(there * absent, SMALLEST))
    return (hits * rejections - false_alarms * misses) / spread
