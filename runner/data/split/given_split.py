"""``split=given``: the data say which part a row belongs to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from runner.data.allocation import PARTS, TEST, TRAIN, VALIDATION
from runner.data.dataset import Dataset
from runner.data.split.linked import LinkedRows
from runner.data.split.part_sizes import warn_divided_groups, warn_of_overlap, warn_repeated, warn_scarce
from runner.data.split.protocol import Sides, check_count, check_share
from runner.errors import InputError
from runner.writing.wording import join_names

CALLED = {
    TRAIN: ("train", "training"),
    VALIDATION: ("validation", "valid", "val", "dev"),
    TEST: ("test", "testing"),
}
"""What a part may be called, in upper or lower case."""


@dataclass(frozen=True)
class GivenSplit:
    """The parts that a column names, or that come from files of their own.

    Attributes:
        column: has train, validation or test for each row; None where `Dataset.split_by` comes from files.
        seed: of the choice of validation rows, where none are given.
        validation: share of the training rows, likewise.
    """

    column: str | None
    seed: int
    validation: float

    def __post_init__(self) -> None:
        check_count("split.seed", self.seed)
        check_share("split.validation", self.validation)

    def rows(self, dataset: Dataset) -> Sides:
        """See `Split`."""
        if dataset.split_by is None:
            raise InputError(
                f"split=given: nothing says which rows of {dataset.name} are the test: name a column that does with "
                "split.column=..., or with dataset=file another file with dataset.test_path=..."
            )
        parts = self._parts(dataset)
        for number in (TRAIN, TEST):
            if not (parts == number).any():
                raise InputError(f"{self._where(dataset)}: no row is called '{PARTS[number]}', and a run needs some")
        train, validation = np.flatnonzero(parts == TRAIN), np.flatnonzero(parts == VALIDATION)
        if not len(validation):
            linked = LinkedRows.of(dataset, "together").among(parts == TRAIN)
            train, validation = linked.hold_out(self.validation, np.random.default_rng(self.seed))
        sides = (train, validation, np.flatnonzero(parts == TEST))
        warn_divided_groups(dataset, sides)
        warn_repeated(dataset, sides)
        warn_of_overlap(dataset, sides)
        warn_scarce(dataset, sides, "give these parts more rows")
        return sides

    def _parts(self, dataset: Dataset) -> np.ndarray:
        """(rows,) the number of each row's part."""
        numbers = {word: number for number, words in CALLED.items() for word in words}
        said = pd.Series(dataset.split_by).reset_index(drop=True)
        parts = said.astype("str").str.strip().str.casefold().map(numbers)
        unknown = parts.isna().to_numpy()
        if unknown.any():
            values = said[unknown].unique().tolist()
            raise InputError(
                f"{self._where(dataset)}: has {join_names(values, 4)}, the first in row {unknown.argmax() + 1}; a part "
                f"is called {', '.join(PARTS[:-1])} or {PARTS[-1]}"
            )
        return parts.to_numpy().astype(np.int64)

    def _where(self, dataset: Dataset) -> str:
        return f"{dataset.name}: split.column={self.column}" if self.column else dataset.name
