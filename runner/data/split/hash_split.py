"""``split=hash``: each row goes where its own values say, whatever rows there are beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from runner.data.dataset import Dataset
from runner.data.split.part_sizes import warn_of_dates, warn_scarce
from runner.data.split.protocol import Sides, check_count, check_shares
from runner.data.split_keys import shares_of_keys


@dataclass(frozen=True)
class HashSplit:
    """A random split by a hash of each row's features, or of its group.

    Equal rows, or rows of one group, are in one part; a row stays in its part when others come or go, or files are put
    together in another order. Shares are those asked for up to chance, and so are those of the classes.

    Attributes:
        seed: of the hash: another seed is another split.
        validation, test: shares of the rows.
    """

    seed: int
    validation: float
    test: float
    at_random: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_shares(self.validation, self.test)
        check_count("split.seed", self.seed)

    def rows(self, dataset: Dataset) -> Sides:
        """See `Split`."""
        shares = shares_of_keys(dataset.split_keys, self.seed)
        tested, held_out = shares < self.test, shares < self.test + self.validation
        sides = (np.flatnonzero(~held_out), np.flatnonzero(held_out & ~tested), np.flatnonzero(tested))
        warn_of_dates(dataset)
        warn_scarce(dataset, sides, "repeat the split, split.seed=0,1,2,3,4")
        return sides
