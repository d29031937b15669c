"""Small data and networks for tests of trainers."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from omegaconf import OmegaConf
from sklearn.compose import ColumnTransformer

from runner.data import Part, Splits
from runner.models import Network, build_network

WIDTH = 5


def make_splits(rows: int = 203, seed: int = 0, weights: bool = False, width: int = WIDTH) -> Splits:
    """Every fifth row positive, and shifted in the first column; 60 rows for validation, 60 for test."""
    rng = np.random.default_rng(seed)

    def part(count: int) -> Part:
        labels = np.zeros(count, np.float32)
        labels[: count // 5] = 1
        inputs = rng.normal(size=(count, width)).astype(np.float32)
        inputs[:, 0] += 2 * labels
        return Part(np.arange(count), inputs, labels, rng.random(count).astype(np.float32) if weights else None)

    return Splits(part(rows), part(60), part(60), ColumnTransformer([]))


def make_network(
    seed: int = 0, *, width: int = WIDTH, image_shape: tuple[int, ...] | None = None, **body: Any
) -> Network:
    """An MLP of one hidden layer of 8, unless `body` says otherwise."""
    keras.utils.set_random_seed(seed)
    config = {"_target_": "runner.models.mlp", "bias_init": "zero", **body}
    if config["_target_"] == "runner.models.mlp":
        config = {"units": [8], **config}
    return build_network(OmegaConf.create(config), width=width, prevalence=0.2, image_shape=image_shape)
