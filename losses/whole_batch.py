"""The base class of losses whose value belongs to a batch, not to an example."""

from __future__ import annotations

import warnings
from typing import Any

import keras
import numpy as np
from keras import ops

from losses.base import LossArguments, SigmoidLoss, Tensor, logits_of
from losses.crossentropy import crossentropy

SMALLEST = 1e-15
"""Keeps a denominator from 0. Its square, by which gradients are divided, is still a number in float32."""


class WholeBatchArguments(LossArguments, total=False):
    """The arguments every loss of a whole batch takes besides its own, all by keyword: those of `LossArguments`, and

    warmup_epochs: in so many epochs training goes from cross-entropy to the loss; 0, the default, begins with it.
    """

    warmup_epochs: int


class WholeBatchLoss(SigmoidLoss):
    """A loss that is one number for a whole batch: overlap, correlation, ranking.

    To write one, define `of_batch` instead of `compute`. The value depends on which rows share a batch: the mean over
    batches is not the value of all rows together, and curves of different batch sizes are not comparable. One output
    only. With few positives many batches hold none: every loss here is finite there, and says what it does;
    `trainer.stratified_batches=true` puts positives into every batch.

    Sample weights, (batch,) or (batch, 1), belong inside the formula: a row of weight 2 counts as two rows, exactly so
    where nothing is added to the counts (`smooth` of dice and its relatives is, and 0 makes them exact). Only their
    ratios matter; they are scaled to mean 1. A scalar weight multiplies the loss, as in Keras. A reduction has nothing
    to reduce, but over array hyper-parameters.

    Many of these losses have little to learn from before the network tells the classes apart. With `warmup_epochs` = n
    the loss of epoch e, from 0, is (1 - e/n) cross-entropy + e/n of itself, and itself from epoch n on. A trainer tells
    the epoch by calling `begin_epoch`, without which it stays cross-entropy. Under JAX a compiled training step keeps
    the share it was compiled with, and `begin_epoch` can only warn.

    Args:
        warmup_epochs: whole number >= 0.
        **arguments: the loss's own hyper-parameters, and those of `losses.base.LossArguments`.
    """

    whole_batch = True
    warmup_epochs: int

    def __init__(self, *, warmup_epochs: int = 0, **arguments: Any) -> None:
        super().__init__(warmup_epochs=warmup_epochs, **arguments)
        if np.ndim(warmup_epochs):
            raise ValueError(
                f"Argument `warmup_epochs` of {type(self).__name__} must be one number. "
                f"Received: warmup_epochs={warmup_epochs}"
            )
        if warmup_epochs:
            # A variable, because training has compiled the formula by the time the epoch comes.
            self._share = keras.Variable(0.0, trainable=False, dtype="float32", name="share_of_the_loss")

    @property
    def in_force(self) -> dict[str, Any]:
        """See `SigmoidLoss.in_force`."""
        return {name: value for name, value in super().in_force.items() if name != "warmup_epochs" or value}

    def begin_epoch(self, epoch: int) -> None:
        """Told by the trainer before each epoch; epochs count from 0.

        Warns:
            UserWarning: the share of the loss changes under JAX, where no compiled training step will see it.
        """
        if not self.warmup_epochs:
            return
        share = min(1.0, epoch / self.warmup_epochs)
        if keras.config.backend() == "jax" and abs(share - float(self._share.value)) > 1e-6:
            warnings.warn(
                f"Under JAX a compiled training step keeps the share of cross-entropy that {type(self).__name__} had "
                f"when it was compiled: in epoch {epoch} compile the model again",
                stacklevel=2,
            )
        self._share.assign(share)

    def of_batch(self, labels: Tensor, logits: Tensor, weights: Tensor) -> Tensor:
        """The loss of each batch.

        Args:
            labels: (..., batch), in [0, 1].
            logits: (..., batch).
            weights: (..., batch), at least 0, with mean 1 (or all 0).

        Returns:
            (..., 1): the batch axis stays, so that hyper-parameters broadcast.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define `of_batch`")

    def compute(self, labels: Tensor, logits: Tensor) -> Tensor:
        """The loss of each batch of unweighted rows: (..., batch) to (..., 1)."""
        return self._of_batch_now(labels, logits, ops.ones_like(logits))

    def __call__(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor | None = None) -> Tensor:
        """The loss of the batch, a scalar; (1,) if `reduction` is None, one value a loss with array hyper-parameters.

        Raises:
            ValueError: several outputs, weights that do not fit the rows, or masked predictions.
        """
        if has_mask(y_pred):
            raise ValueError(f"{type(self).__name__} takes no masked predictions: give masked rows the weight 0")
        if sample_weight is None:
            return super().__call__(y_true, y_pred)
        weights = ops.convert_to_tensor(sample_weight, dtype=self.dtype)
        if len(weights.shape) == 0:
            return super().__call__(y_true, y_pred, sample_weight=ops.reshape(weights, (1,)))
        # Keras would multiply the result by the weights. They belong into the formula, so they go with the labels.
        return super().__call__({"labels": y_true, "weights": weights}, y_pred)

    def call(self, y_true: Tensor | dict[str, Tensor], y_pred: Tensor) -> Tensor:
        """See `__call__`; (1,), or the leading shape of array hyper-parameters."""
        labels, weights = (y_true["labels"], y_true["weights"]) if isinstance(y_true, dict) else (y_true, None)
        labels, predictions = self.aligned(labels, y_pred)
        weights = ops.ones_like(predictions) if weights is None else self._row_weights(weights, predictions)
        logits = predictions if self.from_logits else logits_of(predictions)
        value = self.weighted(labels, logits, weights)
        return ops.squeeze(value, -1) if self.stacked else value

    def weighted(self, labels: Tensor, logits: Tensor, weights: Tensor) -> Tensor:
        """`of_batch` with weights of any mean, which are scaled to mean 1: (..., batch) to (..., 1)."""
        return self._of_batch_now(labels, logits, of_mean_one(weights))

    def _of_batch_now(self, labels: Tensor, logits: Tensor, weights: Tensor) -> Tensor:
        return self.as_of_now(self.of_batch(labels, logits, weights), labels, logits, weights)

    def as_of_now(self, value: Tensor, labels: Tensor, logits: Tensor, weights: Tensor) -> Tensor:
        """A value of the loss, (..., 1); while it warms up, with cross-entropy beside it."""
        if not self.warmup_epochs:
            return value
        share = ops.cast(self._share, logits.dtype)
        plain = batch_mean(crossentropy(labels, logits), weights)
        return share * value + (1 - share) * plain

    def aligned(self, labels: Tensor, predictions: Tensor) -> tuple[Tensor, Tensor]:
        """See `SigmoidLoss.aligned`; a column becomes a row."""
        labels, predictions = super().aligned(labels, predictions)
        if self.stacked:
            return labels, predictions
        if len(predictions.shape) > 1 and tuple(predictions.shape[1:]) != (1,):
            raise ValueError(
                f"{type(self).__name__} compares the rows of one output. "
                f"Received: predictions of shape {tuple(predictions.shape)}"
            )
        return ops.reshape(labels, (-1,)), ops.reshape(predictions, (-1,))

    def _row_weights(self, weights: Tensor, predictions: Tensor) -> Tensor:
        given = tuple(weights.shape)
        if not self.stacked and given[1:] == (1,):
            weights = weights[:, 0]
        rows, expected = weights.shape[-1], predictions.shape[-1]
        if (len(given) > 1 and given[1:] != (1,) and not self.stacked) or (
            rows is not None and expected is not None and rows != expected
        ):
            raise ValueError(
                f"Sample weights must be one a row. Received: sample_weight of shape {given}, {expected} predictions"
            )
        return ops.broadcast_to(weights, ops.shape(predictions))


def has_mask(predictions: Tensor) -> bool:
    """Whether a layer such as `keras.layers.Masking` has left a mask on the predictions.

    Keras says it nowhere in public, so its private attribute is read, here and nowhere else; a test with a masking
    layer fails when Keras moves it.
    """
    return getattr(predictions, "_keras_mask", None) is not None


def of_mean_one(weights: Tensor) -> Tensor:
    """The weights of each batch, (..., batch), scaled to mean 1; 0 where all are."""
    return ops.divide_no_nan(weights, batch_sum(weights) / batch_sum(ops.ones_like(weights)))


def batch_sum(values: Tensor) -> Tensor:
    """Sum over the batch axis, which stays with length 1."""
    return ops.sum(values, axis=-1, keepdims=True)


def batch_mean(values: Tensor, weights: Tensor) -> Tensor:
    """The mean over the batch by weight, (..., 1); 0 where all weights are."""
    return batch_sum(ops.divide_no_nan(weights, batch_sum(weights)) * values)


def worst(keys: Tensor, weights: Tensor, share: Tensor) -> Tensor:
    """The weights of the rows with the highest keys, up to `share` of all weight, scaled to sum 1; others have 0.

    The row on the boundary keeps a part of its weight. Found by sorting, O(n log n), and not differentiated.

    Args:
        keys, weights: (..., batch).
        share: in (0, 1].

    Returns:
        (..., batch); all 0 where the weights are.
    """
    weights = ops.stop_gradient(ops.divide_no_nan(weights, batch_sum(weights)))
    order = ops.argsort(ops.stop_gradient(-keys), axis=-1)
    in_order = ops.take_along_axis(weights, order, axis=-1)
    before = ops.cumsum(in_order, axis=-1) - in_order
    kept = ops.maximum(ops.minimum(in_order, share - before), 0.0)
    return ops.take_along_axis(kept / ops.maximum(batch_sum(kept), SMALLEST), ops.argsort(order, axis=-1), axis=-1)


def soft_counts(
    labels: Tensor, logits: Tensor, weights: Tensor, decisions: tuple[Tensor, Tensor] | None = None
) -> tuple[Any, Any, Any, Any]:
    """(TP, FP, FN, TN) with probabilities for decisions: TP = sum of w y p, FP = sum of w (1-y) p, and so on.

    Args:
        labels, logits, weights: (..., batch).
        decisions: what stands for p and 1-p, if not the sigmoid's.

    Returns:
        Four tensors (..., 1). They add up to the sum of the weights.
    """
    # 1 - p would lose the digits of a sure decision
    positive, negative = decisions or (ops.sigmoid(logits), ops.sigmoid(-logits))
    of_positives, of_negatives = weights * labels, weights * (1 - labels)
    return (
        batch_sum(of_positives * positive),
        batch_sum(of_negatives * positive),
        batch_sum(of_positives * negative),
        batch_sum(of_negatives * negative),
    )
