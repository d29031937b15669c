"""A user's own loss: a function made a Keras loss as `compile` makes it, and tried before anything is trained."""

from __future__ import annotations

from runner.training.runtime import keras, tf

import functools
from collections.abc import Callable
from typing import Any

from losses.shape import wants_logits
from runner.errors import InputError

ROWS = 4
"""Of the batch on which a loss is tried; no number of a layer's, so that a wrong shape shows."""


class FunctionLoss(keras.losses.Loss):
    """A function of (batch, 1) labels and probabilities as a loss: the mean of all it returns.

    Args:
        function: `y_true, y_pred` to losses of any shape, as `model.compile(loss=function)` takes it.
    """

    def __init__(self, function: Callable[[Any, Any], Any]) -> None:
        inner = function.func if isinstance(function, functools.partial) else function
        name = getattr(inner, "__name__", type(inner).__name__)
        super().__init__(name=name.strip("<>"))  # `<lambda>` is no name in TensorFlow's graphs
        self.function = function

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The function's values."""
        return self.function(y_true, y_pred)


def check_loss(loss: keras.losses.Loss, name: str) -> None:
    """Tries a user's loss on a small batch, in a graph as training does.

    Args:
        loss: a mean over rows.
        name: as the config has it, for messages.

    Raises:
        InputError: it cannot be computed, gives no single number, or none that the predictions can change.
    """
    labels = tf.constant([[1.0], [0.0]] * (ROWS // 2))

    @tf.function(reduce_retracing=True)
    def tried(scores: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(scores)
            value = loss(labels, scores if wants_logits(loss) else tf.sigmoid(scores))
        return value, tape.gradient(value, scores)

    try:
        value, slope = tried(tf.zeros((ROWS, 1)))
    except Exception as problem:  # whatever the user's formula raises
        said = f"{type(problem).__name__}: {problem}".split("\n\n")[-1]
        raise InputError(
            f"{name} cannot be computed: {' '.join(said.split())[:300]}; compute with keras.ops on (batch, 1) tensors"
        ) from problem
    if value.shape.rank != 0:
        raise InputError(f"{name} gives a tensor of shape {tuple(value.shape)} instead of one number")
    if slope is None:
        raise InputError(f"{name} does not depend on the predictions through differentiable operations: use keras.ops")
