"""The gradient of a loss by the logits: as the framework differentiates it, and from the values of a formula alone."""

from __future__ import annotations

from runner.training.runtime import keras, tf

from collections.abc import Callable
from typing import Any

import numpy as np

from runner.errors import InputError

if keras.config.backend() == "jax":  # not a dependency: whoever chooses the backend has installed it
    import jax

STEP = 1e-3


def by_framework(
    loss: keras.losses.Loss, labels: np.ndarray, logits: np.ndarray, dtype: str
) -> tuple[np.ndarray, np.ndarray]:
    """The loss, and the gradient of its sum by each logit, by the automatic differentiation that training uses.

    Args:
        loss: takes logits; not yet reduced.
        labels, logits: (batch,). The loss sees columns, as from a network with one output.
        dtype: what the framework computes in: `float32` or `float64`.

    Returns:
        The losses, (batch,) or (1,) where the batch has one value, and the gradient, (batch,).
    """
    y, z = (keras.ops.convert_to_tensor(each[:, None], dtype) for each in (labels, logits))
    if keras.config.backend() == "tensorflow":
        losses, gradient = _by_tensorflow(loss, y, z)
    else:
        losses, gradient = _by_jax(loss, y, z)
    return _flat(losses), _flat(gradient)


def by_differences(formula: Callable[..., Any], labels: np.ndarray, logits: np.ndarray) -> np.ndarray:
    """The gradient of a NumPy formula's sum by each logit, from its values at four logits around (five-point stencil).

    Args:
        formula: (labels, logits) to one loss an example, or one for the batch.
        labels, logits: (batch,).
    """

    def moved(index: int, steps: int) -> np.ndarray:
        shifted = logits.copy()
        shifted[index] += steps * STEP
        return np.asarray(formula(labels, shifted))

    # Subtracted before they are summed: the sum of a batch has fewer digits left for a small difference.
    return np.array(
        [
            np.sum(8 * (moved(index, 1) - moved(index, -1)) - (moved(index, 2) - moved(index, -2))) / (12 * STEP)
            for index in range(len(logits))
        ]
    )


def allow_float64() -> None:
    """Lets the framework compute in float64: JAX has to be told so.

    Raises:
        InputError: Keras runs on a framework that this module cannot differentiate with.
    """
    if keras.config.backend() == "jax":
        jax.config.update("jax_enable_x64", True)
    elif keras.config.backend() != "tensorflow":
        raise InputError(f"KERAS_BACKEND={keras.config.backend()}: losses are verified on tensorflow and jax only")


def _flat(tensor: Any) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(tensor), float).ravel()


def _by_tensorflow(loss: keras.losses.Loss, labels: Any, logits: Any) -> tuple[Any, Any]:
    with tf.GradientTape() as tape:
        tape.watch(logits)
        losses = loss(labels, logits)
    return losses, tape.gradient(losses, logits, unconnected_gradients=tf.UnconnectedGradients.ZERO)


def _by_jax(loss: keras.losses.Loss, labels: Any, logits: Any) -> tuple[Any, Any]:
    def summed(logits: Any) -> tuple[Any, Any]:
        losses = loss(labels, logits)
        return keras.ops.sum(losses), losses

    (_, losses), gradient = jax.value_and_grad(summed, has_aux=True)(logits)
    return losses, gradient
