"""A dataset whose features are never in memory as a whole: read in blocks, with a sample of rows at hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import pandas as pd

from runner.data.dataset import Dataset


class RowBlocks(Protocol):
    """A table in blocks of consecutive rows, of which a few fit into memory."""

    @property
    def sizes(self) -> Sequence[int]:
        """Rows of each block."""

    def read(self, block: int, rows: np.ndarray) -> pd.DataFrame:
        """The features of some rows of a block: numbers, booleans, categories or texts; gaps as NaN.

        Args:
            block: its number.
            rows: (n,) counted from the block's first row, ascending.

        Raises:
            InputError: it cannot be read any more.
        """


@dataclass(frozen=True, eq=False, kw_only=True)
class StreamedDataset(Dataset):
    """A table that is read block by block. Of all rows there are labels, weights and groups in memory.

    Attributes:
        features: of the sampled rows alone.
        blocks: where the features of all rows are read.
        sampled: (n,) int64 positions of the rows in `features`, ascending.
        keys: (rows,) uint32, see `split_keys`.
        content_digest: SHA-256 over columns, 64 bits a row that stand for its values, labels, weights and groups.
    """

    blocks: RowBlocks
    sampled: np.ndarray
    keys: np.ndarray
    content_digest: str

    @cached_property
    def split_keys(self) -> np.ndarray:
        """See `Dataset.split_keys`."""
        return self.keys

    @cached_property
    def digest(self) -> str:
        """See `content_digest`; another than the same table has in memory, as its preprocessing is another."""
        return self.content_digest

    def at_hand(self, rows: np.ndarray) -> np.ndarray:
        """Those of these rows that are in the sample.

        Args:
            rows: ascending positions.
        """
        return self.sampled[self.sampled_among(rows)]

    def features_of(self, rows: np.ndarray) -> pd.DataFrame:
        """The features of those of these rows that are in the sample.

        Args:
            rows: ascending positions.
        """
        return self.features.iloc[self.sampled_among(rows)]

    def sampled_among(self, rows: np.ndarray) -> np.ndarray:
        """Positions in `sampled` of the rows that are among these.

        Args:
            rows: ascending positions; at least one.
        """
        place = np.minimum(np.searchsorted(rows, self.sampled), len(rows) - 1)
        return np.flatnonzero(rows[place] == self.sampled)
