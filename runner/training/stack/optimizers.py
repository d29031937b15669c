"""Keras's optimizers as pure functions on K sets of weights, each set with rates of its own."""

from __future__ import annotations

from runner.training.runtime import keras, tf

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from runner.training.sam import SAM

Tensor = Any
Rates = Mapping[str, Tensor]  # (K,) float32 each


@dataclass(frozen=True)
class Rule:
    """How an optimizer changes one weight.

    Attributes:
        rates: names of its numbers, each an attribute of the Keras optimizer.
        slots: how many tensors it remembers for each weight.
        radius: whether there is a rate `radius`, and steps are by the gradient at the worst point so far away.
        update: (step, weight, gradient, slots, rates) -> (weight, slots); `step` counts from 1, all are (K, ...).
    """

    rates: tuple[str, ...]
    slots: int
    update: Callable[[Tensor, Tensor, Tensor, list[Tensor], Rates], tuple[Tensor, list[Tensor]]]
    radius: bool = False


def _adam(
    step: Tensor, weight: Tensor, gradient: Tensor, slots: list[Tensor], rates: Rates
) -> tuple[Tensor, list[Tensor]]:
    """Kingma & Ba 2015, algorithm 1, with the bias correction folded into the rate, as Keras has it."""
    first, second = slots
    first = first + (gradient - first) * rates["1 - beta_1"]
    second = second + (gradient * gradient - second) * rates["1 - beta_2"]
    alpha = rates["learning_rate"] * tf.sqrt(1 - rates["beta_2"] ** step) / (1 - rates["beta_1"] ** step)
    return weight - first * alpha / (tf.sqrt(second) + rates["epsilon"]), [first, second]


def _sgd(nesterov: bool) -> Callable[..., tuple[Tensor, list[Tensor]]]:
    def update(
        step: Tensor, weight: Tensor, gradient: Tensor, slots: list[Tensor], rates: Rates
    ) -> tuple[Tensor, list[Tensor]]:
        """Sutskever et al. 2013, equations 1 to 4; without momentum the plain step."""
        pull = gradient * rates["learning_rate"]
        velocity = slots[0] * rates["momentum"] - pull
        return weight + (velocity * rates["momentum"] - pull if nesterov else velocity), [velocity]

    return update


def _rmsprop(
    step: Tensor, weight: Tensor, gradient: Tensor, slots: list[Tensor], rates: Rates
) -> tuple[Tensor, list[Tensor]]:
    """Hinton's lecture 6e, with momentum on the scaled gradient, as Keras has it."""
    square, velocity = slots
    square = rates["rho"] * square + rates["1 - rho"] * gradient * gradient
    velocity = rates["momentum"] * velocity + rates["learning_rate"] * gradient / tf.sqrt(square + rates["epsilon"])
    return weight - velocity, [square, velocity]


ADAM = Rule(("learning_rate", "beta_1", "beta_2", "epsilon"), 2, _adam)
SHARPNESS_AWARE = Rule((*ADAM.rates, "radius"), 2, _adam, radius=True)


def rule_of(optimizer: keras.optimizers.Optimizer) -> Rule:
    """The rule of a Keras optimizer.

    Raises:
        ValueError: it has none here, or an option that has none; says which.
    """
    reason = unsupported_optimizer(optimizer)
    if reason:
        raise ValueError(reason)
    if isinstance(optimizer, keras.optimizers.SGD):
        return Rule(("learning_rate", "momentum"), 1, _sgd(optimizer.nesterov))
    if isinstance(optimizer, keras.optimizers.RMSprop):
        return Rule(("learning_rate", "rho", "momentum", "epsilon"), 2, _rmsprop)
    return SHARPNESS_AWARE if isinstance(optimizer, SAM) else ADAM


def unsupported_optimizer(optimizer: keras.optimizers.Optimizer) -> str | None:
    """Why an optimizer cannot be stacked, in words, or None if it can."""
    name = type(optimizer).__name__
    # By exact class: a subclass may do something else.
    if type(optimizer) not in (
        keras.optimizers.Adam,
        keras.optimizers.AdamW,
        keras.optimizers.SGD,
        keras.optimizers.RMSprop,
        SAM,
    ):
        return f"optimizer {name} has no stacked form"
    options = (
        "clipnorm",
        "clipvalue",
        "global_clipnorm",
        "use_ema",
        "loss_scale_factor",
        "gradient_accumulation_steps",
        "amsgrad",
        "centered",
    )
    for option in options:
        if getattr(optimizer, option, None):
            return f"optimizer {name} with {option} has no stacked form"
    if not isinstance(optimizer.learning_rate, keras.Variable):
        return f"optimizer {name} has a learning rate schedule"
    if _differs_from_its_config(optimizer):
        return f"optimizer {name} excludes weights from decay"
    return None


def _differs_from_its_config(optimizer: keras.optimizers.Optimizer) -> bool:
    """Whether an optimizer knows more than its config says.

    `exclude_from_weight_decay` is the one method of a fresh optimizer that the config does not tell of, and nothing
    public says whether it was called: but another optimizer of the same config lacks what that call left.
    """
    same = type(optimizer).from_config(optimizer.get_config())
    return vars(optimizer).keys() != vars(same).keys()


def optimizer_key(optimizer: keras.optimizers.Optimizer) -> str:
    """What members of one stack must have in common: the rule and what is no number in it."""
    return f"{type(optimizer).__name__} {getattr(optimizer, 'nesterov', '')} {optimizer.weight_decay is None}"


def rates_of(optimizers: Sequence[keras.optimizers.Optimizer]) -> dict[str, np.ndarray]:
    """(K,) float32 of every number the rule reads. `1 - beta` is taken in float64: in float32 it would lose digits."""
    rates: dict[str, np.ndarray] = {}
    for name in rule_of(optimizers[0]).rates:
        values = np.array([float(keras.ops.convert_to_numpy(getattr(each, name))) for each in optimizers])
        rates[name] = values.astype(np.float32)
        if name.startswith(("beta", "rho")):
            rates[f"1 - {name}"] = (1 - values).astype(np.float32)
    if optimizers[0].weight_decay is not None:
        rates["weight_decay"] = np.array([each.weight_decay for each in optimizers], np.float32)
    return rates


def apply_rule(
    rule: Rule, step: Tensor, weight: Tensor, gradient: Tensor, slots: list[Tensor], rates: Rates
) -> tuple[Tensor, list[Tensor]]:
    """One weight of all members after a step, and what the rule remembers; weight decay comes first, as in Keras."""
    own = {name: tf.reshape(value, (-1, *[1] * (len(weight.shape) - 1))) for name, value in rates.items()}
    if "weight_decay" in own:
        weight = weight - weight * own["weight_decay"] * own["learning_rate"]
    return rule.update(step, weight, gradient, slots, own)
