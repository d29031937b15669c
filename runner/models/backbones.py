"""What lies between the inputs and the output layer. A user's own is a function like these, named in a config."""

from __future__ import annotations

from runner.models.keras_runtime import keras

import math
from collections.abc import Sequence
from typing import Any

from runner.errors import InputError

layers = keras.layers
Tensor = Any  # a symbolic Keras tensor


def logistic(inputs: Tensor) -> Tensor:
    """No hidden layer: logistic regression."""
    return inputs


def mlp(
    inputs: Tensor,
    units: Sequence[int] = (64, 32),
    activation: str = "relu",
    batch_normalization: bool = False,
    dropout: float = 0.0,
) -> Tensor:
    """Dense layers, each with batch normalisation before and dropout after its activation if asked for.

    Args:
        inputs: (batch, width).
        units: width of each hidden layer.
        activation: a Keras activation's name.
        batch_normalization: whether to normalise before the activation.
        dropout: share of units dropped after each activation, in [0, 1).

    Returns:
        (batch, units[-1]) tensor.

    Raises:
        ValueError: an activation Keras does not know.
    """
    hidden = inputs
    for width in units:
        hidden = layers.Dense(width, use_bias=not batch_normalization)(hidden)
        if batch_normalization:
            hidden = layers.BatchNormalization()(hidden)
        hidden = layers.Activation(activation)(hidden)
        if dropout:
            hidden = layers.Dropout(dropout)(hidden)
    return hidden


def cnn(
    inputs: Tensor,
    filters: Sequence[int] = (16, 32),
    units: int = 64,
    dropout: float = 0.0,
    image_shape: Sequence[int] | None = None,
) -> Tensor:
    """3 x 3 convolutions, each followed by 2 x 2 max pooling while there is room, then one dense layer.

    Args:
        inputs: (batch, height * width * channels): pixels in row-major order, as a table holds them.
        filters: of each convolution.
        units: width of the dense layer.
        dropout: share of its units dropped, in [0, 1).
        image_shape: (height, width, channels), from the dataset.

    Returns:
        (batch, units) tensor.

    Raises:
        InputError: the dataset is no set of images.
    """
    width = int(inputs.shape[-1])
    if image_shape is None:
        raise InputError(
            "model=cnn needs images, and this dataset has none: choose dataset=digits, "
            "or say what the columns are with dataset.image_shape=[height,width,channels]"
        )
    if math.prod(image_shape) != width:
        raise InputError(
            f"dataset.image_shape={list(image_shape)} needs {math.prod(image_shape)} inputs, but preprocessing gives "
            f"{width}: images must be numeric columns without gaps"
        )
    image = layers.Reshape(tuple(image_shape))(inputs)
    for count in filters:
        image = layers.Conv2D(count, 3, padding="same", activation="relu")(image)
        if min(image.shape[1:3]) >= 2:
            image = layers.MaxPooling2D()(image)
    hidden = layers.Dense(units, activation="relu")(layers.Flatten()(image))
    return layers.Dropout(dropout)(hidden) if dropout else hidden
