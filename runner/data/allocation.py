"""Which part every set of linked rows goes to: shares of rows and of positives as close to the wanted as can be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd

from runner.errors import InputError

TRAIN, VALIDATION, TEST = range(3)
PARTS = ("train", "validation", "test")

LEAST = np.array([[1, 2], [1, 1], [1, 1]])
"""(parts, classes): the fewest negatives and positives of a part. One positive to train on is a point, not a class."""


def check_classes(name: str, labels: np.ndarray, sides: Sequence[np.ndarray]) -> None:
    """Refuses parts of which one lacks a class.

    Args:
        name: of the dataset.
        labels: (rows,) 0 or 1.
        sides: the rows of train, validation and test.

    Raises:
        InputError: names the part and the class.
    """
    for part, rows, least in zip(PARTS, sides, LEAST, strict=True):
        for label, called in ((1, "positive"), (0, "negative")):
            there = int((labels[rows] == label).sum())
            if there < least[label]:
                raise InputError(
                    f"{name}: {there or 'no'} {called} rows in the {part} part of the split, where there have"
                    f" to be {least[label]} or more; choose another split, or larger parts"
                )


@dataclass(frozen=True)
class TooFewRows(Exception):
    """Too few sets hold rows of a class; the part with the number ``part`` goes without, or one of them does."""

    label: int
    part: int | None = None


def targets(totals: np.ndarray, fractions: Sequence[float]) -> np.ndarray:
    """(parts, classes) rows wanted, rounded, no part below its least.

    Args:
        totals: (classes,) negatives and positives there are.
        fractions: shares of train, validation and test, or of the first of them.

    Raises:
        TooFewRows: fewer rows of a class than the parts need.
    """
    least = LEAST[: len(fractions)]
    wanted = np.empty(least.shape, dtype=np.int64)
    for label, total in enumerate(totals):
        if total < least[:, label].sum():
            raise TooFewRows(label)
        held_out = np.floor(total * np.array(fractions[1:]) + 0.5).astype(np.int64)
        held_out = np.maximum(held_out, least[1:, label])
        while total - held_out.sum() < least[TRAIN, label]:
            held_out[held_out.argmax()] -= 1
        wanted[:, label] = total - held_out.sum(), *held_out
    return wanted


def fold_targets(totals: np.ndarray, folds: int) -> np.ndarray:
    """(folds, classes) rows wanted: of each class, and of both together, folds differ by one row at most.

    Args:
        totals: (classes,) negatives and positives there are.
        folds: how many.

    Raises:
        TooFewRows: fewer rows of a class than folds.
    """
    wanted = np.empty((folds, len(totals)), dtype=np.int64)
    first = 0
    for label, total in enumerate(totals):
        if total < folds:
            raise TooFewRows(label)
        one_more = (np.arange(folds) - first) % folds < total % folds
        wanted[:, label] = total // folds + one_more
        first += int(total % folds)  # the next class's odd rows go to the folds that this one gave none
    return wanted


def allocate(
    sets: np.ndarray, labels: np.ndarray, wanted: np.ndarray, rng: np.random.Generator, least: np.ndarray | None = None
) -> np.ndarray:
    """(rows,) part of each row; rows of one set get the same part.

    First every part gets its least, from the smallest sets. The others follow, the largest first, each to where it
    fits best. Single rows come last and fill up each class exactly, so that a table without sets of several rows gets
    the plain stratified split.

    Args:
        sets: (rows,) the number of each row's set, from 0.
        labels: (rows,) 0 or 1.
        wanted: (parts, classes) rows, as of `targets` or `fold_targets`.
        rng: decides among sets of one composition.
        least: (parts, classes) the fewest rows of a part; those of train, validation and test if not given.

    Raises:
        TooFewRows: not every part can have its least.
    """
    count = int(sets.max()) + 1
    content = np.stack([np.bincount(sets[labels == label], minlength=count) for label in (0, 1)], axis=1)
    part = np.full(count, -1, dtype=np.int64)
    filled = np.zeros_like(wanted)
    shuffled = rng.permutation(count)

    _allocate_least(content, shuffled, LEAST[: len(wanted)] if least is None else least, part, filled)
    compositions = pd.DataFrame(content[shuffled], columns=["negatives", "positives"])
    compositions = compositions[part[shuffled] == -1]
    # Sets of one composition are exchangeable: they are allocated together, in the random order of the shuffle.
    alike = {composition: shuffled[rows] for composition, rows in _positions(compositions).items()}
    for composition in sorted(alike, key=lambda composition: (-sum(composition), composition)):
        members, size = alike[composition], np.array(composition)
        if sum(composition) == 1:
            shares = _shares_of_single_rows(len(members), size, wanted - filled)
        else:
            shares = _shares_of_sets(len(members), size, wanted, filled)
        part[members] = np.repeat(np.arange(len(wanted)), shares)
        filled += shares[:, None] * size
    return part[sets]


def _positions(compositions: pd.DataFrame) -> dict[tuple[int, int], np.ndarray]:
    """For each composition (negatives, positives) the index of its sets, in their order."""
    grouped = compositions.groupby(["negatives", "positives"], sort=False).groups
    return {cast("tuple[int, int]", composition): np.asarray(index) for composition, index in grouped.items()}


def _allocate_least(
    content: np.ndarray, shuffled: np.ndarray, least: np.ndarray, part: np.ndarray, filled: np.ndarray
) -> None:
    """Marks the smallest sets that give every part its least; large ones would leave train too little."""
    by_size = shuffled[np.argsort(content[shuffled].sum(axis=1), kind="stable")]
    for label in (1, 0):  # the positives are the ones that run short
        able = iter(by_size[content[by_size, label] > 0])
        for side in reversed(range(len(least))):
            while filled[side, label] < least[side, label]:
                number = next((number for number in able if part[number] == -1), None)
                if number is None:
                    raise TooFewRows(label, side)
                part[number] = side
                filled[side] += content[number]


def _shares_of_single_rows(members: int, size: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """(parts,) single rows for each part: what is missing, less where an earlier set took more than its share."""
    missing = np.maximum(missing[:, int(size.argmax())], 0)
    ideal = members * missing / missing.sum()
    shares = np.floor(ideal).astype(np.int64)
    largest_remainders = np.argsort(shares - ideal, kind="stable")
    shares[largest_remainders[: members - shares.sum()]] += 1
    return shares


def _shares_of_sets(members: int, size: np.ndarray, wanted: np.ndarray, filled: np.ndarray) -> np.ndarray:
    """(parts,) sets of one composition for each part.

    Each batch goes to where it lowers the sum of (filled - wanted)^2 / wanted most. The batches shrink as the sets run
    out: half a million pairs take some hundred steps, the last ones set by set.
    """
    shares = np.zeros(len(wanted), dtype=np.int64)
    left = members
    while left:
        batch = max(1, left // 64)
        missing = wanted - filled - shares[:, None] * size
        rows = batch * size
        side = int(((rows * (rows - 2 * missing)) / wanted).sum(axis=1).argmin())
        shares[side] += batch
        left -= batch
    return shares
