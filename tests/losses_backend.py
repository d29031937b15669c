"""What the loss tests ask of a backend: gradients and compilation, on whichever one Keras runs."""

from __future__ import annotations

import keras
import numpy as np

if keras.config.backend() == "tensorflow":
    import tensorflow as tf

    def _both(loss, y, z):
        with tf.GradientTape() as tape:
            tape.watch(z)
            values = loss(y, z)
        return values, tape.gradient(values, z)

    _compiled = tf.function(_both, jit_compile=True)
else:
    import jax

    jax.config.update("jax_enable_x64", True)  # the float64 tests need it; float32 stays float32

    def _both(loss, y, z):
        def total(z):
            values = loss(y, z)
            return keras.ops.sum(values), values

        (_, values), gradient = jax.value_and_grad(total, has_aux=True)(z)
        return values, gradient

    _compiled = jax.jit(_both, static_argnums=0)


def value_and_gradient(loss, y, z, dtype="float32", *, compiled=False):
    """The loss and the gradient of its sum by the logits, as NumPy arrays; `compiled` by XLA."""
    call = _compiled if compiled else _both
    tensors = (keras.ops.convert_to_tensor(np.asarray(each, dtype), dtype) for each in (y, z))
    return tuple(np.asarray(keras.ops.convert_to_numpy(each)) for each in call(loss, *tensors))
