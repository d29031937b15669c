"""A text file as a table of texts: its encoding, its separator, its header, and rows that have one value a column."""

from __future__ import annotations

import codecs
import csv
import io
import logging
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from runner.data.sources.reading import SIGNS, Reading, called
from runner.errors import InputError
from runner.writing.wording import override

log = logging.getLogger("runner.data")

SEPARATORS = (",", ";", "\t", "|")
_SAMPLE = 200
"""Records that a separator has to cut into as many pieces as the header before it is believed."""

_BEGINNING = 1_000_000

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_INNER = "column {}"


@dataclass(frozen=True)
class TextTable:
    """A text file, nothing in it interpreted.

    Attributes:
        header: the names as they stand there.
        rows: one column of texts a name, called by its place.
        separator: one sign.
        encoding: as Python calls it.
    """

    header: list[str]
    rows: pa.Table
    separator: str
    encoding: str


def read_text(content: bytes, where: str, reading: Reading, expected: Sequence[str], usual: str | None) -> TextTable:
    """The table in the bytes of a text file.

    Args:
        content: uncompressed.
        where: the file, for messages.
        reading: what the user says of it.
        expected: names that the header should have, such as the target's: they tell which separator is right.
        usual: the separator of this kind of file, or None.

    Raises:
        InputError: it is no table, or not clearly one.
    """
    text, encoding = _decoded(content, where, reading.encoding)
    declared = None
    if text[:4].casefold() == "sep=" and len(text.split("\n", 1)[0].rstrip("\r")) == 5:
        declared, text = text[4], text.split("\n", 1)[-1]  # Excel's own line: it says what the separator is
    text = text.lstrip("\r\n") if not text[:200].strip() else text
    if not text.strip():
        raise InputError(f"{where}: is empty; it needs a header and rows")
    separator = reading.separator or declared or usual or _separator(text, where, expected)
    header, used = _header(text, separator, where)
    rows = _rows(text, used, len(header), separator, where)
    if '"' in text:
        _warn_of_swallowed_rows(header, rows, separator, where)
    return TextTable(header, rows, separator, encoding)


def _decoded(content: bytes, where: str, encoding: str | None) -> tuple[str, str]:
    marked = next((name for mark, name in _MARKS if content.startswith(mark)), None)
    if encoding in ("utf-8", "utf-16", "utf-32") and marked is not None:
        encoding = marked
    asked = encoding or marked or "utf-8"
    if asked == "utf-8" and b"\0" in content:
        raise InputError(
            f"{where}: holds NUL bytes, which no text in UTF-8 has; if it is UTF-16 without a mark, say so:"
            " dataset.encoding=utf-16-le"
        )
    try:
        text = content.decode(asked)
    except UnicodeError as error:
        first = error.start if isinstance(error, UnicodeDecodeError) else 0
        line = content.count(b"\n", 0, first) + 1
        around = content[max(0, first - 12) : first + 12].split(b"\n")
        shown = next((part for part in around if any(byte > 127 for byte in part)), b"").decode("cp1252", "replace")
        if encoding or marked:
            reason = f"is not {asked} text (byte {first}, line {line}); name its encoding with dataset.encoding"
        else:
            reason = (
                f"is not UTF-8 text (byte {first}, line {line}, {shown.strip()!r} if it comes from Windows); name its"
                " encoding: dataset.encoding=cp1252 for Windows in Western Europe and America, latin-1 for old Unix"
                " files, or save it as UTF-8"
            )
        raise InputError(f"{where}: {reason}") from error
    return text, {"utf-8-sig": "utf-8"}.get(asked, asked)


def _separator(text: str, where: str, expected: Sequence[str]) -> str:
    """The one sign that cuts the header and the records after it into equally many pieces."""
    wanted = {name.strip() for name in expected}
    pieces: dict[str, int] = {}
    has_names: dict[str, bool] = {}
    even: dict[str, bool] = {}
    for sign in SEPARATORS:
        records = [record for record in islice(_records(text, sign), _SAMPLE) if record]
        pieces[sign] = len(records[0]) if records else 0
        has_names[sign] = wanted <= {name.strip() for name in records[0]} if records else False
        even[sign] = all(len(record) == pieces[sign] for record in records)
    several = [sign for sign in SEPARATORS if pieces[sign] > 1]
    for right in (
        [sign for sign in several if even[sign] and has_names[sign]],
        [sign for sign in several if has_names[sign]],
        [sign for sign in several if even[sign]],
        several,
    ):
        if not right:
            continue
        most = max(pieces[sign] for sign in right)
        best = [sign for sign in right if pieces[sign] == most]
        if len(best) > 1:
            raise InputError(
                f"{where}: {' and '.join(map(called, best))} both cut every line into {most} values; say which one is"
                f" the separator: {' or '.join(override('dataset.separator', called(sign)) for sign in best)}"
            )
        return best[0]
    return ","


