"""From a run's config to its Keras objects: network, loss, optimizer, trainer."""

from __future__ import annotations

from runner.training.runtime import keras

import threading
from typing import Any

from runner import models, training
from runner.config.experiment_config import ExperimentConfig
from runner.config.instantiate import build
from runner.data import Dataset, Splits
from runner.errors import InputError

MEANS = ("sum_over_batch_size", "mean", "mean_with_sample_weight")

initializer_lock = threading.Lock()
"""Held where a network is built: all threads draw first weights from the same random numbers."""


def make_trainer(config: ExperimentConfig) -> training.Trainer:
    """The trainer of the config.

    Raises:
        InputError: there is no such trainer, or it refuses its arguments.
    """
    trainer: training.Trainer = build("trainer", config.trainer)
    return trainer


def make_network(config: ExperimentConfig, splits: Splits, dataset: Dataset) -> models.Network:
    """The network of the config, as wide as the preprocessed training part.

    Raises:
        InputError: its backbone cannot be built from these arguments.
    """
    arguments = {key: value for key, value in config.model.items() if key != "bias_init"}

    def features(inputs: Any) -> Any:
        return build("model", arguments, inputs, known={"image_shape": dataset.image_shape})

    return models.build_network(
        features,
        width=splits.train.inputs.shape[1],
        prevalence=splits.prevalence,
        bias_init=config.model.get("bias_init", "prior"),
    )


def make_loss(config: ExperimentConfig, splits: Splits) -> keras.losses.Loss:
    """The loss of the config. Priors (pi, n1, n0) come from the training part, for no author can know them.

    Raises:
        InputError: it cannot be built, is no loss of Keras's kind, or does not take the mean over rows.
    """
    priors = {"pi": splits.prevalence, "n1": splits.positives, "n0": splits.negatives}
    loss = build("loss", config.loss, known=priors)
    target = config.loss["_target_"]
    if not isinstance(loss, keras.losses.Loss):
        raise InputError(f"loss._target_={target} is no keras.losses.Loss: subclass losses.SigmoidLoss")
    if loss.reduction not in MEANS:
        raise InputError(
            f"loss.reduction={loss.reduction}: training and its curves need a mean over rows; leave loss.reduction out"
        )
    return loss


def make_optimizer(config: ExperimentConfig) -> keras.optimizers.Optimizer:
    """The optimizer of the config.

    Raises:
        InputError: there is no such optimizer, or it refuses its arguments.
    """
    return build("optimizer", config.optimizer)
