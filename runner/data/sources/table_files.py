"""Reading a table from a file, whatever its kind."""

from __future__ import annotations

import csv
import gzip
import warnings
from pathlib import Path

import pandas as pd
from pyarrow import parquet

from runner.errors import InputError
from runner.wording import did_you_mean, join_names

SUFFIXES = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".parquet")


def read_table(path: Path) -> pd.DataFrame:
    """The table in a CSV or Parquet file, every column under its own name."""
    if not path.name.lower().endswith(SUFFIXES):
        raise InputError(f"{path}: unknown kind of file; it has to end in one of {', '.join(SUFFIXES)}")
    if path.is_dir():
        raise InputError(f"{path}: is a folder; dataset.path names one file")
    if not path.exists():
        raise InputError(f"{path}: no such file{_nearby(path)}; correct dataset.path")
    try:
        table = _read_parquet(path) if path.name.lower().endswith(".parquet") else _read_csv(path)
    except InputError:
        raise
    except pd.errors.EmptyDataError as error:
        raise InputError(f"{path}: is empty; it needs a header and rows") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is not UTF-8 text (byte {error.start}); save it as UTF-8") from error
    # ArrowInvalid is a ValueError; pandas and gzip have errors of many kinds for a damaged file.
    except (OSError, EOFError, ValueError, pd.errors.ParserWarning) as error:
        reason = str(error).strip().splitlines()[0].strip() if str(error).strip() else type(error).__name__
        raise InputError(f"{path}: cannot be read ({reason}); check that it is a whole table of this kind") from error
    if len(table) == 0:
        raise InputError(f"{path}: has a header but no rows; there is nothing to learn from")
    table.columns = table.columns.astype(str)
    return table.reset_index(drop=True)


def _read_csv(path: Path) -> pd.DataFrame:
    opened = gzip.open if path.name.lower().endswith(".gz") else open
    with opened(path, "rt", encoding="utf-8-sig", newline="") as lines:
        header = next((line for line in lines if line.strip()), "")
    separator = "\t" if ".tsv" in path.name.lower() else ","
    if separator not in header and ";" in header:
        separator = ";"  # what spreadsheets write where the comma is the decimal sign
    # pandas would rename the second 'age' to 'age.1' and say nothing.
    _check_unique(path, next(csv.reader([header], delimiter=separator), []))
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # rows longer than the header lose values
        table = pd.read_csv(path, sep=separator, index_col=False, low_memory=False, encoding="utf-8-sig")
    return _with_decimal_commas(table) if separator == ";" else table


def _with_decimal_commas(table: pd.DataFrame) -> pd.DataFrame:
    """The table with every column of texts as numbers where 0,77 is a number and no value is anything else.

    A column with points is left alone: 1.234,5 and 1,234.5 need their writer to say which sign is which.
    """
    parsed = {}
    for name in table.columns[table.dtypes == "str"]:
        texts = table[name].dropna()
        if texts.str.contains(",", regex=False).any() and not texts.str.contains(".", regex=False).any():
            numbers = pd.to_numeric(texts.str.replace(",", ".", regex=False), errors="coerce")
            if numbers.notna().all():
                parsed[name] = numbers.reindex(table.index)
    return table.assign(**parsed)


def _read_parquet(path: Path) -> pd.DataFrame:
    _check_unique(path, parquet.read_schema(path).names)
    return pd.read_parquet(path)


def _check_unique(path: Path, names: list[str]) -> None:
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise InputError(f"{path}: more than one column is called {join_names(twice)}; give each its own name")


def _nearby(path: Path) -> str:
    if not path.parent.is_dir():
        return f" (the folder {path.parent.absolute()} does not exist)"
    beside = sorted(other.name for other in path.parent.iterdir() if other.name.lower().endswith(SUFFIXES))
    looked = f" in {path.parent.absolute()}"
    return f"{looked} ({did_you_mean(path.name, beside, 5).rstrip('?')})" if beside else looked
