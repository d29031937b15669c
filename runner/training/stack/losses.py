"""The losses of K members on one (K, batch) tensor of logits: losses that differ in numbers only are one call."""

from __future__ import annotations

from runner.training.runtime import keras, tf

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

import numpy as np
from keras import ops

from losses.base import SigmoidLoss, logits_of
from losses.catalogue import CATALOGUE
from losses.shape import wants_logits
from losses.whole_batch import WholeBatchLoss
from runner.training.trainer import as_of_epoch, memory_of

Tensor = Any

ELEMENTWISE = (keras.losses.BinaryCrossentropy, keras.losses.BinaryFocalCrossentropy)
"""Keras's own losses that take any leading axes and reduce the last: (K, batch, 1) to (K, batch)."""

Form = Literal["ours", "keras", "single"]


@dataclass(frozen=True)
class LossGroup:
    """Neighbours in the stack whose losses are one object.

    Attributes:
        loss: for all of them; hyper-parameters in which they differ are (k, 1) arrays.
        members: which, as a slice of the stack.
        form: `ours` (one of the catalogue), `keras` (one of ELEMENTWISE), `single` (any other loss, of one member,
            called as `fit` would).
    """

    loss: keras.losses.Loss
    members: slice
    form: Form

    def __call__(self, labels: Tensor, logits: Tensor, weights: Tensor | None) -> Tensor:
        """The loss of each member.

        Args:
            labels, logits: (k, batch).
            weights: (k, batch) sample weights, or None.

        Returns:
            (k,) means over the batch, as `fit` computes them.
        """
        if self.form == "single":
            predictions = logits[0, :, None] if wants_logits(self.loss) else tf.sigmoid(logits[0, :, None])
            own = None if weights is None else weights[0]
            return tf.reshape(self.loss(labels[0, :, None], predictions, sample_weight=own), (1,))
        if self.form == "keras":
            columns = logits[..., None]
            # `keras.activations.sigmoid` tags its result with the logits, which the loss then uses.
            predictions = columns if wants_logits(self.loss) else keras.activations.sigmoid(columns)
            return _mean(self.loss.call(labels[..., None], predictions), weights, self.loss.reduction)
        assert isinstance(self.loss, SigmoidLoss)
        if not self.loss.from_logits:
            logits = logits_of(ops.sigmoid(logits))
        if isinstance(self.loss, WholeBatchLoss):
            values = (
                self.loss.compute(labels, logits) if weights is None else self.loss.weighted(labels, logits, weights)
            )
            return values[..., 0]
        return _mean(self.loss.compute(labels, logits), weights, self.loss.reduction)

    def remembering(
        self, labels: Tensor, logits: Tensor, weights: Tensor | None, queue: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The loss of each member, (k,), and what it remembers afterwards; for a loss that has a memory."""
        predictions = logits if wants_logits(self.loss) else ops.sigmoid(logits)
        values, after = self.loss.remembering(labels, predictions, weights, queue)
        return values[..., 0], after


class StackedLosses:
    """The losses of a whole stack.

    Args:
        losses: one a member, those with equal keys next to each other: see `grouped_order`.

    Attributes:
        groups: neighbours that are one call.
        signature: equal for losses that compute the same; None where one is a user's own, whose name and config may
            not say all.
    """

    def __init__(self, losses: Sequence[keras.losses.Loss]) -> None:
        self.groups: list[LossGroup] = []
        start = 0
        for _, equal in groupby(losses, loss_key):
            for loss, size, form in _combined(list(equal)):
                self.groups.append(LossGroup(loss, slice(start, start + size), form))
                start += size
        described = [[each.members.stop, type(each.loss).__name__, _config(each.loss)] for each in self.groups]
        own = any(each.form == "single" for each in self.groups)
        self.signature = None if own else json.dumps(described, default=str)

    def __call__(self, labels: Tensor, logits: Tensor, weights: Tensor | None) -> Tensor:
        """(K,) losses of (K, batch) labels and logits; see `LossGroup`."""

        def part(tensor: Tensor | None, members: slice) -> Tensor | None:
            # Labels that all members share have one row.
            return None if tensor is None else tensor if tensor.shape[0] == 1 else tensor[members]

        size = logits.shape[0]
        labels = tf.broadcast_to(labels, (size, labels.shape[-1]))
        weights = None if weights is None else tf.broadcast_to(weights, (size, weights.shape[-1]))
        values = [
            group(part(labels, group.members), logits[group.members], part(weights, group.members))
            for group in self.groups
        ]
        return tf.concat(values, 0)

    def remembering(
        self, labels: Tensor, logits: Tensor, weights: Tensor | None, queue: Tensor | None
    ) -> tuple[Tensor, Tensor | None]:
        """(K,) losses of a training step, and what the losses remember after it.

        Args:
            labels, logits, weights: see `__call__`.
            queue: (K, 2, 2, memory), as long as the longest memory; None where no loss has one.
        """
        if queue is None:
            return self(labels, logits, weights), None
        size = logits.shape[0]
        labels = tf.broadcast_to(labels, (size, labels.shape[-1]))
        weights = None if weights is None else tf.broadcast_to(weights, (size, weights.shape[-1]))
        values, queues = [], []
        for group in self.groups:
            own = group.members
            given = labels[own], logits[own], None if weights is None else weights[own]
            before = queue[own]
            if length := memory_of(group.loss):
                value, after = group.remembering(*given, before[..., :length])
                before = tf.concat([after, before[..., length:]], -1)
            else:
                value = group(*given)
            values.append(value)
            queues.append(before)
        return tf.concat(values, 0), tf.concat(queues, 0)

    def begin_epoch(self, epoch: int) -> None:
        """Tells losses that change with time; epochs count from 0."""
        for group in self.groups:
            as_of_epoch(group.loss, epoch + 1)


def grouped_order(losses: Sequence[keras.losses.Loss]) -> list[int]:
    """Indices of the losses in an order in which those with equal keys are neighbours; stable."""
    keys = [loss_key(loss) for loss in losses]
    first = {key: index for index, key in reversed(list(enumerate(keys)))}
    return sorted(range(len(losses)), key=lambda index: first[keys[index]])


def loss_key(loss: keras.losses.Loss) -> str:
    """Equal for losses that one call computes for several members of a stack."""
    kind = type(loss)
    name = f"{kind.__module__}.{kind.__qualname__}"
    if _is_single(loss):
        return f"{name} {id(loss)}"
    if kind in ELEMENTWISE:
        return f"{name} {json.dumps(_config(loss), default=str)}"
    # Numbers may differ between members; words, counts, and which numbers there are, may not.
    domains = CATALOGUE[kind.__name__].arguments
    fixed = {
        key: "number" if _is_number(value) and not getattr(domains.get(key), "whole", True) else value
        for key, value in _config(loss).items()
    }
    return f"{name} {json.dumps(fixed, default=str)}"


def _combined(losses: list[keras.losses.Loss]) -> list[tuple[keras.losses.Loss, int, Form]]:
    """(loss, number of members, form) of the groups that losses with equal keys make."""
    kind = type(losses[0])
    if _is_single(losses[0]):
        return [(loss, 1, "single") for loss in losses]
    if kind in ELEMENTWISE:
        return [(losses[0], len(losses), "keras")]
    configs = [_config(loss) for loss in losses]
    merged = dict(configs[0])
    for name, first in configs[0].items():
        if any(config[name] != first for config in configs):
            merged[name] = [[float(config[name])] for config in configs]
    return [(kind.from_config(merged), len(losses), "ours")]


def _is_single(loss: keras.losses.Loss) -> bool:
    """Whether a loss can be called for one member alone."""
    if type(loss) not in ELEMENTWISE and not _listed(type(loss)):
        return True  # a user's own: its config may not say all, and its formula may reduce
    # Several losses in one: what they mean is for the loss to say.
    return any(isinstance(value, list) for value in _config(loss).values())


def _listed(kind: type) -> bool:
    return kind.__module__.split(".")[0] == "losses" and kind.__name__ in CATALOGUE


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)


def _config(loss: keras.losses.Loss) -> dict[str, Any]:
    config = dict(loss.get_config())
    config.pop("name", None)  # says nothing about the values
    dtype = config.pop("dtype", None)
    return {**config, "dtype": getattr(dtype, "name", dtype)}


def _mean(losses: Tensor, weights: Tensor | None, reduction: str) -> Tensor:
    """The mean over the batch, as Keras reduces: weighted losses are divided by the number of rows."""
    if weights is None:
        return tf.reduce_mean(losses, -1)
    total = tf.reduce_sum(losses * weights, -1)
    if reduction == "mean_with_sample_weight":
        return tf.math.divide_no_nan(total, tf.reduce_sum(weights, -1))
    return total / tf.cast(tf.shape(losses)[-1], losses.dtype)
