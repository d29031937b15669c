"""Reading tables from files, whatever their kind: one, several, a pattern; plain or compressed."""

from __future__ import annotations

import bz2
import glob
import gzip
import io
import logging
import lzma
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from pyarrow import feather, orc, parquet

from runner.data.sources.reading import Reading
from runner.data.sources.text_tables import TextTable, read_text
from runner.errors import InputError
from runner.writing.wording import did_you_mean, join_names, override

log = logging.getLogger("runner.data")

TEXT: dict[str, str | None] = {".csv": None, ".tsv": "\t", ".tab": "\t", ".txt": None, ".data": None, ".psv": "|"}
"""Kinds of text files, each with its separator where the kind says it."""


def _unzip(content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        inside = [
            name for name in archive.namelist() if not name.endswith("/") and not name.startswith(("__MACOSX", "."))
        ]
        if len(inside) != 1:
            raise ValueError(f"the archive holds {len(inside)} files, {join_names(inside, 4)}; unpack it and name them")
        return archive.read(inside[0])


def _unzstd(content: bytes) -> bytes:
    with pa.input_stream(pa.BufferReader(content), compression="zstd") as stream:
        return stream.read()


PACKED: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.decompress,
    ".bz2": bz2.decompress,
    ".xz": lzma.decompress,
    ".zst": _unzstd,
    ".zip": _unzip,
}


def _from_arrow(table: pa.Table) -> pd.DataFrame:
    return table.to_pandas()


TYPED: dict[str, Callable[[io.BytesIO], pd.DataFrame]] = {
    ".parquet": lambda file: _from_arrow(parquet.read_table(file)),
    ".pq": lambda file: _from_arrow(parquet.read_table(file)),
    ".feather": lambda file: _from_arrow(feather.read_table(file)),
    ".arrow": lambda file: _from_arrow(feather.read_table(file)),
    ".orc": lambda file: _from_arrow(orc.read_table(file)),
    ".json": lambda file: pd.read_json(file, dtype=False, convert_dates=False),
    ".jsonl": lambda file: pd.read_json(file, lines=True, dtype=False, convert_dates=False),
    ".dta": lambda file: pd.read_stata(file),
    ".sas7bdat": lambda file: pd.read_sas(file, format="sas7bdat", encoding="utf-8"),
}
"""Kinds of files that know the types of their columns."""

EXCEL = ".xlsx"
SUFFIXES = (*TEXT, *TYPED, EXCEL)
PARQUET = (".parquet", ".pq")


@dataclass(frozen=True)
class FileTable:
    """One file, nothing in it interpreted.

    Attributes:
        path: its own.
        text: a text file's table, or None.
        frame: any other file's, or None.
    """

    path: Path
    text: TextTable | None = None
    frame: pd.DataFrame | None = None

    @property
    def rows(self) -> int:
        """How many there are."""
        if self.text is not None:
            return self.text.rows.num_rows
        assert self.frame is not None
        return len(self.frame)


def find_files(path: Any) -> list[Path]:
    """The files that ``dataset.path`` names: one, a list, those that match a pattern, or a folder's Parquet files.

    Raises:
        InputError: there is none.
    """
    given = [path] if isinstance(path, (str, Path)) else list(path or [])
    if not given:
        raise InputError("dataset.path names no file")
    found: list[Path] = []
    for each in given:
        one = Path(str(each)).expanduser()
        if any(sign in str(one) for sign in "*?[") and not one.exists():
            matched = sorted(Path(name) for name in glob.glob(str(one), recursive=True) if Path(name).is_file())
            if not matched:
                raise InputError(f"{one}: no file matches this pattern; correct dataset.path")
            found += matched
        elif one.is_dir():
            found += _files_of(one)
        else:
            found.append(one)
    twice = sorted({str(one) for one in found if found.count(one) > 1})
    if twice:
        raise InputError(f"dataset.path names {join_names(twice, 3)} more than once; its rows would count twice")
    return found


