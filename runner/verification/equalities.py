"""The worked examples that are no number in print: ours and Keras's must be the same."""

from __future__ import annotations

from runner.training.runtime import keras

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.special import expit

import losses
from runner.verification.differences import relative_difference
from runner.verification.example_check import ExampleCheck

EPOCHS = 10
# Float32's last digit: once for one value of a loss, carried on where a network was trained.
ONE_VALUE = 1e-6
TRAINED = 1e-5

LABELS = np.array([[1.0], [0.0], [0.0], [1.0], [0.0], [1.0]])
LOGITS = np.array([[0.3], [-1.2], [0.8], [-2.0], [0.1], [4.0]])


def train_three_ways() -> dict[str, pd.DataFrame]:
    """Trains the network of example 13 three times, from the same seed, under what should be the same loss.

    Returns:
        The loss's name to its curves: columns `epoch`, `train/loss`, `val/loss`.
    """
    random = np.random.default_rng(0)
    features = random.normal(size=(1000, 10)).astype("float32")
    labels = (random.random(1000) < expit(features @ np.linspace(-1, 1, 10))).astype("float32")
    plain = {
        "built-in by name": "binary_crossentropy",
        "built-in class": keras.losses.BinaryCrossentropy(),
        "custom from scratch": losses.CustomLoss(from_logits=False),
    }
    return {name: _train(loss, features, labels) for name, loss in plain.items()}


def check_same_curves(curves: Mapping[str, pd.DataFrame]) -> list[ExampleCheck]:
    """Example 13: each training after the first against the first, in all epochs, training and validation.

    Args:
        curves: see `train_three_ways`.
    """
    first, *others = curves
    return [
        ExampleCheck(
            13,
            f"trained, {name}",
            f"{curves[first]['val/loss'].iloc[-1]:#.9g}",
            f"{curves[name]['val/loss'].iloc[-1]:#.9g}",
            relative_difference(curves[name].to_numpy(), curves[first].to_numpy()),
            TRAINED,
        )
        for name in others
    ]


def check_weighted_is_class_weight() -> ExampleCheck:
    """Example 14: a training step under our weighted loss, and one under Keras's loss with `class_weight`."""
    steps = []
    for loss, class_weight in (
        (keras.losses.BinaryCrossentropy(from_logits=True), {0: 1.0, 1: 2.0}),
        (losses.WeightedLoss(positive_weight=2.0, negative_weight=1.0), None),
    ):
        network = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, kernel_initializer="ones")])
        network.compile(keras.optimizers.SGD(0.5), loss)
        value = network.train_on_batch(LOGITS, LABELS, class_weight=class_weight)
        steps.append(np.concatenate([[float(value)], *(weights.ravel() for weights in network.get_weights())]))
    return _check_equal(14, "weighted = class_weight", *steps)


def check_smoothed_is_label_smoothing() -> ExampleCheck:
    """Example 15: our smoothed loss, and Keras's `label_smoothing`."""
    by_keras = keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.1)
    return _check_equal(
        15, "smoothed = label_smoothing", by_keras(LABELS, LOGITS), losses.SmoothedLoss(0.1)(LABELS, LOGITS)
    )


def check_uniform_focal_is_a_quarter() -> ExampleCheck:
    """Example 16: alpha on every term scales the focal loss; Keras's has no alpha unless classes are balanced."""
    by_keras = 0.25 * keras.losses.BinaryFocalCrossentropy(gamma=2.0, from_logits=True)(LABELS, LOGITS)
    uniform = losses.FocalLoss(gamma=2.0, alpha=0.25, alpha_mode="uniform")
    return _check_equal(16, "uniform focal = 0.25 focal", by_keras, uniform(LABELS, LOGITS))


def _check_equal(number: int, what: str, by_keras: object, by_us: object) -> ExampleCheck:
    """Compares two results of one or several numbers; the first of each is shown."""
    expected, ours = (np.atleast_1d(np.asarray(each, float)) for each in (by_keras, by_us))
    off = relative_difference(ours, expected)
    return ExampleCheck(number, what, f"{expected[0]:#.9g}", f"{ours[0]:#.9g}", off, ONE_VALUE)


def _train(loss: keras.losses.Loss | str, features: np.ndarray, labels: np.ndarray) -> pd.DataFrame:
    keras.utils.set_random_seed(0)
    network = keras.Sequential(
        [
            keras.layers.Dense(64, activation="relu"),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    network.compile("adam", loss)
    history = network.fit(features, labels, batch_size=32, epochs=EPOCHS, validation_split=0.2, verbose=0).history
    return pd.DataFrame({"epoch": range(1, EPOCHS + 1), "train/loss": history["loss"], "val/loss": history["val_loss"]})
