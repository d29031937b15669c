"""Sample weights of the parts of a split: their common factor removed, and something left of either class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from runner.data.dataset import Dataset
from runner.data.splits import Splits
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


def weighted_by_costs(splits: Splits, dataset: Dataset, *, signed: bool) -> Splits:
    """The splits with what an error on a row costs as its weight in training and validation, times the weight it has.

    A positive weighs what a miss costs more than a hit, a negative what a false alarm costs (see `runner.terms.costs`).
    Their mean size over the training part is 1.

    Args:
        splits: of the dataset, before sampling.
        dataset: its rows have costs.
        signed: whether a positive whose hit costs more than its miss has a weight below 0; else it has none.

    Raises:
        InputError: all positives, or all negatives, of the training or the validation part weigh 0.
    """
    costs = dataset.costs
    assert costs is not None
    worth = costs.worth if signed else np.maximum(costs.worth, 0.0)
    each = np.where(dataset.labels == 1, worth, costs.cost_fp)
    each = each / np.abs(each).max()  # first: a sum of the largest numbers overflows
    parts = [splits.train, splits.validation]
    weights = [each[part.rows] if part.weights is None else each[part.rows] * part.weights for part in parts]
    for part, own, name in zip(parts, weights, WEIGHED, strict=True):
        for label, called in ((1, "positive"), (0, "negative")):
            if not own[part.labels == label].any():
                raise InputError(
                    f"{dataset.name}: an error on any {called} row of the {name} part costs nothing, so nothing is "
                    "learned of that class by a loss of costs; correct the costs, or choose another split.seed or loss"
                )
    mean = np.abs(weights[0]).mean()
    train, validation = (
        replace(part, weights=(own / mean).astype(np.float32)) for part, own in zip(parts, weights, strict=True)
    )
    return replace(splits, train=train, validation=validation, weighted_by_costs=True)
