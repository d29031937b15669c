"""What the loss tests ask of a backend: gradients and compilation, on whichever one Keras runs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import numpy as np

Loss = Callable[[Any, Any], Any]

if keras.config.backend() == "tensorflow":
    import tensorflow as tf

    _compiled: Any = partial(tf.function, jit_compile=True)

    def _both(loss: Loss, y: Any, z: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            tape.watch(z)
            values = loss(y, z)
        return values, tape.gradient(values, z)
else:
    import jax

    jax.config.update("jax_enable_x64", True)  # without it float64 is float32 in disguise; float32 stays what it is
    _compiled = jax.jit

    def _both(loss: Loss, y: Any, z: Any) -> tuple[Any, Any]:
        def total(z: Any) -> tuple[Any, Any]:
            values = loss(y, z)
            return keras.ops.sum(values), values

        (_, values), gradient = jax.value_and_grad(total, has_aux=True)(z)
        return values, gradient


def value_and_gradient(
    loss: Loss, y: Any, z: Any, dtype: str = "float32", *, compiled: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """The loss and the gradient of its sum by the logits, as NumPy arrays; `compiled` by XLA, anew in each call."""
    both = partial(_both, loss)
    call = _compiled(both) if compiled else both
    tensors = (keras.ops.convert_to_tensor(np.asarray(each, dtype)) for each in (y, z))
    values, gradient = (keras.ops.convert_to_numpy(each) for each in call(*tensors))
    return values, gradient
