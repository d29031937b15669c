"""Tables of any length read in chunks: CSV and Parquet files, of which the columns that a model needs are taken."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv
from pyarrow import parquet

from runner.data.sources.table_files import PARQUET, TEXT
from runner.data.sources.text_tables import SEPARATORS
from runner.errors import InputError
from runner.writing.wording import did_you_mean, first_line, join_names, no_column

PACKED = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd"}
BLOCK = 1 << 24
"""Bytes of a CSV file that are read at once."""
ROWS = 1 << 17
"""Rows of a Parquet file that are read at once."""
HEAD = 1 << 16
"""Bytes in which a header ends."""
NOBODY: Mapping[str, str] = {}


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be scored.

    Attributes:
        number: from 1, the first below the header.
        reason: in words.
    """

    number: int
    reason: str

    def __str__(self) -> str:
        return f"row {self.number}: {self.reason}"


@dataclass(frozen=True)
class Chunk:
    """Some rows of a table.

    Attributes:
        table: the columns asked for; of text files all of them texts, gaps empty.
        numbers: (n,) of its rows, from 1.
        bad: rows that are no rows of the table, and are not among these.
        done: how much of the file has been read.
    """

    table: pa.Table
    numbers: np.ndarray
    bad: Sequence[BadRow]
    done: int


