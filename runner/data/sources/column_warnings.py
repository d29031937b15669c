"""Warnings of columns of a user's file that are probably not what the user takes them for, before training starts."""

from __future__ import annotations

import logging
import re
import warnings
from pathlib import Path

import pandas as pd

from runner.data.columns import MOST_CATEGORIES, RAREST

log = logging.getLogger("runner.data")

NEARLY_ALL = 0.9
"""Share of a column's values that has to look like dates, or be too rare, before the column is warned of."""

_FEW = 10
"""In fewer rows than these, whole numbers are in order by chance."""

_SAMPLE = 200
"""Values that are tried as dates; parsing a million would take longer than the training."""

# pandas takes '5', 'may' and version numbers for dates, so a value has to have the shape of one first.
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_DATE = re.compile(
    r"\s*(?:\d{4}([-/.])\d{1,2}\1\d{1,2}|\d{4}-\d{2}|\d{1,2}([-/.])\d{1,2}\2(?:\d{4}|\d{2})"
    rf"|\d{{1,2}}[-\s.]+{_MONTH}[-\s.,]+\d{{2,4}}|{_MONTH}[\s.]+\d{{1,2}},?\s+\d{{4}})(?:[T\s]+\d.*)?\s*",
    re.IGNORECASE,
)
_GROUPED = r"\s*[-+]?(?:\d{1,3}(?:\.\d{3})+(?:,\d+)?|\d{1,3}(?:,\d{3})+(?:\.\d+)?)\s*"
_ID = re.compile(r"(?i:id|index|.*[\W_]id)|.*[a-z]I[dD]")


def warn_of_columns(features: pd.DataFrame, path: Path) -> None:
    """Logs a warning for each column that looks like an identifier, like dates, like broken numbers or useless.

    Args:
        features: checked feature columns.
        path: of their file, for the message.
    """
    for name, column in features.items():
        warning = _warning(str(name), column)
        if warning:
            log.warning("%s: column '%s' %s", path, name, warning)


def _warning(name: str, column: pd.Series) -> str | None:
    """What is said of the column after its name, or None."""
    way_out = f"dataset.drop=['{name}'] leaves it out"
    if name.startswith("Unnamed: "):
        return f"has no name in the header (a saved row number?); {way_out}"
    if column.dtype.kind in "bf":
        return None
    if column.dtype.kind in "iu":
        return (
            f"looks like an identifier, no two rows share a value; {way_out}"
            if _looks_like_identifier(name, column)
            else None
        )
    if _looks_like_dates(column):
        return f"looks like dates: drop it or turn it into numbers; {way_out}"
    row = _row_that_is_no_number(column) if column.dtype == "str" else None
    if row is not None:
        return f"is mostly numbers but is taken as categories because of {column.iloc[row]!r} in row {row + 1}"
    rare = _share_too_rare(column)
    if rare >= NEARLY_ALL:
        return (
            f"is nearly useless, {rare:.0%} of its values are too rare to be told apart and share one input; {way_out}"
        )
    return None


def _looks_like_identifier(name: str, column: pd.Series) -> bool:
    in_order = len(column) >= _FEW and (column.is_monotonic_increasing or column.is_monotonic_decreasing)
    return bool((in_order or _ID.fullmatch(name)) and column.is_unique)


def _looks_like_dates(column: pd.Series) -> bool:
    values = column.dropna()
    values = values.iloc[:: -(-len(values) // _SAMPLE) or 1].astype(str)
    shaped = values[[_DATE.fullmatch(value) is not None for value in values]]
    if len(shaped) == 0 or len(shaped) < NEARLY_ALL * len(values):
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # whether the day or the month comes first does not matter here
        dates = pd.to_datetime(shaped, errors="coerce", format="mixed", dayfirst=True, utc=True)
    return bool(dates.notna().sum() >= NEARLY_ALL * len(values))


def _row_that_is_no_number(column: pd.Series) -> int | None:
    """The row, from 0, that makes a column of texts out of one that is mostly numbers to its writer."""
    texts = column.notna() & pd.to_numeric(column, errors="coerce").isna()
    # 1,5 is a number to its writer, and so is 1.234,5; both are categories to pandas.
    numbers = pd.to_numeric(column.str.replace(",", "."), errors="coerce").notna()
    grouped = column.str.fullmatch(_GROUPED, na=False)
    if not texts.any() or (numbers | grouped).sum() <= len(column) / 2:
        return None
    others = texts & ~numbers
    return int((others if others.any() else texts).to_numpy().argmax())


def _share_too_rare(column: pd.Series) -> float:
    """Share of the values there are that end up in the pool of rare ones, see ``make_preprocessing``."""
    counts = column.value_counts()  # the most frequent first
    told_apart = counts[counts >= RAREST].iloc[: MOST_CATEGORIES - 1]
    return 1 - float(told_apart.sum() / counts.sum())
