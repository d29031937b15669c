"""``split=random``: shares of all rows, drawn at random, classes in equal shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from runner.data.allocation import LEAST, PARTS, TEST, TRAIN, VALIDATION, TooFewRows, allocate, targets
from runner.data.dataset import Dataset
from runner.data.split.linked import LinkedRows
from runner.data.split.part_sizes import warn_missed_shares, warn_of_dates, warn_scarce
from runner.data.split.protocol import Sides, check_count, check_shares
from runner.errors import InputError


@dataclass(frozen=True)
class RandomSplit:
    """A stratified random split; groups and duplicates stay on one side.

    Attributes:
        seed: of the random choice of rows.
        validation, test: shares of all rows.
        duplicates: ``together`` keeps rows with the same feature values on one side of the split, whatever their
            labels; ``drop`` keeps only the first of them.
    """

    seed: int
    validation: float
    test: float
    duplicates: str = "together"
    at_random: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_shares(self.validation, self.test)
        check_count("split.seed", self.seed)

    def rows(self, dataset: Dataset) -> Sides:
        """See `Split`."""
        linked = LinkedRows.of(dataset, self.duplicates)
        asked = (1 - self.validation - self.test, self.validation, self.test)
        try:
            wanted = targets(linked.counts, asked)
            side = allocate(linked.sets, linked.labels, wanted, np.random.default_rng(self.seed))
        except TooFewRows as problem:
            part = "one of them" if problem.part is None else PARTS[problem.part]
            least = f"1 for validation, 1 for test, {LEAST[TRAIN, problem.label]} to train on"
            raise InputError(linked.too_few(problem, f"three parts ({least}): {part} goes without", "")) from problem
        sides = (linked.rows[side == TRAIN], linked.rows[side == VALIDATION], linked.rows[side == TEST])
        warn_of_dates(dataset)
        warn_missed_shares(linked, sides, asked, wanted.sum(axis=1).tolist())
        warn_scarce(dataset, sides, "repeat the split, split.seed=0,1,2,3,4")
        return sides
