"""The losses of K members on one (K, batch) tensor of logits: members of one kind of loss are one call."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from keras import ops

from losses.base import SigmoidLoss, logits_of
from losses.catalogue import CATALOGUE
from losses.shape import wants_logits
from losses.whole_batch import WholeBatchLoss
from runner.training.runtime import keras, tf

Tensor = Any

ELEMENTWISE = (keras.losses.BinaryCrossentropy, keras.losses.BinaryFocalCrossentropy)
"""Keras's own losses that take any leading axes and reduce the last: (K, batch, 1) to (K, batch)."""


@dataclass(frozen=True)
class Family:
    """Neighbours in the stack whose losses are one object.

    Attributes:
        loss: for all of them; hyper-parameters in which they differ are (k, 1) arrays.
        members: which, as a slice of the stack.
        form: `rows` (a formula of ours on each row), `batch` (ours of a whole batch), `keras` (one of ELEMENTWISE),
            `alone` (any other loss of a single member, called as `fit` would).
    """

    loss: keras.losses.Loss
    members: slice
    form: str

    def __call__(self, labels: Tensor, logits: Tensor, weights: Tensor | None) -> Tensor:
        """The loss of each member.

        Args:
            labels, logits: (k, batch).
            weights: (k, batch) sample weights, or None.

        Returns:
            (k,) means over the batch, as `fit` computes them.
        """
        if self.form == "alone":
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


class Criteria:
    """The losses of a whole stack.

    Args:
        losses: one a member; `arranged` has put kin next to each other.
    """

    def __init__(self, losses: Sequence[keras.losses.Loss]) -> None:
        self.families: list[Family] = []
        start = 0
        for key, kin in groupby(losses, kind_of):
            group = list(kin)
            for loss, size, form in _joined(key, group):
                self.families.append(Family(loss, slice(start, start + size), form))
                start += size
        said = [
            [each.members.stop, type(each.loss).__name__, id(each.loss) if each.form == "alone" else _config(each.loss)]
            for each in self.families
        ]
        self.signature = json.dumps(said, default=str)

    def __call__(self, labels: Tensor, logits: Tensor, weights: Tensor | None) -> Tensor:
        """(K,) losses of (K, batch) labels and logits; see `Family`."""

        def part(tensor: Tensor | None, members: slice) -> Tensor | None:
            # Labels that all members share have one row.
            return None if tensor is None else tensor if tensor.shape[0] == 1 else tensor[members]

        size = logits.shape[0]
        labels = tf.broadcast_to(labels, (size, labels.shape[-1]))
        weights = None if weights is None else tf.broadcast_to(weights, (size, weights.shape[-1]))
        values = [
            family(part(labels, family.members), logits[family.members], part(weights, family.members))
            for family in self.families
        ]
        return tf.concat(values, 0)

    def begin_epoch(self, epoch: int) -> None:
        """Tells losses that change with time; epochs count from 0."""
        for family in self.families:
            if hasattr(family.loss, "begin_epoch"):
                family.loss.begin_epoch(epoch)


def arranged(losses: Sequence[keras.losses.Loss]) -> list[int]:
    """An order of the members in which kin are neighbours; stable."""
    firsts: dict[str, int] = {}
    keys = [kind_of(loss) for loss in losses]
    for place, key in enumerate(keys):
        firsts.setdefault(key, place)
    return sorted(range(len(losses)), key=lambda place: firsts[keys[place]])


def kind_of(loss: keras.losses.Loss) -> str:
    """Equal for losses that can be one object for several members."""
    kind = type(loss)
    name = f"{kind.__module__}.{kind.__qualname__}"
    alone = f"{name} alone {id(loss)}"
    if kind not in ELEMENTWISE and not _listed(kind):
        return alone  # a user's own: its config may not say all, and its formula may reduce
    config = _config(loss)
    if any(isinstance(value, list) for value in config.values()):
        return alone  # several losses in one: what they mean is for the loss to say
    if kind in ELEMENTWISE:
        return f"{name} {json.dumps(config, default=str)}"
    # Numbers may differ between members; words, counts, and which numbers there are, may not.
    domains = CATALOGUE[kind.__name__].arguments
    fixed = {
        key: "number" if _is_number(value) and not getattr(domains.get(key), "whole", True) else value
        for key, value in config.items()
    }
    return f"{name} {json.dumps(fixed, default=str)}"


def _joined(key: str, losses: list[keras.losses.Loss]) -> list[tuple[keras.losses.Loss, int, str]]:
    """(loss, number of members, form) of the families of some kin."""
    kind = type(losses[0])
    if kind in ELEMENTWISE:
        return [(losses[0], len(losses), "keras")]
    if f" alone {id(losses[0])}" in key:
        return [(loss, 1, "alone") for loss in losses]
    form = "batch" if isinstance(losses[0], WholeBatchLoss) else "rows"
    configs = [_config(loss) for loss in losses]
    merged = dict(configs[0])
    for name, first in configs[0].items():
        if any(config[name] != first for config in configs):
            merged[name] = [[float(config[name])] for config in configs]
    return [(kind.from_config(merged), len(losses), form)]


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
