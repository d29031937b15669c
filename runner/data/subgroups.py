"""The groups that metrics are reported by, from a column: `evaluation.groups`."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from runner.data.dataset import Dataset
from runner.errors import InputError
from runner.terms.subgroups import Subgroups
from runner.writing.wording import did_you_mean, join_names

MISSING = "(missing)"
"""The group of rows without a value."""
MOST_GROUPS = 200
"""With more, the column is a number or an identifier, and no group has rows enough."""


def make_subgroups(column: str, values: pd.Series, *, where: str) -> Subgroups:
    """The groups that a column's values make, in the order of the values; rows without one are a group of their own.

    Args:
        column: its name.
        values: one a row; numbers that are whole are named without decimals.
        where: the beginning of every error.

    Raises:
        InputError: there is one value alone, or there are too many.
    """
    if pd.api.types.is_float_dtype(values.dtype):
        texts = values.map(lambda value: f"{value:.12g}", na_action="ignore")
    else:
        texts = values.map(lambda value: str(value).strip(), na_action="ignore")
    codes, names = pd.factorize(texts.astype(object).where(values.notna().to_numpy(), MISSING))
    if len(names) == 1:
        raise InputError(
            f"{where}: evaluation.groups={column}: all rows have the value {names[0]!r}, so there are no groups"
        )
    if len(names) > MOST_GROUPS:
        raise InputError(
            f"{where}: evaluation.groups={column}: {len(names)} different values ({join_names(names, 3)}), where at"
            f" most {MOST_GROUPS} groups are compared: name a column of few values, such as the number cut into ranges"
        )
    return Subgroups(column, codes, [str(name) for name in names])


def with_subgroups(dataset: Dataset, column: str) -> Dataset:
    """The dataset with the groups that a feature column makes; it stays a feature.

    Raises:
        InputError: there is no such column, or it makes no groups.
    """
    if column not in dataset.features:
        raise InputError(
            f"evaluation.groups: {dataset.name} has no column '{column}':"
            f" {did_you_mean(column, dataset.features.columns)}"
        )
    return replace(dataset, subgroups=make_subgroups(column, dataset.features[column], where=dataset.name))
