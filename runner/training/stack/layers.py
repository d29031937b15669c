"""What each layer computes for K members at once: the formulas of Keras's layers with one more axis in front.

Activations have the shape (K, batch, ...), weights (K, ...). At inference all members may look at the same rows:
then the first axis of the inputs is 1 until the first layer with weights.
"""

from __future__ import annotations

from runner.training.runtime import keras, tf

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from keras import layers

from runner.training.stack.dropout import keep_mask

Tensor = Any


class ForwardPass:
    """One pass through the network: the weights it reads, and the running statistics it leaves.

    Args:
        values: the (K, ...) tensor of each variable, by the variable's id.
        training: whether batch statistics are used and dropout drops.
        seeds: (K,) uint32, of dropout.
        step: scalar int32, the number of the step, of dropout.
    """

    def __init__(self, values: dict[int, Tensor], *, training: bool, seeds: Tensor, step: Tensor) -> None:
        self.values = values
        self.training = training
        self.seeds, self.step = seeds, step
        self.dropouts = 0

    def __getitem__(self, variable: keras.Variable) -> Tensor:
        return self.values[id(variable)]

    def __setitem__(self, variable: keras.Variable, value: Tensor) -> None:
        self.values[id(variable)] = value


def _dense(layer: layers.Dense, inputs: Tensor, run: ForwardPass) -> Tensor:
    kernel = run[layer.kernel]
    members, middle = inputs.shape[0], inputs.shape[1:-1]
    outputs = tf.matmul(tf.reshape(inputs, (members, int(np.prod(middle)), inputs.shape[-1])), kernel)
    if layer.use_bias:
        outputs += run[layer.bias][:, None, :]
    return layer.activation(tf.reshape(outputs, (outputs.shape[0], *middle, outputs.shape[-1])))


def _activation(layer: layers.Activation, inputs: Tensor, run: ForwardPass) -> Tensor:
    return layer.activation(inputs)


def _elementwise(layer: keras.Layer, inputs: Tensor, run: ForwardPass) -> Tensor:
    return layer.call(inputs)


def _dropout(layer: layers.Dropout, inputs: Tensor, run: ForwardPass) -> Tensor:
    if not run.training or layer.rate == 0:
        return inputs
    run.dropouts += 1
    mask = keep_mask(run.seeds, run.dropouts, run.step, tuple(inputs.shape[1:]), layer.rate)
    return tf.where(mask, inputs / (1 - layer.rate), tf.zeros_like(inputs))


def _batch_normalization(layer: layers.BatchNormalization, inputs: Tensor, run: ForwardPass) -> Tensor:
    def like(weights: Tensor) -> Tensor:
        return tf.reshape(weights, (weights.shape[0], *[1] * (len(inputs.shape) - 2), weights.shape[-1]))

    if run.training:
        mean, variance = tf.nn.moments(inputs, list(range(1, len(inputs.shape) - 1)))
        keep = layer.momentum
        run[layer.moving_mean] = run[layer.moving_mean] * keep + mean * (1 - keep)
        run[layer.moving_variance] = run[layer.moving_variance] * keep + variance * (1 - keep)
    else:
        mean, variance = run[layer.moving_mean], run[layer.moving_variance]
    scale = like(run[layer.gamma]) if layer.scale else None
    offset = like(run[layer.beta]) if layer.center else None
    return tf.nn.batch_normalization(inputs, like(mean), like(variance), offset, scale, layer.epsilon)


def _layer_normalization(layer: layers.LayerNormalization, inputs: Tensor, run: ForwardPass) -> Tensor:
    mean, variance = tf.nn.moments(inputs, -1, keepdims=True)
    outputs = (inputs - mean) * tf.math.rsqrt(variance + layer.epsilon)
    for weights, combine in (
        (layer.gamma if layer.scale else None, tf.multiply),
        (layer.beta if layer.center else None, tf.add),
    ):
        if weights is not None:
            own = run[weights]
            outputs = combine(outputs, tf.reshape(own, (own.shape[0], *[1] * (len(inputs.shape) - 2), own.shape[-1])))
    return outputs


