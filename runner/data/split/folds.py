"""``split=kfold`` and ``split=group``: every row is tested in exactly one of the folds."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from runner.data.allocation import TooFewRows, allocate, fold_targets
from runner.data.dataset import Dataset
from runner.data.split.linked import LinkedRows
from runner.data.split.part_sizes import warn_missed_shares, warn_of_dates, warn_repeated, warn_scarce
from runner.data.split.protocol import Sides, check_count, check_fold, check_share
from runner.errors import InputError
from runner.writing.wording import join_names

log = logging.getLogger("runner.data")

EACH = np.ones(2, dtype=np.int64)
"""The fewest negatives and positives of a fold."""


@dataclass(frozen=True)
class KFoldSplit:
    """Stratified k-fold cross-validation; groups and duplicates stay in one fold.

    Attributes:
        folds: how many.
        repeats: how often the rows are divided into folds anew; a sweep over all folds goes by it.
        fold: the one that is tested, from 0.
        repeat: of which repeat, from 0.
        seed: of the random choice of rows.
        validation: share of the rows that are not tested.
        duplicates: as for `RandomSplit`.
    """

    folds: int
    repeats: int
    fold: int
    repeat: int
    seed: int
    validation: float
    duplicates: str = "together"
    at_random: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_count("split.folds", self.folds, 2)
        check_count("split.repeats", self.repeats, 1)
        check_fold(self.fold, self.folds)
        check_count("split.repeat", self.repeat)
        if self.repeat >= self.repeats:
            raise InputError(
                f"split.repeat={self.repeat}: split.repeats={self.repeats} has the repeats 0 to {self.repeats - 1}"
            )
        check_count("split.seed", self.seed)
        check_share("split.validation", self.validation)

    def rows(self, dataset: Dataset) -> Sides:
        """See `Split`."""
        linked = LinkedRows.of(dataset, self.duplicates)
        try:
            wanted = fold_targets(linked.counts, self.folds)
            # One repeat's folds are the same for each `fold`.
            rng, least = np.random.default_rng([self.seed, self.repeat]), np.tile(EACH, (self.folds, 1))
            fold = allocate(linked.sets, linked.labels, wanted, rng, least)
        except TooFewRows as problem:
            needed = f"split.folds={self.folds} folds with one in each"
            raise InputError(linked.too_few(problem, needed, "lower split.folds")) from problem
        tested = fold == self.fold
        # A trailing 0 would be the generator of the folds: NumPy pads a short seed with zeros.
        rng = np.random.default_rng([self.seed, self.repeat, 1 + self.fold])
        train, validation = linked.among(~tested).hold_out(self.validation, rng)
        sides = (train, validation, linked.rows[tested])
        shares = (1 - 1 / self.folds) * np.array([1 - self.validation, self.validation])
        in_test = int(wanted[self.fold].sum())
        held_out = round(self.validation * (len(fold) - in_test))
        rounded = [len(fold) - in_test - held_out, held_out, in_test]
        warn_of_dates(dataset)
        warn_missed_shares(linked, sides, [*shares, 1 / self.folds], rounded)
        warn_scarce(dataset, sides, "test all folds, split.fold=all in a sweep")
        return sides


@dataclass(frozen=True)
class GroupSplit:
    """Whole groups are tested, and others are validated on: how well a network does on groups it never saw.

    As many folds as there are groups leave one group out at a time.

    Attributes:
        folds: how many.
        fold: the one that is tested, from 0; folds are in the order of their first group's name.
        seed: of the choice among groups that are alike, and of those for validation.
        validation: share of the rows that are not tested.
    """

    folds: int
    fold: int
    seed: int
    validation: float

    def __post_init__(self) -> None:
        check_count("split.folds", self.folds, 2)
        check_fold(self.fold, self.folds)
        check_count("split.seed", self.seed)
        check_share("split.validation", self.validation)

    def rows(self, dataset: Dataset) -> Sides:
        """See `Split`."""
        if dataset.groups is None:
            raise InputError(
                f"split=group: {dataset.name} has no groups; name their column with dataset.group=... (dataset=file), "
                "or choose split=kfold"
            )
        groups, names = _sorted_groups(dataset.groups)
        if len(names) < self.folds:
            raise InputError(
                f"split.folds={self.folds}: {dataset.name} has {len(names)} groups: lower it to {len(names)}, which "
                "leaves one group out at a time, or further"
            )
        linked = LinkedRows(dataset, np.arange(len(groups)), groups)
        try:
            wanted = fold_targets(linked.counts, self.folds)
            rng, least = np.random.default_rng(self.seed), np.tile(EACH, (self.folds, 1))
            fold = allocate(groups, linked.labels, wanted, rng, least)
        except TooFewRows as problem:
            needed = f"split.folds={self.folds} folds of whole groups with one in each"
            raise InputError(linked.too_few(problem, needed, "lower split.folds")) from problem
        order = pd.factorize(fold[np.unique(groups, return_index=True)[1]])[1]  # of the folds, by their first groups
        tested = fold == order[self.fold]
        rng = np.random.default_rng([self.seed, 1 + self.fold])
        train, validation = linked.among(~tested).hold_out(self.validation, rng)
        sides = (train, validation, linked.rows[tested])
        log.info(
            "%s: fold %d tests the groups %s",
            dataset.name,
            self.fold,
            join_names(names[np.unique(groups[tested])].tolist()),
        )
        warn_of_dates(dataset)
        warn_repeated(dataset, sides)
        warn_scarce(dataset, sides, "test all folds, split.fold=all in a sweep")
        return sides


def _sorted_groups(groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(rows,) the number of each row's group, and the groups in their order: of numbers, or of what they are called."""
    codes, names = pd.factorize(groups)
    names = np.asarray(names)
    keys = names if names.dtype.kind in "biuf" else names.astype(str)
    order = np.argsort(keys, kind="stable")
    return np.argsort(order)[codes], names[order]
