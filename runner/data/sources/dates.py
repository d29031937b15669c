"""Whether texts look like dates."""

from __future__ import annotations

import re
import warnings

import pandas as pd

NEARLY_ALL = 0.9
"""Share of a column's values that has to look like dates, or be too rare, before the column is warned of."""

SAMPLE = 200
"""Values that are tried as dates; parsing a million would take longer than the training."""

# pandas takes '5', 'may' and version numbers for dates, so a value has to have the shape of one first.
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_DATE = re.compile(
    r"\s*(?:\d{4}([-/.])\d{1,2}\1\d{1,2}|\d{4}-\d{2}|\d{1,2}([-/.])\d{1,2}\2(?:\d{4}|\d{2})"
    rf"|\d{{1,2}}[-\s.]+{_MONTH}[-\s.,]+\d{{2,4}}|{_MONTH}[\s.]+\d{{1,2}},?\s+\d{{4}})(?:[T\s]+\d.*)?\s*",
    re.IGNORECASE,
)


def looks_like_dates(column: pd.Series) -> bool:
    """Whether nearly all of some of its values are dates in one of the usual shapes."""
    values = column.dropna()
    values = values.iloc[:: -(-len(values) // SAMPLE) or 1].astype(str)
    shaped = values[[_DATE.fullmatch(value) is not None for value in values]]
    if len(shaped) == 0 or len(shaped) < NEARLY_ALL * len(values):
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # whether the day or the month comes first does not matter here
        dates = pd.to_datetime(shaped, errors="coerce", format="mixed", dayfirst=True, utc=True)
    return bool(dates.notna().sum() >= NEARLY_ALL * len(values))
