"""Which part every unit of rows goes to: shares of rows and of positives as close to the wanted ones as can be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd

TRAIN, VALIDATION, TEST = range(3)
PARTS = ("train", "validation", "test")

LEAST = np.array([[1, 2], [1, 1], [1, 1]])
"""(parts, classes): the fewest negatives and positives of a part. One positive to train on is a point, not a class."""


@dataclass(frozen=True)
class TooFew(Exception):
    """Too few units hold rows of a class; ``part`` goes without, or one of them does."""

    label: int
    part: str = "one of them"


def targets(totals: np.ndarray, fractions: tuple[float, float, float]) -> np.ndarray:
    """(parts, classes) rows wanted, rounded, no part below its least.

    Args:
        totals: (classes,) negatives and positives there are.
        fractions: shares of train, validation and test.
    """
    wanted = np.empty((3, 2), dtype=np.int64)
    for label, total in enumerate(totals):
        if total < LEAST[:, label].sum():
            raise TooFew(label)
        held_out = np.floor(total * np.array(fractions[1:]) + 0.5).astype(np.int64)
        held_out = np.maximum(held_out, LEAST[1:, label])
        while total - held_out.sum() < LEAST[TRAIN, label]:
            held_out[held_out.argmax()] -= 1
        wanted[:, label] = total - held_out.sum(), *held_out
    return wanted


def deal(units: np.ndarray, labels: np.ndarray, wanted: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(rows,) part of each row; rows of one unit get the same part.

    First every part gets what it cannot do without, from the smallest units. The rest goes out largest units
    first, each to where it fits best. Single rows come last and fill up each class exactly, so that a table
    without units of several rows gets the plain stratified split.
    """
    count = int(units.max()) + 1
    content = np.stack([np.bincount(units[labels == label], minlength=count) for label in (0, 1)], axis=1)
    part = np.full(count, -1, dtype=np.int64)
    filled = np.zeros((3, 2), dtype=np.int64)
    shuffled = rng.permutation(count)

    _give_the_least(content, shuffled, part, filled)
    kinds = pd.DataFrame(content[shuffled], columns=["negatives", "positives"])
    kinds = kinds[part[shuffled] == -1]
    # Units of one composition are exchangeable: they are dealt together, in the random order of the shuffle.
    alike = {kind: shuffled[rows] for kind, rows in _positions(kinds).items()}
    for kind in sorted(alike, key=lambda kind: (-sum(kind), kind)):
        members, size = alike[kind], np.array(kind)
        shares = (
            _exact(len(members), size, wanted - filled) if sum(kind) == 1 else _best(len(members), size, wanted, filled)
        )
        part[members] = np.repeat(np.arange(3), shares)
        filled += shares[:, None] * size
    return part[units]


def _positions(kinds: pd.DataFrame) -> dict[tuple[int, int], np.ndarray]:
    """For each composition (negatives, positives) the index of its units, in their order."""
    grouped = kinds.groupby(["negatives", "positives"], sort=False).groups
    return {cast("tuple[int, int]", kind): np.asarray(index) for kind, index in grouped.items()}


def _give_the_least(content: np.ndarray, shuffled: np.ndarray, part: np.ndarray, filled: np.ndarray) -> None:
    """Mark the smallest units that give every part its least. Large ones could not be taken back from train."""
    by_size = shuffled[np.argsort(content[shuffled].sum(axis=1), kind="stable")]
    for label in (1, 0):  # the positives are the ones that run short
        able = iter(by_size[content[by_size, label] > 0])
        for side in (TEST, VALIDATION, TRAIN):
            while filled[side, label] < LEAST[side, label]:
                unit = next((unit for unit in able if part[unit] == -1), None)
                if unit is None:
                    raise TooFew(label, PARTS[side])
                part[unit] = side
                filled[side] += content[unit]


def _exact(members: int, size: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """(parts,) single rows for each part: what is missing, less where an earlier unit took more than its share."""
    missing = np.maximum(missing[:, int(size.argmax())], 0)
    ideal = members * missing / missing.sum()
    shares = np.floor(ideal).astype(np.int64)
    largest_remainders = np.argsort(shares - ideal, kind="stable")
    shares[largest_remainders[: members - shares.sum()]] += 1
    return shares


def _best(members: int, size: np.ndarray, wanted: np.ndarray, filled: np.ndarray) -> np.ndarray:
    """(parts,) units of one composition for each part.

    Each batch goes to where it lowers the sum of (filled - wanted)^2 / wanted most. The batches shrink as the
    units run out: half a million pairs take some hundred steps, the last ones unit by unit.
    """
    shares = np.zeros(3, dtype=np.int64)
    left = members
    while left:
        batch = max(1, left // 64)
        missing = wanted - filled - shares[:, None] * size
        rows = batch * size
        side = int(((rows * (rows - 2 * missing)) / wanted).sum(axis=1).argmin())
        shares[side] += batch
        left -= batch
    return shares
