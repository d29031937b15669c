"""Warnings of columns of a user's file that are probably not what the user takes them for, before training starts."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection

import pandas as pd

from runner.data.columns import MOST_CATEGORIES, RAREST
from runner.data.sources.dates import NEARLY_ALL, looks_like_dates
from runner.writing.wording import join_names, override

log = logging.getLogger("runner.data")

_FEW = 10
"""In fewer rows than these, whole numbers are in order by chance."""

_CODE = re.compile(
    r"(?:.*[\W_])?(?:code|zip|zipcode|postcode|postal|plz|type|kind|category|cat|class|mcc|country|state|region)"
    r"(?:[\W_].*)?|.*[a-z](?:Code|Type|Kind|Category|Class)",
    re.IGNORECASE,
)
_MOST_CODES, _LEAST_CODE = 30, 100
_ID = re.compile(r"(?i:id|index|.*[\W_]id)|.*[a-z]I[dD]")


def warn_of_columns(features: pd.DataFrame, where: str, codes: Collection[str] = (), *, typed: bool = False) -> None:
    """Logs a warning for each column that looks like an identifier, like dates, like codes, or useless.

    Args:
        features: checked feature columns.
        where: their file, for the message.
        codes: columns that the user calls categorical.
        typed: whether the file says which columns are texts.
    """
    constant = [str(name) for name, column in features.items() if _is_constant(column)]
    if constant:
        log.warning(
            "%s: constant, the same value in every row, so that nothing can be learned of it: %s; %s leaves it out",
            *(where, join_names(constant), "dataset.drop" if len(constant) > 5 else override("dataset.drop", constant)),
        )
    for name, column in features.drop(columns=constant).items():
        warning = _warning(str(name), column, codes, typed)
        if warning:
            log.warning("%s: column '%s' %s", where, name, warning)


def _warning(name: str, column: pd.Series, codes: Collection[str], typed: bool) -> str | None:
    """What is said of the column after its name, or None."""
    way_out = f"{override('dataset.drop', [name])} leaves it out"
    if name.startswith("Unnamed: "):
        return f"has no name in the header (a saved row number?); {way_out}"
    if column.dtype.kind in "bf":
        return None
    if column.dtype.kind in "iu":
        if _looks_like_identifier(name, column):
            return f"looks like an identifier, no two rows share a value; {way_out}"
        if _looks_like_codes(name, column):
            few = ", ".join(map(str, column.drop_duplicates().head(3)))
            return (
                f"holds whole numbers that may be codes ({few}, ...), whose order says nothing;"
                f" {override('dataset.categorical', [name])} takes them as categories"
            )
        return None
    if looks_like_dates(column):
        return f"looks like dates: drop it or turn it into numbers; {way_out}"
    if typed and name not in codes and column.dtype == "str" and _mostly_numbers(column):
        return (
            f"is text, but most of its values are numbers; {override('dataset.numeric', [name])} reads them as numbers"
        )
    rare = _share_too_rare(column)
    if rare >= NEARLY_ALL:
        return (
            f"is nearly useless, {rare:.0%} of its values are too rare to be told apart and share one input; {way_out}"
        )
    return None


def _is_constant(column: pd.Series) -> bool:
    return not column.isna().any() and bool((column == column.iloc[0]).all())


def _looks_like_codes(name: str, column: pd.Series) -> bool:
    """Few different numbers in many rows, called a code or far from 0 and 1 as no count begins."""
    different = column.nunique()
    if not 3 <= different <= len(column) / _FEW:
        return False
    by_name = bool(_CODE.fullmatch(name))
    return by_name or (different <= _MOST_CODES and column.min() >= _LEAST_CODE)


def _mostly_numbers(column: pd.Series) -> bool:
    return bool(pd.to_numeric(column, errors="coerce").notna().sum() > column.notna().sum() / 2)


def _looks_like_identifier(name: str, column: pd.Series) -> bool:
    in_order = len(column) >= _FEW and (column.is_monotonic_increasing or column.is_monotonic_decreasing)
    return bool((in_order or _ID.fullmatch(name)) and column.is_unique)


def _share_too_rare(column: pd.Series) -> float:
    """Share of the values there are that end up in the pool of rare ones, see ``make_preprocessing``."""
    counts = column.value_counts()  # the most frequent first
    told_apart = counts[counts >= RAREST].iloc[: MOST_CATEGORIES - 1]
    return 1 - float(told_apart.sum() / counts.sum())
