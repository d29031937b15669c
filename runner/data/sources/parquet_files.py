"""Parquet files as one table of row groups: what their footers tell, and single row groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from runner.data.sources.headers import check_same
from runner.data.sources.table_files import FileTable, unreadable
from runner.errors import InputError

MOST_BYTES = 2**30
"""Of a row group, uncompressed. A row group is the least that is read at once, and a few of them are held."""
NUMBER_BYTES = 8


@dataclass(frozen=True)
class RowGroup:
    """One row group.

    Attributes:
        file: the place of its file among the files.
        place: its own among the row groups of that file.
        rows: how many it has.
    """

    file: int
    place: int
    rows: int


@dataclass(frozen=True, eq=False)
class ParquetFiles:
    """The files, by their footers.

    Attributes:
        paths: of the files.
        footers: of each.
        schema: of the first.
        groups: all row groups that have rows, in the order of the files.
    """

    paths: Sequence[Path]
    footers: Sequence[parquet.FileMetaData]
    schema: pa.Schema
    groups: Sequence[RowGroup]

    @classmethod
    def open(cls, paths: Sequence[Path]) -> ParquetFiles:
        """The files at these paths.

        Raises:
            InputError: one cannot be read, or has other columns than the first.
        """
        footers = [_footer(path) for path in paths]
        header, first = footers[0].schema.to_arrow_schema().names, FileTable(paths[0])
        for path, footer in zip(paths, footers, strict=True):
            check_same(header, footer.schema.to_arrow_schema().names, first, FileTable(path))
        groups = [
            RowGroup(file, place, footer.row_group(place).num_rows)
            for file, footer in enumerate(footers)
            for place in range(footer.num_row_groups)
        ]
        schema = footers[0].schema.to_arrow_schema()
        return cls(paths, footers, schema, [group for group in groups if group.rows])

    @property
    def rows(self) -> int:
        """How many all files have."""
        return sum(footer.num_rows for footer in self.footers)

    @property
    def where(self) -> str:
        """The files, for messages."""
        more = len(self.paths) - 1
        return str(self.paths[0]) + (f" and {more} more file{'s' * (more > 1)}" if more else "")

    @property
    def index(self) -> list[str]:
        """Names of columns that were a frame's index."""
        described = (self.schema.pandas_metadata or {}).get("index_columns", [])
        return [name for name in described if isinstance(name, str) and name in self.schema.names]

    @property
    def column_bytes(self) -> int:
        """Memory that all columns take once they are read: 8 bytes a number, what the footers say of others."""
        others = {name for name in self.schema.names if kind(self.schema.field(name).type) != "numbers"}
        numbers = len(self.schema.names) - len(others)
        of_others = sum(
            column.total_uncompressed_size
            for group in self.groups
            for column in _columns(self.footers[group.file], group.place)
            if column.path_in_schema.partition(".")[0] in others
        )
        return self.rows * numbers * NUMBER_BYTES + of_others

    def group_where(self, place: int) -> str:
        """A row group, for messages."""
        group = self.groups[place]
        return f"{self.paths[group.file]}, row group {group.place}"

    def check_group_sizes(self) -> None:
        """Refuses row groups that are too large to be held a few at a time.

        Raises:
            InputError: names the first, and how to write smaller ones.
        """
        for place, group in enumerate(self.groups):
            size = self.footers[group.file].row_group(group.place).total_byte_size
            if size > MOST_BYTES:
                raise InputError(
                    f"{self.group_where(place)}: takes {size / 2**30:.1f} GiB, and what is streamed is read by row"
                    f" groups of {MOST_BYTES / 2**30:.0f} GiB at most; write the file with smaller ones, as"
                    " pyarrow.parquet.write_table(table, path, row_group_size=100_000) does"
                )

    def read(self, place: int, names: Sequence[str], rows: np.ndarray | None = None) -> pa.Table:
        """Columns of a row group.

        Args:
            place: of the row group among `groups`.
            names: of the columns, in the order in which they are returned.
            rows: which rows of it, counted from its first; None: all.

        Raises:
            InputError: it cannot be read.
        """
        group = self.groups[place]
        path, footer = self.paths[group.file], self.footers[group.file]
        own = {name.strip(): name for name in footer.schema.to_arrow_schema().names}
        try:
            with parquet.ParquetFile(path, metadata=footer) as file:
                table = file.read_row_group(group.place, columns=[own[name.strip()] for name in names])
        except (pa.ArrowException, OSError) as problem:
            raise unreadable(path, problem) from problem
        table = table.select([own[name.strip()] for name in names]).rename_columns(list(names))
        return table if rows is None else table.take(pa.array(rows))


def check_types(paths: Sequence[Path]) -> None:
    """Refuses Parquet files in which a column of one name holds different kinds of values.

    Raises:
        InputError: names the first such column.
    """
    seen: dict[str, tuple[str, Path]] = {}
    for path in paths:
        for field in _footer(path).schema.to_arrow_schema():
            held = kind(field.type)
            if held is None:
                continue
            first, where = seen.setdefault(field.name.strip(), (held, path))
            if held != first:
                raise InputError(
                    f"{path}: column '{field.name}' holds {held}, and {first} in {where}; files that are put together"
                    " need columns of the same types"
                )


def kind(of: pa.DataType) -> str | None:
    """What a column of this type holds, in words; None where it holds gaps alone."""
    if pa.types.is_dictionary(of):
        return kind(of.value_type)
    if pa.types.is_null(of):
        return None
    if pa.types.is_boolean(of):
        return "true or false"
    if pa.types.is_integer(of) or pa.types.is_floating(of) or pa.types.is_decimal(of):
        return "numbers"
    if pa.types.is_string(of) or pa.types.is_large_string(of) or pa.types.is_string_view(of):
        return "texts"
    return "dates or times" if pa.types.is_temporal(of) else f"values of type {of}"


def _footer(path: Path) -> parquet.FileMetaData:
    try:
        return parquet.read_metadata(path)
    except (pa.ArrowException, OSError) as problem:
        raise unreadable(path, problem) from problem


def _columns(footer: parquet.FileMetaData, place: int) -> list[parquet.ColumnChunkMetaData]:
    group = footer.row_group(place)
    return [group.column(number) for number in range(group.num_columns)]
