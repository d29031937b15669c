"""From a run's config to its Keras objects: network, loss, optimizer, trainer."""

from __future__ import annotations

from runner.training.runtime import keras

import inspect
import threading
from collections.abc import Mapping
from typing import Any

from runner import models, training
from runner.config.experiment_config import ExperimentConfig
from runner.config.instantiate import build, locate, parameters
from runner.data import Dataset, Splits
from runner.errors import InputError

NOT_OF_THE_BACKBONE = ("bias_init", "learning_rate")
"""Keys of a model's config that say how it is trained, and are no arguments of its function."""
POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
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
        InputError: its backbone cannot be built from these arguments, or is none.
    """
    arguments = {key: value for key, value in config.model.items() if key not in NOT_OF_THE_BACKBONE}
    name = str(arguments.get("_target_"))
    known = {"image_shape": dataset.image_shape}
    target = locate("model._target_", name)

    def backbone(inputs: Any) -> Any:
        if isinstance(target, type) and issubclass(target, keras.Layer):  # a class makes the model, and then is called
            return build("model", arguments, known=known)
        return build("model", arguments, inputs, known=known)

    def features(inputs: Any) -> Any:
        return models.features_of(backbone, inputs, f"model._target_={name}")

    return models.build_network(
        features,
        width=splits.train.inputs.shape[1],
        prevalence=splits.prevalence,
        bias_init=config.model.get("bias_init", "prior"),
    )


def make_loss(config: ExperimentConfig, splits: Splits) -> keras.losses.Loss:
    """The loss of the config. Priors (pi, n1, n0) come from the training part, for no author can know them.

    Costs of errors are those of the evaluation, unless each row has its own.

    Raises:
        InputError: it cannot be built, is no loss of Keras's kind, or does not take the mean over rows.
    """
    priors = {"pi": splits.prevalence, "n1": splits.positives, "n0": splits.negatives}
    if not splits.weighted_by_costs:
        priors |= {"cost_fn": config.evaluation.cost_fn, "cost_fp": config.evaluation.cost_fp}
    loss = _built_loss(config.loss, priors)
    if not isinstance(loss, keras.losses.Loss):
        if not callable(loss):
            raise InputError(
                f"loss._target_={config.loss['_target_']} is neither a keras.losses.Loss nor a function of y_true and "
                "y_pred: subclass losses.SigmoidLoss"
            )
        loss = training.FunctionLoss(loss)
    if loss.reduction not in MEANS:
        raise InputError(
            f"loss.reduction={loss.reduction}: training and its curves need a mean over rows; leave loss.reduction out"
        )
    if not type(loss).__module__.startswith(("losses.", "keras.")):
        training.check_loss(loss, f"loss._target_={config.loss['_target_']}")
    return loss


def _built_loss(arguments: Mapping[str, Any], priors: Mapping[str, Any]) -> Any:
    """What the target returns; the target itself where it is the loss, a function of y_true and y_pred."""
    target = locate("loss._target_", str(arguments.get("_target_")))
    if isinstance(target, type):
        return build("loss", arguments, known=priors)
    accepted = parameters(target)
    given = [key for key in arguments if not key.startswith("_")]
    unknown = [key for key in given if key not in accepted]
    if unknown and not any(each.kind is each.VAR_KEYWORD for each in accepted.values()):
        raise InputError(
            f"loss._target_={arguments['_target_']} is a function without an argument {unknown[0]}: "
            f"take it out, {' '.join(f'~loss.{key}' for key in unknown)}"
        )
    required = [name for name, each in accepted.items() if each.default is each.empty and each.kind in POSITIONAL]
    partial = len([name for name in required if name not in given]) == 2  # y_true and y_pred
    return build("loss", {**arguments, "_partial_": True} if partial else arguments, known=priors)


def make_optimizer(config: ExperimentConfig) -> keras.optimizers.Optimizer:
    """The optimizer of the config.

    Raises:
        InputError: there is no such optimizer, or it refuses its arguments.
    """
    return build("optimizer", config.optimizer)