def _records(text: str, separator: str) -> Iterator[list[str]]:
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))  # 131072 by default: less than some headers
    lines = (line for line in io.StringIO(_beginning(text), newline="") if line.strip())
    return csv.reader(lines, delimiter=separator)


def _beginning(text: str) -> str:
    """Whole lines of the text, a million characters or ten lines."""
    end = _BEGINNING
    if len(text) <= end:
        return text
    for _ in range(10):
        found = text.find("\n", end)
        if found < 0:
            return text
        if text.count("\n", 0, found) >= 10:
            break
        end = found + 1
    return text[: found + 1]


def _header(text: str, separator: str, where: str) -> tuple[list[str], int]:
    """The names, and how many characters of the text the header takes."""
    taken = 0

    def lines() -> Iterator[str]:
        nonlocal taken
        for line in io.StringIO(_beginning(text), newline=""):
            taken += len(line)
            if line.strip(" \r\n"):
                yield line

    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    header = next(csv.reader(lines(), delimiter=separator), [])
    if len(header) < 2:
        signs = ", ".join(word for word in SIGNS if SIGNS[word] in (*SEPARATORS, " "))
        raise InputError(
            f"{where}: the header has one column only, {_short(header[0])!r}, where {called(separator)} is the"
            f" separator; a target and a feature are two: name the separator with dataset.separator"
            f" ({signs}, or another sign)"
        )
    return header, taken


def _rows(text: str, start: int, columns: int, separator: str, where: str) -> pa.Table:
    encoded = text[start:].encode()
    places = [_INNER.format(place) for place in range(columns)]
    if not encoded.strip():
        return pa.table({place: pa.array([], pa.string()) for place in places})
    odd: list[arrow_csv.InvalidRow] = []

    def keep(row: arrow_csv.InvalidRow) -> str:
        odd.append(row)
        return "skip" if len(odd) < 1000 else "error"

    longest = max(map(len, encoded.split(b"\n")))
    try:
        table = arrow_csv.read_csv(
            io.BytesIO(encoded),
            read_options=arrow_csv.ReadOptions(
                column_names=places, use_threads=False, block_size=max(2**24, 4 * longest)
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=separator, newlines_in_values=b'"' in encoded, invalid_row_handler=keep
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(places, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        if not odd:
            reason = str(error).strip().splitlines()[0]
            raise InputError(f"{where}: cannot be read ({reason}); check that it is a whole table") from error
    if odd:
        raise InputError(_uneven(odd[0], len(odd), columns, separator, where))
    return table


def _warn_of_swallowed_rows(header: Sequence[str], rows: pa.Table, separator: str, where: str) -> None:
    """Warns of a value that holds as many separators as a row, and a line break: a quote that was never closed."""
    for name, column in zip(header, rows.columns, strict=True):
        broken = pc.match_substring(column, "\n")
        if not pc.any(broken).as_py():
            continue
        for row in np.flatnonzero(broken.to_numpy())[:1000].tolist():
            if column[row].as_py().count(separator) >= len(header) - 1:
                log.warning(
                    "%s: row %d: its value of column '%s' holds line breaks and separators like whole rows (%r): if a"
                    " quote is missing in the file, rows are lost in it",
                    *(where, row + 1, name, _short(column[row].as_py())),
                )
                return


def _uneven(row: arrow_csv.InvalidRow, count: int, columns: int, separator: str, where: str) -> str:
    number = "" if row.number is None else f"row {row.number} "
    more = "" if count == 1 else f", as have {'999 or more' if count >= 1000 else count - 1} others"
    way_out = f"mend the file, or name another dataset.separator than {called(separator)}"
    if row.actual_columns == columns + 1:
        way_out += "; if every row has one value more, the first is a row name without a header"
    return (
        f"{where}: cannot be read: {number}has {row.actual_columns} values where the header has {columns} names{more}:"
        f" {_short(row.text)!r}; {way_out}"
    )


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def looks_like_data(header: Sequence[str]) -> bool:
    """Whether a header seems to be a row of data: mostly numbers, and not the places of columns without names."""
    numbers = [name for name in header if _is_number(name)]
    places = all(name.strip().isdecimal() for name in numbers) and len(set(numbers)) == len(numbers)
    return len(numbers) > len(header) / 2 and not places


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
