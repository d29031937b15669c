"""Sample weights of the parts of a split: their common factor removed, and something left of either class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from runner.data.dataset import Dataset
from runner.errors import InputError

WEIGHED = ("training", "validation")
"""The parts whose weights are used: the loss is taken on them."""


def part_weights(dataset: Dataset, sides: Sequence[np.ndarray]) -> list[np.ndarray | None]:
    """(n,) float32 weights of each part, of mean 1 over the training part; None where the dataset has none.

    A common factor of all weights changes nothing then: neither the steps that an optimizer takes at its learning
    rate, nor what float32 can hold.

    Args:
        dataset: a checked dataset.
        sides: the rows of train, validation and test.

    Raises:
        InputError: all positives, or all negatives, of the training or the validation part weigh 0.
    """
    if dataset.weights is None:
        return [None] * len(sides)
    largest = dataset.weights.max()  # first: a sum of the largest numbers overflows
    parts = [dataset.weights[rows] / largest for rows in sides]
    for part, rows, weights in zip(WEIGHED, sides, parts, strict=False):
        for label, called in ((1, "positive"), (0, "negative")):
            if not weights[dataset.labels[rows] == label].any():
                raise InputError(
                    f"{dataset.name}: every {called} row of the {part} part weighs 0, so nothing is learned of that "
                    "class there; give more of them weight, or choose another split.seed"
                )
    mean = parts[0].mean()
    return [(weights / mean).astype(np.float32) for weights in parts]
