"""The groups of rows that metrics are reported by: `evaluation.groups`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Subgroups:
    """Which group each row is in, by the values of one column.

    They are no part of what is learned; `Dataset.groups` is another matter: rows that are not independent.

    Attributes:
        column: its name.
        codes: (rows,) int, positions in `names`.
        names: the values as texts.
    """

    column: str
    codes: np.ndarray
    names: Sequence[str]

    def of(self, rows: np.ndarray) -> Subgroups:
        """Those of some rows; `names` keeps also groups that none of these is in."""
        return Subgroups(self.column, self.codes[rows], self.names)
