"""``split=time``: the newest rows are the test, those before it validation; ties stay on one side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from runner.data.allocation import LEAST, PARTS
from runner.data.dataset import Dataset
from runner.data.split.part_sizes import warn_divided_groups, warn_repeated, warn_scarce
from runner.data.split.protocol import Sides, check_count, check_fold, check_share
from runner.data.split.time_order import time_order
from runner.errors import InputError

WINDOWS = ("expanding", "rolling")


@dataclass(frozen=True)
class TimeSplit:
    """Train, then validation, then test, in the order of a column.

    With several folds the newest rows are cut into as many blocks, each tested by a network that saw what came before.

    Attributes:
        column: the order; a number or a date.
        validation: share of the rows before the test.
        test: share of all rows, the newest.
        folds: blocks of the test.
        fold: the one that is tested, from 0, the oldest.
        window: ``expanding`` trains on all that came before, ``rolling`` on as many rows as the first fold has.
        gap: rows left out between train and validation, and between validation and test.
    """

    column: str
    validation: float
    test: float
    folds: int
    fold: int
    window: str
    gap: int

    def __post_init__(self) -> None:
        check_share("split.validation", self.validation)
        check_share("split.test", self.test)
        check_count("split.folds", self.folds, 1)
        check_fold(self.fold, self.folds)
        check_count("split.gap", self.gap)
        if self.window not in WINDOWS:
            raise InputError(f"split.window={self.window} is neither 'expanding' nor 'rolling'")

    def rows(self, dataset: Dataset) -> Sides:
        """See `Split`."""
        if dataset.split_by is None:
            raise InputError(f"split=time: {dataset.name} has no order; name a column with split.column=...")
        where = f"{dataset.name}: split.column={self.column}"
        times = time_order(dataset.split_by, where)
        oldest_first = np.argsort(times, kind="stable")
        cuts = np.flatnonzero(np.diff(times[oldest_first])) + 1
        if len(cuts) == 0:
            raise InputError(f"{where}: has the same value in every row, so that none is newer; name another column")
        bounds = self._bounds(cuts, len(times), where)
        parts = [np.sort(oldest_first[start:end]) for start, end in bounds]
        for part, rows, least in zip(PARTS, parts, LEAST, strict=True):
            for label, called in ((1, "positive"), (0, "negative")):
                there = int((dataset.labels[rows] == label).sum())
                if there < least[label]:
                    raise InputError(
                        f"{where}: {there or 'no'} {called} rows among the {len(rows)} of the {part} part, where there "
                        f"have to be {least[label]} or more; {self._way_out(part)}"
                    )
        sides = (parts[0], parts[1], parts[2])
        warn_divided_groups(dataset, sides)
        warn_repeated(dataset, sides)
        warn_scarce(dataset, sides, "test on more rows (split.test), or several blocks of them (split.folds)")
        return sides

    def _bounds(self, cuts: np.ndarray, total: int, where: str) -> list[tuple[int, int]]:
        """First row and end of train, validation and test, counted in the order of time.

        Args:
            cuts: where a row is newer than the one before it: no part begins elsewhere.
            total: rows there are.
            where: dataset and column, for messages.
        """
        first = total - round(self.test * total)
        blocks = [_nearest(cuts, first + round(part * (total - first) / self.folds)) for part in range(self.folds)]
        if len(set(blocks)) < self.folds:
            raise InputError(
                f"{where}: has {len(cuts) + 1} different values, too few among the newest {total - first} rows to cut "
                f"them into split.folds={self.folds} blocks; lower split.folds or raise split.test"
            )
        start, end = blocks[self.fold], [*blocks[1:], total][self.fold]
        oldest = start - blocks[0] if self.window == "rolling" else 0
        oldest = _nearest(cuts, oldest) if oldest else 0
        known = _last(cuts, start - self.gap) if self.gap else start
        held_out = _nearest(cuts, known - round(self.validation * (known - oldest)))
        trained = _last(cuts, held_out - self.gap) if self.gap else held_out
        if not oldest < trained <= held_out < known <= start < end:
            raise InputError(
                f"{where}: the {start - oldest} rows before the test, with {len(np.unique(cuts[cuts < start])) + 1} "
                f"different values, do not make a train and a validation part (split.validation={self.validation}, "
                f"split.gap={self.gap}); lower split.gap or split.test, or name a finer column"
            )
        return [(oldest, trained), (held_out, known), (start, end)]

    def _way_out(self, part: str) -> str:
        if part == "train":
            return "lower split.validation or split.test, so that training begins with more rows"
        if part == "validation":
            return "raise split.validation"
        return "raise split.test" if self.folds == 1 else "lower split.folds or raise split.test"


def _nearest(cuts: np.ndarray, wanted: int) -> int:
    """The cut nearest to a place; of two, the earlier."""
    return int(cuts[np.abs(cuts - wanted).argmin()])


def _last(cuts: np.ndarray, most: int) -> int:
    """The last cut up to a place; 0 if there is none."""
    before = cuts[cuts <= most]
    return int(before[-1]) if len(before) else 0
