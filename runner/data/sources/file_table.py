"""Files put together to one table, whose columns are read when they are asked for."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from runner.data.sources.dates import SAMPLE, looks_like_dates
from runner.data.sources.headers import (
    check_same,
    distinct,
    named,
    order,
    place_in_files,
    without_repeated_headers,
)
from runner.data.sources.numbers import NumberFormat, shows_comma
from runner.data.sources.parquet_files import check_types
from runner.data.sources.reading import Reading, called
from runner.data.sources.table_files import PARQUET, FileTable, find_files, read_file
from runner.data.sources.text_columns import TextColumns, code, codes
from runner.data.sources.text_tables import looks_like_data
from runner.errors import InputError
from runner.writing.wording import did_you_mean, join_names

log = logging.getLogger("runner.data")


@dataclass
class Table:
    """The rows of all files.

    Attributes:
        where: the files, for messages.
        names: of the columns, no two alike.
        content: columns of texts, or a frame whose columns have types.
        columns: reads texts.
        index: names of columns that were a frame's index.
        unnamed: names that the file does not have.
        dialect: how the files are written, in words.
        file_rows: how many rows each file has.
        hint: what to add where a column is not found.
    """

    where: str
    names: list[str]
    content: dict[str, pa.ChunkedArray] | pd.DataFrame
    columns: TextColumns
    index: list[str]
    unnamed: list[str]
    dialect: str
    file_rows: Sequence[int]
    hint: str = ""

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(next(iter(self.content.values()))) if isinstance(self.content, dict) else len(self.content)

    def has_dates(self, name: str) -> bool:
        """Whether a column holds dates, or texts that look like dates."""
        column = self.content[name]
        if not isinstance(column, pd.Series):
            step = -(-len(column) // SAMPLE) or 1
            column = self.columns.without_gaps(column.take(np.arange(0, len(column), step))).to_pandas()
        if pd.api.types.is_datetime64_any_dtype(column) or pd.api.types.infer_dtype(column) in ("date", "datetime"):
            return True
        return is_text(column) and looks_like_dates(column)

    def find(self, option: str, column: Any, *, group: str = "dataset") -> str:
        """The name of the column that an option means: as it stands there, or but for surrounding blanks.

        Args:
            option: without its group.
            column: as it is asked for.
            group: of the option.

        Raises:
            InputError: there is none, or more than one.
        """
        asked = str(column)
        if asked in self.names:
            return asked
        alike = [name for name in self.names if name.strip() == asked.strip()]
        if len(alike) == 1:
            return alike[0]
        if alike:
            raise InputError(
                f"{self.where}: {group}.{option}={asked}: {join_names(alike)} differ by blanks only; name one of them"
                " exactly, in quotes"
            )
        raise InputError(
            f"{self.where}: {group}.{option}: no column '{asked}': {did_you_mean(asked, self.names)}{self.hint}"
        )

    def feature(self, name: str) -> pd.Series:
        """A feature: numbers, booleans, categories or texts; gaps as NaN."""
        if isinstance(self.content, dict):
            column = self.columns.feature(name, self.content[name])
        else:
            column = self._typed(name, self.content[name])
        gaps = gap_numbers(self.columns.reading)
        if gaps and column.dtype.kind in "if":
            column = column.where(~column.isin(gaps))
        return column.rename(name)

    def target(self, name: str, named: Iterable[Any]) -> pd.Series:
        """The target; ``named`` are the values of ``positive_label``."""
        if isinstance(self.content, dict):
            return self.columns.target(self.content[name], {str(value).strip() for value in named})
        column = self.content[name]
        if not is_text(column):
            return column
        gaps = ("", *self.columns.reading.own_gaps)
        return column.where(~column.astype("str").str.strip().isin(gaps).fillna(False).to_numpy(dtype=bool))

    def other(self, name: str) -> pd.Series:
        """Weights or groups: numbers where all values are, else texts."""
        if not isinstance(self.content, dict):
            return self.content[name]
        values = self.columns.without_gaps(self.content[name])
        column = self.columns.numbers(name, values, quiet=True)
        self.columns.formats.pop(name, None)
        return pd.Series(values.to_pandas()) if column is None else column

    def _typed(self, name: str, column: pd.Series) -> pd.Series:
        """A column that has a type: read only if the type is text, or if an option asks for it."""
        reading = self.columns.reading
        if name in reading.categorical and not is_text(column):
            return column.map(
                lambda value: code(value) if isinstance(value, (int, float)) else str(value), na_action="ignore"
            ).astype("str")
        if not is_text(column):
            return column
        texts = pa.chunked_array([pa.array(column.astype("str"), pa.string(), from_pandas=True)])
        values = self.columns.without_gaps(pc.fill_null(texts, ""))
        if name in reading.categorical:
            return codes(values)
        if name in reading.numeric:
            numbers = self.columns.numbers(name, values, forced=True)
            return pd.Series(np.nan, index=column.index) if numbers is None else numbers
        return pd.Series(values.to_pandas()).astype("str")


def read_table(path: Any, reading: Reading, expected: Sequence[str]) -> Table:
    """The table in the files that ``dataset.path`` names.

    Args:
        path: one file, a list, or a pattern.
        reading: what the user says of them.
        expected: names that each header should have.

    Raises:
        InputError: a file cannot be read, or they do not fit together.
    """
    files = [read_file(one, reading, expected) for one in find_files(path)]
    where = (
        str(files[0].path)
        if len(files) == 1
        else f"{files[0].path} and {len(files) - 1} more file{'s' * (len(files) > 2)}"
    )
    if all(file.text is not None for file in files):
        return _of_texts(files, where, reading)
    if any(file.text is not None for file in files):
        raise InputError(f"{where}: are text files and others; files that are put together have to be of one kind")
    return table_of_frames(files, where, reading)


def gap_numbers(reading: Reading) -> list[float]:
    """The numbers that the user takes for gaps, such as -999."""
    found = pd.to_numeric(pd.Series(list(reading.own_gaps), dtype="str"), errors="coerce").dropna()
    return [float(number) for number in found]


def is_text(column: pd.Series) -> bool:
    """Whether a column of a frame holds texts, perhaps among numbers, and nothing else but gaps."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return False
    kind = pd.api.types.infer_dtype(column, skipna=True)
    if kind not in ("mixed", "mixed-integer"):
        return kind == "string"
    return all(isinstance(value, (str, int, float)) for value in column.dropna()) and not column.isna().all()


