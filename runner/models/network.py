"""A network that ends in Dense(1) and a sigmoid: trained on the logit, served as a probability."""

from __future__ import annotations

from runner.models.keras_runtime import keras

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from runner.models.backbones import Tensor

PREDICTION_BATCH = 4096  # rows; large enough for speed, small enough for any memory


@dataclass(frozen=True)
class Network:
    """Two Keras models over the same layers.

    Attributes:
        logits: inputs (n, width) -> logits (n, 1).
        probabilities: inputs (n, width) -> sigmoid of the logits (n, 1); this one is saved and served.
    """

    logits: keras.Model
    probabilities: keras.Model

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """Logits of (n, width) float32 inputs, as (n,) float64."""
        parts = [
            keras.ops.convert_to_numpy(self.logits(inputs[start : start + PREDICTION_BATCH], training=False))
            for start in range(0, len(inputs), PREDICTION_BATCH)
        ]
        return np.concatenate(parts).astype(np.float64)[:, 0]


def build_network(
    features: Callable[[Tensor], Tensor], *, width: int, prevalence: float, bias_init: str = "prior"
) -> Network:
    """A network: the features, then Dense(1) in float32, then the sigmoid in float32.

    float32 at the end matters under mixed precision: Keras loses the tag that lets it recover logits, and 16 bits are
    too few for a probability near 0.

    Args:
        features: (batch, width) symbolic inputs to the (batch, any) last hidden tensor: a backbone (see
            `runner.models.backbones`) with its arguments filled in. What it raises is passed on.
        width: number of inputs.
        prevalence: share of positives in the training part.
        bias_init: `prior` starts the output at log(prevalence / (1 - prevalence)), where a network that knows nothing
            yet belongs, `zero` at 0.
    """
    inputs = keras.Input((width,), name="inputs")
    hidden = features(inputs)
    bias = math.log(prevalence / (1 - prevalence)) if bias_init == "prior" else 0.0
    output = keras.layers.Dense(1, bias_initializer=keras.initializers.Constant(bias), dtype="float32", name="logit")
    logit = output(hidden)
    probability = keras.layers.Activation("sigmoid", dtype="float32", name="probability")(logit)
    return Network(keras.Model(inputs, logit, name="logits"), keras.Model(inputs, probability, name="probabilities"))
