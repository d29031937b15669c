"""What every way of splitting has in common."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from runner.data.dataset import Dataset
from runner.errors import InputError

Sides = tuple[np.ndarray, np.ndarray, np.ndarray]
"""The ascending int64 rows of train, validation and test."""


class Split(Protocol):
    """A way of splitting, with the values of its config.

    One whose parts are of one distribution by the way they are drawn may say so by an attribute `at_random`, which is
    true; of others it is looked at whether they are: see `runner.data.split.shift`.
    """

    def rows(self, dataset: Dataset) -> Sides:
        """The rows of train, validation and test.

        They depend on the data and the config alone, so that runs with any loss or model see the same ones.

        Raises:
            InputError: the dataset cannot be split so.
        """


def check_share(key: str, share: object) -> None:
    """Refuses what is no share of rows.

    Raises:
        InputError: names the key.
    """
    if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 < share < 1:
        raise InputError(f"{key}={share} is not a share of the rows between 0 and 1, such as 0.2")


def check_shares(validation: float, test: float) -> None:
    """Refuses parts of all rows that are no shares, or that leave no rows to train on.

    Raises:
        InputError: names the keys.
    """
    check_share("split.validation", validation)
    check_share("split.test", test)
    if validation + test >= 1:
        raise InputError(
            f"split.validation={validation} and split.test={test} leave no rows to train on: "
            "together they must stay below 1"
        )


def check_count(key: str, value: object, least: int = 0) -> None:
    """Refuses what is no whole number from `least` up.

    Raises:
        InputError: names the key.
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise InputError(f"{key}={value} is not a whole number from {least} up")


def check_fold(fold: Any, folds: int) -> None:
    """Refuses a fold that there is not.

    Raises:
        InputError: names the folds there are.
    """
    check_count("split.fold", fold)
    if fold >= folds:
        raise InputError(f"split.fold={fold}: split.folds={folds} has the folds 0 to {folds - 1}")