class ChunkedFile:
    """A file that is read in chunks.

    Args:
        path: of a CSV file, packed or not, or a Parquet file.
        columns: that are needed, as the model names them.
        gaps: words that stand for a gap in a text file, beside blanks.
        asked_by: the option that asks for a column, of those that no model needs.

    Raises:
        InputError: it is not there, is of another kind, or lacks a column.
    """

    def __init__(
        self,
        path: Path,
        columns: Sequence[str],
        gaps: Sequence[str] = (),
        asked_by: Mapping[str, str] = NOBODY,
    ) -> None:
        self.path, self.columns, self._gaps, self._asked_by = path, list(columns), ["", *gaps], asked_by
        if not path.is_file():
            raise InputError(f"{path}: no such file")
        suffixes = [suffix.lower() for suffix in path.suffixes]
        packed = suffixes.pop() if suffixes and suffixes[-1] in PACKED else ""
        kind = suffixes[-1] if suffixes else ""
        self._packing = PACKED.get(packed)
        self._is_parquet = kind in PARQUET and not packed
        if not self._is_parquet and kind not in TEXT:
            raise InputError(f"{path}: a CSV file ({join_names(TEXT)}, also packed) or a Parquet file is needed")
        if path.stat().st_size == 0:
            raise InputError(f"{path}: the file is empty")
        if self._is_parquet:
            self._found = self._matched(self._parquet().schema_arrow.names, "")
        else:
            self._separator, header = self._header()
            self._found = self._matched(header, "; the first line must name the columns")

    @property
    def size(self) -> int:
        """Of what `Chunk.done` is a part: bytes of a text file, rows of a Parquet file."""
        return int(self._parquet().metadata.num_rows) if self._is_parquet else self.path.stat().st_size

    def chunks(self) -> Iterator[Chunk]:
        """The whole table, piece by piece.

        Raises:
            InputError: it cannot be read any further.
        """
        return self._of_parquet() if self._is_parquet else self._of_text()

    def _of_parquet(self) -> Iterator[Chunk]:
        done = 0
        try:
            for batch in self._parquet().iter_batches(ROWS, columns=[self._found[name] for name in self.columns]):
                table = pa.Table.from_batches([batch]).select([self._found[name] for name in self.columns])
                first, done = done + 1, done + len(table)
                yield Chunk(table.rename_columns(self.columns), np.arange(first, done + 1), (), done)
        except (pa.ArrowException, OSError) as problem:
            raise InputError(f"{self.path}: no sound Parquet file: {first_line(problem)}") from problem

    def _of_text(self) -> Iterator[Chunk]:
        unread: list[BadRow] = []  # Arrow is ahead: they may belong to the next chunks
        done = 0

        def on_invalid(row: arrow_csv.InvalidRow) -> str:
            cells = "1 cell" if row.actual_columns == 1 else f"{row.actual_columns} cells"
            unread.append(BadRow(row.number - 1, f"{cells} where the header has {row.expected_columns}"))
            return "skip"

        with self.path.open("rb") as file:
            source = pa.input_stream(pa.PythonFile(file, mode="r"), compression=self._packing)
            try:
                # By one thread: only then does Arrow know the number of a row that it cannot read.
                reader = arrow_csv.open_csv(
                    source,
                    arrow_csv.ReadOptions(use_threads=False, block_size=BLOCK),
                    arrow_csv.ParseOptions(
                        delimiter=self._separator, newlines_in_values=True, invalid_row_handler=on_invalid
                    ),
                    arrow_csv.ConvertOptions(
                        include_columns=list(self._found.values()),
                        column_types={name: pa.string() for name in self._found.values()},
                        null_values=self._gaps,
                        strings_can_be_null=True,
                    ),
                )
                for batch in reader:
                    table = pa.Table.from_batches([batch]).rename_columns(self.columns)
                    numbers, bad = _numbered(done + 1, len(table), unread)
                    del unread[: len(bad)]
                    done += len(table) + len(bad)
                    yield Chunk(table, numbers, bad, file.tell())
                if unread:
                    yield Chunk(_no_rows(self.columns), np.empty(0, int), list(unread), file.tell())
            except (pa.ArrowException, OSError, EOFError) as problem:
                raise InputError(f"{self.path}: cannot be read: {first_line(problem)}") from problem

    def _parquet(self) -> parquet.ParquetFile:
        try:
            return parquet.ParquetFile(self.path)
        except (pa.ArrowException, OSError) as problem:
            raise InputError(f"{self.path}: no Parquet file: {first_line(problem)}") from problem

    def _header(self) -> tuple[str, list[str]]:
        """The separator under which most of the columns are there, and the names under it."""
        try:
            with self.path.open("rb") as file:
                head = pa.input_stream(pa.PythonFile(file, mode="r"), compression=self._packing).read(HEAD)
            text = head.decode("utf-8-sig", errors="strict" if len(head) < HEAD else "ignore")
        except UnicodeDecodeError as problem:
            raise InputError(f"{self.path}: no UTF-8 text ({problem}): save it as UTF-8") from problem
        except (pa.ArrowException, OSError, EOFError) as problem:
            raise InputError(f"{self.path}: cannot be unpacked: {first_line(problem)}") from problem
        headers = {sign: next(csv.reader(io.StringIO(text), delimiter=sign), []) for sign in SEPARATORS}
        wanted = {name.strip() for name in self.columns}
        best = max(headers, key=lambda sign: len(wanted & {name.strip() for name in headers[sign]}))
        return best, headers[best]

    def _matched(self, header: Sequence[str], hint: str) -> dict[str, str]:
        """The name in the file of each column; blanks around names do not matter."""
        found: dict[str, str] = {}
        for name in self.columns:
            exact = [each for each in header if each == name]
            same = exact or [each for each in header if each.strip() == name.strip()]
            if len(same) > 1:
                raise InputError(f"{self.path}: two columns are called '{name}'")
            if same:
                found[name] = same[0]
        lacking = [name for name in self.columns if name not in found]
        for name in lacking:
            if name in self._asked_by and len(lacking) == 1:
                option = f"{self._asked_by[name]} {name}"
                raise InputError(f"{self.path}: {option}: no column '{name}': {did_you_mean(name, header)}{hint}")
        if lacking:
            raise InputError(f"{self.path}: {no_column(lacking, header)}{hint}")
        return found


def _numbered(first: int, rows: int, unread: Sequence[BadRow]) -> tuple[np.ndarray, list[BadRow]]:
    """The numbers of so many rows from `first` on, and the bad ones among them, which have numbers too."""
    end, here = first + rows, 0
    while here < len(unread) and unread[here].number < end:
        end, here = end + 1, here + 1
    numbers = np.arange(first, end)
    bad = list(unread[:here])
    return (np.setdiff1d(numbers, [row.number for row in bad]) if bad else numbers), bad


def _no_rows(columns: Sequence[str]) -> pa.Table:
    return pa.table({name: pa.array([], pa.string()) for name in columns})
