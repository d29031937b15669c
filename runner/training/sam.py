"""Sharpness-aware minimisation: a step by the gradient at the worst point nearby."""

from __future__ import annotations

from runner.training.runtime import keras, tf

from collections.abc import Sequence
from typing import Any

TINY = 1e-12  # beside the gradient's length: where it is 0 there is no worst point, and nothing moves


class SAM(keras.optimizers.Adam):
    """Adam on the sharpness-aware gradient (Foret et al. 2021, algorithm 1, with p = 2).

    At weights w with gradient g, the gradient that Adam gets is the one at w + radius * g / ||g||, where ||g|| is over
    all weights of the network. So each step costs two gradients. Trainers do it: they look for `radius`. `radius=0` is
    Adam. Both gradients are of one batch and one dropout mask; batch normalisation learns from the first.

    Args:
        learning_rate: of Adam.
        radius: the distance to the worst point, rho in the paper; at least 0.
        **arguments: Adam's.
    """

    def __init__(self, learning_rate: Any = 0.001, radius: float = 0.05, **arguments: Any) -> None:
        super().__init__(learning_rate=learning_rate, **arguments)
        self.radius = radius

    def get_config(self) -> dict[str, Any]:
        """The arguments that make another one like this."""
        return {**super().get_config(), "radius": self.radius}


def radius_of(optimizer: keras.optimizers.Optimizer) -> float:
    """The radius of an optimizer that is sharpness-aware, 0 of any other; whether or not its loss is scaled."""
    return float(getattr(getattr(optimizer, "inner_optimizer", optimizer), "radius", 0.0))


def worst_steps(gradients: Sequence[Any], radius: Any, stacked: bool) -> list[Any]:
    """How far each weight is from the worst point nearby (Foret et al. 2021, equation 2).

    Args:
        gradients: one for each weight; (K, ...) where they are of K members.
        radius: of each member, (K,), or a number.
        stacked: whether the first axis is that of members, each of which has a length of its own.
    """
    squares = [tf.reduce_sum(each * each, axis=range(int(stacked), len(each.shape))) for each in gradients]
    scale = radius / (tf.sqrt(tf.add_n(squares)) + TINY)
    if not stacked:
        return [each * scale for each in gradients]
    return [each * tf.reshape(scale, (-1, *[1] * (len(each.shape) - 1))) for each in gradients]