def _of_texts(files: Sequence[FileTable], where: str, reading: Reading) -> Table:
    texts = [file.text for file in files if file.text is not None]
    header, unnamed = named(texts[0].header)
    parts, numbers = [], []
    for file, text in zip(files, texts, strict=True):
        own, _ = named(text.header)
        rows = text.rows.rename_columns([str(place) for place in range(len(own))])
        check_same(header, own, files[0], file)
        kept = without_repeated_headers(rows, [name.strip() for name in text.header], str(file.path))
        numbers.append(kept)
        rows = rows if len(kept) == rows.num_rows else rows.take(kept)
        parts.append(rows.select(order(header, own)).rename_columns([str(place) for place in range(len(own))]))
    whole = pa.concat_tables(parts)
    if whole.num_rows == 0:
        raise InputError(f"{where}: has a header but no rows; there is nothing to learn from")
    content = distinct(header, whole, where)
    separators = list(dict.fromkeys(text.separator for text in texts))
    columns = TextColumns(where, reading, reading.gaps, place_in_files(files, numbers))
    if reading.decimal is None:
        columns.point_is_usual = ";" not in separators and not any(map(_shows_comma, content.values()))
    dialect = " and ".join(dict.fromkeys(text.encoding for text in texts))
    if separators != [""]:
        dialect = f"separator {' and '.join(map(called, separators))}, {dialect}"
    hint = "; the first line holds numbers: has the file a header?" if looks_like_data(texts[0].header) else ""
    return Table(where, list(content), content, columns, [], unnamed, dialect, list(map(len, numbers)), hint)


def table_of_frames(files: Sequence[FileTable], where: str, reading: Reading) -> Table:
    """The table of files that hold frames.

    Args:
        files: each with its frame.
        where: the files, for messages.
        reading: what the user says of them.

    Raises:
        InputError: they do not fit together, or have no rows.
    """
    frames = [file.frame for file in files if file.frame is not None]
    if len(files) > 1 and all(file.path.suffix.casefold() in PARQUET for file in files):
        check_types([file.path for file in files])
    for file, frame in zip(files, frames, strict=True):
        twice = sorted({name for name, count in Counter(frame.columns).items() if count > 1})
        if twice:
            raise InputError(f"{file.path}: more than one column is called {join_names(twice)}; give each its own name")
        check_same(list(frames[0].columns), list(frame.columns), files[0], file)
    index = list(frames[0].attrs.get("index", []))
    whole = frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)
    if len(whole) == 0:
        raise InputError(f"{where}: has no rows; there is nothing to learn from")
    if frames[0].attrs.get("numbered"):
        log.warning(
            "%s: column names are numbers there, and texts here: give new rows such names too, by"
            " frame.columns = frame.columns.astype(str)",
            where,
        )
    names, unnamed = named(list(whole.columns))
    whole = whole.set_axis(names, axis="columns")
    kept = [np.arange(file.rows) for file in files]
    columns = TextColumns(where, reading, reading.own_gaps, place_in_files(files, kept), reading.decimal != ",")
    dialect = files[0].path.suffix.lstrip(".")
    return Table(where, names, whole, columns, index, unnamed, dialect, list(map(len, frames)))


def _shows_comma(texts: pa.ChunkedArray) -> bool:
    some = pc.unique(pc.filter(texts, pc.match_substring(texts, ",")))
    return len(some) > 0 and shows_comma([text.strip() for text in some.slice(0, 1000).to_pylist()])


def formats_in_words(formats: dict[str, NumberFormat], *, plain: bool) -> str:
    """``decimal comma in 'a'; thousands point in 'b'``."""
    said = ["decimal point"] if plain and all(how.decimal == "." for how in formats.values()) else []
    for word, sign_of in (("decimal", "decimal"), ("thousands", "thousands"), ("unit", "unit")):
        by_sign: dict[str, list[str]] = {}
        for name, how in formats.items():
            sign = getattr(how, sign_of)
            if sign and (word != "decimal" or sign != "."):
                by_sign.setdefault(sign, []).append(name)
        said += [f"{word} {called(sign[0])} in {join_names(names, 3)}" for sign, names in by_sign.items()]
    return ", ".join(said)


def with_columns_found(table: Table, reading: Reading) -> Reading:
    """The reading with the columns of its options under the names they have in the table.

    Raises:
        InputError: one of them is not there.
    """
    categorical = tuple(table.find("categorical", name) for name in reading.categorical)
    return replace(
        reading, categorical=categorical, numeric=tuple(table.find("numeric", name) for name in reading.numeric)
    )
