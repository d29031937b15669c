"""The rows that a split divides, with the sets of them that must not be separated."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np

from runner.data.allocation import LEAST, TRAIN, TooFewRows, allocate, targets
from runner.data.dataset import Dataset
from runner.data.linked_rows import linked_sets, row_keys
from runner.errors import InputError

log = logging.getLogger("runner.data")

DUPLICATES = ("together", "drop")
"""What may be done about rows with the same feature values, whatever their labels."""


@dataclass(frozen=True, eq=False)
class LinkedRows:
    """Rows and their sets.

    Attributes:
        dataset: whose.
        rows: (n,) int64, ascending.
        sets: (n,) the number of each row's set, from 0.
    """

    dataset: Dataset
    rows: np.ndarray
    sets: np.ndarray

    @classmethod
    def of(cls, dataset: Dataset, duplicates: str) -> LinkedRows:
        """The rows of a dataset; those of one group are in one set.

        Args:
            dataset: checked.
            duplicates: ``together`` puts equal rows into one set; ``drop`` keeps only the first of them.

        Raises:
            InputError: `duplicates` is neither.
        """
        if duplicates not in DUPLICATES:
            raise InputError(f"split.duplicates={duplicates} is neither 'together' nor 'drop'")
        keys = row_keys(dataset.features)
        if duplicates == "drop":
            rows = np.unique(keys, return_index=True)[1]
            _warn_dropped(dataset, keys, rows)
            keys = np.arange(len(rows))
        else:
            rows = np.arange(len(keys))
        return cls(dataset, rows, linked_sets(keys, None if dataset.groups is None else dataset.groups[rows]))

    @property
    def labels(self) -> np.ndarray:
        """(n,) 0 or 1."""
        return self.dataset.labels[self.rows]

    @property
    def counts(self) -> np.ndarray:
        """(classes,) negatives and positives."""
        return np.bincount(self.labels, minlength=2)

    def among(self, chosen: np.ndarray) -> LinkedRows:
        """Some of the rows.

        Args:
            chosen: (n,) which, as booleans.
        """
        return LinkedRows(self.dataset, self.rows[chosen], np.unique(self.sets[chosen], return_inverse=True)[1])

    def hold_out(self, validation: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """The rows of train and of validation: classes in equal shares, sets on one side.

        Args:
            validation: share of these rows.
            rng: decides among sets of one composition.

        Raises:
            InputError: too few rows of a class for both.
        """
        try:
            wanted = targets(self.counts, (1 - validation, validation))
            side = allocate(self.sets, self.labels, wanted, rng)
        except TooFewRows as problem:
            needed = f"train and validation (1 for validation, {LEAST[TRAIN, problem.label]} to train on)"
            raise InputError(self.too_few(problem, f"{needed} beside the test", "")) from problem
        return self.rows[side == TRAIN], self.rows[side != TRAIN]

    def too_few(self, problem: TooFewRows, needed: str, way_out: str) -> str:
        """Why rows of a class do not suffice, in one line.

        Args:
            problem: which class.
            needed: for what they are too few.
            way_out: beside another dataset and smaller groups; or "".
        """
        called = "positive" if problem.label else "negative"
        of_class = self.labels == problem.label
        rows, distinct = int(of_class.sum()), len(np.unique(self.sets[of_class]))
        linked, ways = "", [way_out] if way_out else []
        if distinct < rows:
            linked = f", in {distinct} sets of duplicates or groups that stay together,"
            if self.dataset.groups is not None:
                ways.append("choose smaller groups")
        ways.append("choose a dataset with more of them")
        choices = ", or ".join(ways).replace(", or choose a dataset", ", or a dataset") if len(ways) > 1 else ways[0]
        return f"{self.dataset.name}: {rows} {called} rows{linked} are too few for {needed}; {choices}"


def _warn_dropped(dataset: Dataset, keys: np.ndarray, firsts: np.ndarray) -> None:
    dropped = len(keys) - len(firsts)
    if dropped:
        conflicting = int((dataset.labels != dataset.labels[firsts][keys]).sum())
        log.warning(
            "%s: %d of %d rows repeat an earlier row and were dropped; %d of them had another label than the first",
            dataset.name,
            dropped,
            len(keys),
            conflicting,
        )
