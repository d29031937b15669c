"""Small data and networks for tests of trainers."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from sklearn.compose import ColumnTransformer

from runner.config.instantiate import build
from runner.data import Part, Splits
from runner.models import Network, build_network

WIDTH = 5


def make_splits(
    rows: int = 203, seed: int = 0, weights: bool = False, width: int = WIDTH, validation: int = 60
) -> Splits:
    """Every fifth row positive, and shifted in the first column; 60 rows for test."""
    rng = np.random.default_rng(seed)

    def part(count: int) -> Part:
        labels = np.zeros(count, np.float32)
        labels[: count // 5] = 1
        inputs = rng.normal(size=(count, width)).astype(np.float32)
        inputs[:, 0] += 2 * labels
        return Part(np.arange(count), inputs, labels, rng.random(count).astype(np.float32) if weights else None)

    return Splits(part(rows), part(validation), part(60), ColumnTransformer([]))


def make_network(
    seed: int = 0,
    *,
    width: int = WIDTH,
    image_shape: tuple[int, ...] | None = None,
    bias_init: str = "zero",
    **backbone: Any,
) -> Network:
    """An MLP of one hidden layer of 8, unless `backbone` says otherwise: `_target_` and arguments, as in a config."""
    keras.utils.set_random_seed(seed)
    config = {"_target_": "runner.models.mlp", **backbone}
    if config["_target_"] == "runner.models.mlp":
        config = {"units": [8], **config}

    def features(inputs: Any) -> Any:
        return build("model", config, inputs, known={"image_shape": image_shape})

    return build_network(features, width=width, prevalence=0.2, bias_init=bias_init)
