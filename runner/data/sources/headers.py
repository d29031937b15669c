"""Headers of files that are put together: names, repeated lines, columns that are there twice."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from runner.data.sources.table_files import FileTable
from runner.errors import InputError
from runner.writing.wording import join_names

log = logging.getLogger("runner.data")


def named(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """The names as pandas gives them, and which of them the file does not have."""
    header = [name if name.strip() else f"Unnamed: {place}" for place, name in enumerate(names)]
    return header, [new for new, name in zip(header, names, strict=True) if not name.strip()]


def check_same(first: list[str], other: list[str], file: FileTable, beside: FileTable) -> None:
    """Refuses a file whose columns are not those of the first, in whatever order.

    Raises:
        InputError: names the columns that differ.
    """
    ours, theirs = Counter(name.strip() for name in first), Counter(name.strip() for name in other)
    if ours == theirs:
        return
    lacks, extra = list((ours - theirs).elements()), list((theirs - ours).elements())
    differences = [f"has no {join_names(lacks, 4)}"] * bool(lacks) + [f"has also {join_names(extra, 4)}"] * bool(extra)
    raise InputError(
        f"{beside.path}: {' and '.join(differences)}, unlike {file.path}; files that are put together need the"
        " same columns"
    )


def order(header: list[str], own: list[str]) -> list[str]:
    """The places of a file's columns in the order of the first file's header."""
    places: dict[str, list[int]] = {}
    for place, name in enumerate(own):
        places.setdefault(name.strip(), []).append(place)
    return [str(places[name.strip()].pop(0)) for name in header]


def without_repeated_headers(rows: pa.Table, header: list[str], path: str) -> np.ndarray:
    """The places of the rows that do not repeat the header, as `cat *.csv` leaves them."""
    every = np.arange(rows.num_rows)
    if not rows.num_rows:
        return every
    first = pc.is_in(pc.utf8_trim_whitespace(rows.column(0)), value_set=pa.array(header, pa.string()))
    suspects = np.flatnonzero(first.to_numpy())
    repeated: list[int] = []
    known = set(header)
    for row in suspects[:100_000].tolist():
        values = [str(column[row].as_py()).strip() for column in rows.columns]
        if values == header:
            repeated.append(row)
        elif len(known) > 1 and known.issuperset(values) and len(set(values)) == len(known):
            raise InputError(
                f"{path}: row {row + 1} is a header with its columns in another order ({join_names(values, 3)}); were"
                " files put together? Name them one by one: dataset.path=[A,B]"
            )
    if repeated:
        log.warning(
            "%s: %s the header and %s left out, the first is row %d (were files put together?)",
            path,
            "1 row repeats" if len(repeated) == 1 else f"{len(repeated)} rows repeat",
            "is" if len(repeated) == 1 else "are",
            repeated[0] + 1,
        )
    return np.delete(every, repeated)


def distinct(header: list[str], rows: pa.Table, where: str) -> dict[str, pa.ChunkedArray]:
    """Each column under its name; one that stands there twice with equal values is taken once."""
    content: dict[str, pa.ChunkedArray] = {}
    copies = []
    for name, column in zip(header, rows.columns, strict=True):
        if name not in content:
            content[name] = column
        elif pc.all(pc.equal(pc.utf8_trim_whitespace(content[name]), pc.utf8_trim_whitespace(column))).as_py():
            copies.append(name)
        else:
            raise InputError(
                f"{where}: more than one column is called '{name}', with different values; give each its own name"
            )
    if copies:
        log.warning("%s: taken once, though there twice with equal values: %s", where, join_names(copies))
    return content


def place_in_files(files: Sequence[FileTable], rows: Sequence[np.ndarray]) -> Callable[[int], str]:
    """Where a row of the whole table stands: ``row 3``, or ``row 3 of day2.csv``."""
    ends = np.cumsum([len(kept) for kept in rows])

    def place(row: int) -> str:
        number = int(np.searchsorted(ends, row, side="right"))
        own = int(rows[number][row - (ends[number - 1] if number else 0)]) + 1
        return f"row {own}" if len(files) == 1 else f"row {own} of {files[number].path.name}"

    return place