def _files_of(folder: Path) -> list[Path]:
    """The Parquet files of a folder, by name, but for those that begin as hidden files or Spark's notes do.

    Raises:
        InputError: there is none.
    """
    inside = sorted(each for each in folder.iterdir() if not each.name.startswith((".", "_")))
    found = [each for each in inside if each.is_file() and each.suffix.casefold() in PARQUET]
    if found:
        return found
    kinds = sorted({each.suffix for each in inside if each.suffix.casefold() in SUFFIXES})
    below = next((each for kind in PARQUET for each in folder.rglob(f"*{kind}")), None)
    pattern = f"{folder}/**/*{below.suffix}" if below and not kinds else f"{folder}/*{(kinds or ['.csv'])[0]}"
    raise InputError(
        f"{folder}: is a folder without Parquet files; name its files, as {override('dataset.path', pattern)} does"
    )


def read_file(path: Path, reading: Reading, expected: Sequence[str]) -> FileTable:
    """The table in a file.

    Args:
        path: of the file.
        reading: what the user says of it.
        expected: names that its header should have.

    Raises:
        InputError: it cannot be read.
    """
    suffix, unpack = _kind(path)
    if not path.exists():
        raise InputError(f"{path}: no such file{_nearby(path)}; correct dataset.path")
    try:
        content = path.read_bytes()
        content = unpack(content) if unpack else content
        if suffix in TEXT:
            return FileTable(path, text=read_text(content, str(path), reading, expected, TEXT[suffix]))
        if suffix == EXCEL:
            return FileTable(path, text=_read_excel(io.BytesIO(content), path))
        return FileTable(path, frame=_named(TYPED[suffix](io.BytesIO(content)), path))
    except InputError:
        raise
    except ImportError as error:
        raise InputError(f"{path}: {error.msg}") from error
    # Damaged files: every library has errors of its own.
    except Exception as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: Exception) -> InputError:
    """The refusal of a damaged file, with the first line of what its library says."""
    reason = str(error).strip().splitlines()[0].strip() if str(error).strip() else type(error).__name__
    return InputError(f"{path}: cannot be read ({reason}); check that it is a whole table of this kind")


def _read_excel(file: io.BytesIO, path: Path) -> TextTable:
    """The first sheet as texts, for its cells may be of any type, and pandas would take the word None for a gap."""
    book = pd.ExcelFile(file)
    if len(book.sheet_names) > 1:
        log.warning("%s: has %d sheets; the first, '%s', is read", path, len(book.sheet_names), book.sheet_names[0])
    cells = book.parse(book.sheet_names[0], header=None, dtype=str, keep_default_na=False, na_values=[""]).fillna("")
    if len(cells) == 0:
        raise InputError(f"{path}: is empty; it needs a header and rows")
    header = [str(name) for name in cells.iloc[0]]
    texts = [pa.array(cells[column].iloc[1:].astype("str"), pa.string()) for column in cells]
    return TextTable(header, pa.table(texts, names=[str(place) for place in range(len(header))]), "", "xlsx")


def _kind(path: Path) -> tuple[str, Callable[[bytes], bytes] | None]:
    suffixes = [suffix.casefold() for suffix in path.suffixes]
    unpack = PACKED.get(suffixes[-1]) if suffixes else None
    if unpack:
        suffixes.pop()
    if unpack is _unzip and (not suffixes or suffixes[-1] not in SUFFIXES):
        suffixes = [".csv"]
    if not suffixes or suffixes[-1] not in SUFFIXES:
        raise InputError(
            f"{path}: unknown kind of file; it has to end in one of {', '.join(SUFFIXES)}, perhaps followed by one of"
            f" {', '.join(PACKED)}"
        )
    return suffixes[-1], unpack


def _named(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    """The frame with texts for names; a named index becomes columns, marked in `attrs`."""
    if isinstance(frame.columns, pd.MultiIndex):
        raise InputError(f"{path}: column names have {frame.columns.nlevels} levels; give each column one name")
    index = [str(name) for name in frame.index.names if name is not None]
    frame = frame.reset_index(drop=not index)
    numbered = any(not isinstance(name, str) for name in frame.columns)
    frame.columns = frame.columns.astype(str)
    frame.attrs.update(index=index, numbered=numbered)
    return frame


def _nearby(path: Path) -> str:
    if not path.parent.is_dir():
        return f" (the folder {path.parent.absolute()} does not exist)"
    ends = (*SUFFIXES, *(kind + packed for kind in SUFFIXES for packed in PACKED))
    beside = sorted(other.name for other in path.parent.iterdir() if other.name.lower().endswith(ends))
    looked = f" in {path.parent.absolute()}"
    return f"{looked} ({did_you_mean(path.name, beside, 5).rstrip('?')})" if beside else looked
