"""From a column of numbers or dates to the order of the rows in time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from runner.errors import InputError

YEAR_FIRST = ("%Y/%m/%d", "%Y.%m.%d")
DAY_FIRST = ("%d.%m.%Y", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%y", "%d/%m/%y", "%d-%m-%y", "%d %b %Y", "%d %B %Y")
MONTH_FIRST = ("%m/%d/%Y", "%m-%d-%Y", "%m/%d/%y", "%m-%d-%y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%B %d %Y")
CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")


def time_order(values: np.ndarray, where: str) -> np.ndarray:
    """(rows,) integers from 0 that grow with time; equal for equal times.

    Args:
        values: (rows,) numbers, dates, or texts of either.
        where: dataset and column, for messages.

    Raises:
        InputError: a value is missing, or is neither; or texts are dates in two ways.
    """
    column = pd.Series(values).reset_index(drop=True)
    missing = column.isna().to_numpy()
    if missing.any():
        raise InputError(
            f"{where}: {missing.sum()} of {len(column)} values are missing, the first in row {missing.argmax() + 1}; "
            "rows without a time have no place in the order: fill them, or leave these rows out"
        )
    codes, different = pd.factorize(column)
    return _ranks(pd.Series(different), where)[codes]


def _ranks(different: pd.Series, where: str) -> np.ndarray:
    """(values,) the place of each of different values in time."""
    if pd.api.types.infer_dtype(different) == "boolean":
        raise InputError(f"{where}: holds true and false, which have no order; name a column of numbers or dates")
    if pd.api.types.is_numeric_dtype(different) or pd.api.types.is_datetime64_any_dtype(different):
        return _dense(different)
    if pd.api.types.infer_dtype(different) in ("date", "datetime"):
        return _dense(pd.to_datetime(different, utc=True))
    texts = different.astype(str).str.strip()
    numbers = pd.to_numeric(texts, errors="coerce")
    if numbers.notna().all():
        return _dense(numbers)
    found = {form: _dense(dates) for form, dates in _readings(texts)}
    if not found:
        raise InputError(
            f"{where}: {texts.iloc[0]!r} is neither a number nor a date that all values are written as; write dates as "
            "2024-01-31 or 2024-01-31 18:30, or name another column"
        )
    (first, order), *others = found.items()
    for form, other in others:
        if (order != other).any():
            place = int((order != other).argmax())
            raise InputError(
                f"{where}: {texts.iloc[place]!r} is a date in two ways ({first} and {form}), and nothing tells which; "
                "write dates as 2024-01-31"
            )
    return order


def _readings(texts: pd.Series) -> Sequence[tuple[str, pd.Series]]:
    """The dates that texts are in each way that reads all of them; the international one excludes the others."""
    dates = pd.to_datetime(texts, format="ISO8601", utc=True, errors="coerce")
    if dates.notna().all():
        return [("ISO 8601", dates)]
    found = []
    for day in (*YEAR_FIRST, *DAY_FIRST, *MONTH_FIRST):
        for clock in CLOCKS:
            if pd.isna(pd.to_datetime(texts.iloc[0], format=day + clock, errors="coerce")):
                continue
            dates = pd.to_datetime(texts, format=day + clock, errors="coerce")
            if dates.notna().all():
                found.append((day, dates))
    return found


def _dense(values: pd.Series) -> np.ndarray:
    return values.rank(method="dense").to_numpy().astype(np.int64) - 1
