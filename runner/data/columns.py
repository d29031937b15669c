"""The types of feature columns: numbers and booleans stay, texts become categories, the rest is refused by name."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd
from pandas.api import types

from runner.data.dataset import Dataset
from runner.errors import InputError
from runner.writing.wording import join_names, override

log = logging.getLogger("runner.data")

RAREST = 10
"""Categories in fewer training rows than this share one input: too few rows to learn a weight from."""

MOST_CATEGORIES = 30
"""Inputs that one categorical column may become, the pool of the rare ones included."""


def not_finite(dataset: Dataset, input_name: str, row: int | None = None) -> InputError:
    """The refusal of a column that overflows where it is standardised.

    Args:
        dataset: whose column it is.
        input_name: the preprocessing's, of the network input that is infinite or NaN.
        row: the first one with such an input, where it is known.
    """
    column, said = input_name.removeprefix("values__"), ""
    if row is not None:
        largest = f"its largest value is {dataset.features[column].abs().max():g}" if column in dataset.features else ""
        said = f" (row {row + 1}; {largest})"
    return InputError(
        f"{dataset.name}: column '{column}' is not finite once it is standardised{said}: numbers of this size overflow;"
        f" rescale or clear them, or leave the column out: {override('dataset.drop', [column])}"
    )


def plain_columns(features: pd.DataFrame, *, where: str) -> pd.DataFrame:
    """The same table in four kinds of columns: numpy numbers, numpy booleans, ``str`` and ``category``.

    Columns without a single value are left out, with a warning. Dates, infinite numbers and nested values are refused.
    """
    empty = [str(name) for name in features.columns if features[name].isna().all()]
    if empty:
        log.warning("%s: left out, not a single value in them: %s", where, join_names(empty))
        features = features.drop(columns=empty)
    if features.shape[1] == 0:
        raise InputError(f"{where}: no feature columns left; name some with dataset.features=[...] or drop fewer")
    # Built in one go: a frame of a thousand columns written one at a time is fragmented and slow.
    columns = {name: plain_column(features[name], where) for name in features.columns}
    return pd.DataFrame(columns).reset_index(drop=True)


def plain_column(column: pd.Series, where: str) -> pd.Series:
    """The column in one of the four kinds; see `plain_columns`."""
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return column
    if types.is_object_dtype(dtype):
        return _plain_objects(column, where)
    if types.is_string_dtype(dtype):
        return column.astype("str")
    if types.is_bool_dtype(dtype):
        return column.astype("float64") if column.isna().any() else column.astype("bool")
    if types.is_complex_dtype(dtype) or not types.is_numeric_dtype(dtype):
        raise _not_a_feature(column, str(dtype), where)
    if not isinstance(dtype, np.dtype):
        # Nullable integers cannot hold a NaN, the one gap that scikit-learn and numpy agree on.
        whole = dtype.kind in "iu" and not column.isna().any()
        column = column.astype("int64") if whole else column.astype("float64")
    infinite = np.isinf(column.to_numpy(dtype="float64"))
    if infinite.any():
        raise InputError(
            f"{where}: column '{column.name}': {infinite.sum()} infinite values, the first in row"
            f" {infinite.argmax() + 1}; replace or clear them, or leave the column out: {_without(column)}"
        )
    return column


def _without(column: pd.Series) -> str:
    """The override that leaves a column out."""
    return override("dataset.drop", [column.name])


def _plain_objects(column: pd.Series, where: str) -> pd.Series:
    kind = types.infer_dtype(column, skipna=True)
    if kind in ("integer", "floating", "mixed-integer-float", "decimal"):
        return plain_column(column.astype("float64"), where)
    if "date" in kind or "time" in kind or kind in ("period", "interval", "complex"):
        raise _not_a_feature(column, kind, where)
    nested = column.map(lambda value: isinstance(value, (list, tuple, dict, set, np.ndarray))).to_numpy(dtype=bool)
    if nested.any():
        first = int(nested.argmax())
        raise InputError(
            f"{where}: column '{column.name}': row {first + 1} holds a {type(column.iloc[first]).__name__}, not a"
            f" single value; spread it over columns of its own, or leave it out: {_without(column)}"
        )
    return column.astype("str")


def _not_a_feature(column: pd.Series, kind: str, where: str) -> InputError:
    return InputError(
        f"{where}: column '{column.name}': holds values of type {kind}, which a network cannot read; convert it to"
        f" a number (days since a fixed date, say), or leave it out: {_without(column)}"
    )
