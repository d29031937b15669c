"""Parquet files whose features are read a row group at a time, each as the whole table would be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from runner.data.sources.file_table import Table, table_of_frames
from runner.data.sources.parquet_files import ParquetFiles
from runner.data.sources.reading import Reading
from runner.data.sources.table_files import FileTable


@dataclass(frozen=True, eq=False)
class StreamedTable:
    """A table in row groups; see `RowBlocks`.

    Attributes:
        files: where they are.
        reading: what the user says of them, columns under their own names.
        columns: the features.
        numbers: those of them that hold numbers or true/false.
    """

    files: ParquetFiles
    reading: Reading
    columns: Sequence[str]
    numbers: frozenset[str] = field(default_factory=frozenset)

    @property
    def sizes(self) -> Sequence[int]:
        """See `RowBlocks`."""
        return [group.rows for group in self.files.groups]

    def read(self, block: int, rows: np.ndarray) -> pd.DataFrame:
        """See `RowBlocks`."""
        table = self.table(block, self.columns, rows)
        return pd.DataFrame({name: self._feature(table, name) for name in self.columns})

    def table(self, block: int, names: Sequence[str], rows: np.ndarray | None = None) -> Table:
        """Columns of a row group as a table of its own.

        Args:
            block: its number.
            names: of the columns.
            rows: see `ParquetFiles.read`.
        """
        frame = self.files.read(block, names, rows).to_pandas(ignore_metadata=True)
        frame.attrs["index"] = self.files.index
        file = FileTable(self.files.paths[self.files.groups[block].file], frame=frame)
        return table_of_frames([file], self.files.group_where(block), self.reading)

    def _feature(self, table: Table, name: str) -> pd.Series:
        column = table.feature(name)
        # Whether a row group has gaps, or nothing else, decides the type that pandas gives it.
        return column.astype("float64") if name in self.numbers and column.dtype.kind not in "biuf" else column