def _conv2d(layer: layers.Conv2D, inputs: Tensor, run: ForwardPass) -> Tensor:
    """A matrix product of each pixel's neighbourhood: there is no convolution of K images with K kernels."""
    height, width = layer.kernel_size
    if layer.padding == "same":
        pads = [((size - 1) // 2, size - 1 - (size - 1) // 2) for size in (height, width)]
        inputs = tf.pad(inputs, [(0, 0), (0, 0), *pads, (0, 0)])
    members, images, rows, columns, channels = inputs.shape
    rows, columns = rows - height + 1, columns - width + 1
    shifted = [inputs[:, :, i : i + rows, j : j + columns, :] for i in range(height) for j in range(width)]
    patches = tf.reshape(tf.concat(shifted, -1), (members, images * rows * columns, height * width * channels))
    kernel = run[layer.kernel]
    outputs = tf.matmul(patches, tf.reshape(kernel, (kernel.shape[0], height * width * channels, layer.filters)))
    if layer.use_bias:
        outputs += run[layer.bias][:, None, :]
    return layer.activation(tf.reshape(outputs, (outputs.shape[0], images, rows, columns, layer.filters)))


def _max_pooling(layer: layers.MaxPooling2D, inputs: Tensor, run: ForwardPass) -> Tensor:
    """The first of the largest pixels gets the gradient, as in Keras; XLA's own pooling refuses to be deterministic."""
    (height, width), (down, across) = layer.pool_size, layer.strides
    rows, columns = inputs.shape[2:4]
    if layer.padding == "same":
        missing = [max((-(-n // s) - 1) * s + p - n, 0) for n, s, p in ((rows, down, height), (columns, across, width))]
        pads = [(0, 0), (0, 0), *[(each // 2, each - each // 2) for each in missing], (0, 0)]
        inputs = tf.pad(inputs, pads, constant_values=-np.inf)
        rows, columns = inputs.shape[2:4]
    bottom, right = rows - height + 1, columns - width + 1
    pixels = [inputs[:, :, i : i + bottom : down, j : j + right : across] for i in range(height) for j in range(width)]
    window = tf.stack(pixels, -1)
    largest = tf.one_hot(tf.argmax(window, -1), height * width, on_value=True, off_value=False)
    return tf.reduce_sum(tf.where(largest, window, 0.0), -1)


def _reshape(layer: layers.Reshape, inputs: Tensor, run: ForwardPass) -> Tensor:
    return tf.reshape(inputs, (*inputs.shape[:2], *layer.compute_output_shape((1, *inputs.shape[2:]))[1:]))


def _flatten(layer: layers.Flatten, inputs: Tensor, run: ForwardPass) -> Tensor:
    return tf.reshape(inputs, (*inputs.shape[:2], int(np.prod(inputs.shape[2:]))))


def _add(layer: layers.Add, inputs: Sequence[Tensor], run: ForwardPass) -> Tensor:
    return sum(inputs[1:], inputs[0])


def _concatenate(layer: layers.Concatenate, inputs: Sequence[Tensor], run: ForwardPass) -> Tensor:
    members = max(each.shape[0] for each in inputs)
    return tf.concat([tf.broadcast_to(each, (members, *each.shape[1:])) for each in inputs], -1)


Layer = Callable[[Any, Any, ForwardPass], Tensor]
STACKED: dict[type, Layer] = {
    layers.Dense: _dense,
    layers.Activation: _activation,
    layers.ReLU: _elementwise,
    layers.LeakyReLU: _elementwise,
    layers.ELU: _elementwise,
    layers.Dropout: _dropout,
    layers.BatchNormalization: _batch_normalization,
    layers.LayerNormalization: _layer_normalization,
    layers.Conv2D: _conv2d,
    layers.MaxPooling2D: _max_pooling,
    layers.Reshape: _reshape,
    layers.Flatten: _flatten,
    layers.Add: _add,
    layers.Concatenate: _concatenate,
}
"""By exact class: a subclass may compute something else."""


def unsupported_layer(layer: keras.Layer) -> str | None:
    """Why a layer cannot be stacked, in words, or None if it can."""
    kind, name = type(layer), f"layer {layer.name!r} ({type(layer).__name__})"
    if kind not in STACKED:
        return f"{name} has no stacked form"
    for part in ("kernel", "bias", "activity", "gamma", "beta"):
        if getattr(layer, f"{part}_regularizer", None) is not None:
            return f"{name} has a regularizer"
        if getattr(layer, f"{part}_constraint", None) is not None:
            return f"{name} has a constraint"
    if isinstance(getattr(layer, "activation", None), keras.Layer):
        return f"{name} has an activation that is a layer"
    if not layer.trainable and layer.weights:
        return f"{name} is frozen"
    if getattr(layer, "quantization_mode", None) or getattr(layer, "lora_enabled", False):
        return f"{name} is quantized or has LoRA"
    if kind is layers.Conv2D and (
        layer.strides != (1, 1) or layer.dilation_rate != (1, 1) or layer.groups != 1 or not _channels_last(layer)
    ):
        return f"{name} has strides, dilation or groups"
    if kind is layers.MaxPooling2D and not _channels_last(layer):
        return f"{name} has its channels first"
    if kind is layers.BatchNormalization and (layer.axis != -1 or layer.renorm):
        return f"{name} normalises another axis than the last, or renormalises"
    if kind is layers.LayerNormalization and list(np.atleast_1d(layer.axis)) != [-1]:
        return f"{name} normalises another axis than the last"
    if kind is layers.Concatenate and layer.axis != -1:
        return f"{name} joins along another axis than the last"
    if kind is layers.Dropout and layer.noise_shape is not None:
        return f"{name} has a noise shape"
    return None


def _channels_last(layer: keras.Layer) -> bool:
    return layer.data_format == "channels_last"
