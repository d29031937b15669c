"""The costs of a dataset's rows, from numbers and from columns: `dataset.cost_fn`, `cost_fp`, `gain_tp`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from runner.data.dataset import Dataset
from runner.errors import InputError
from runner.terms.costs import KEYS, Costs
from runner.writing.wording import did_you_mean

FAULTS = ("are missing", "are not numbers", "are infinite", "are negative")


def make_costs(
    asked: Mapping[str, Any], column: Callable[[str, str], tuple[str, pd.Series]], rows: int, *, where: str
) -> Costs | None:
    """The costs of each row; None where none are asked for.

    Args:
        asked: each of `KEYS`: the name of a column, a number, or None.
        column: (key, name as it is asked for) -> its name in the data, and its values.
        rows: how many there are.
        where: the beginning of every error.

    Raises:
        InputError: one of the two costs is not given, there is no such column, or values are no costs.
    """
    given = {key: asked.get(key) for key in KEYS if asked.get(key) is not None}
    if not given:
        return None
    for key in ("cost_fn", "cost_fp"):
        if key not in given:
            raise InputError(
                f"{where}: dataset.{next(iter(given))} without dataset.{key}: costs of decisions need those of a miss"
                f" and of a false alarm; add dataset.{key}=COLUMN or a number"
            )
    values = {key: np.zeros(rows) for key in KEYS}
    for key, value in given.items():
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            said, numbers = f"dataset.{key}={value}", pd.Series(np.full(rows, float(value)))
        else:
            name, numbers = column(key, str(value))
            said = f"dataset.{key} column '{name}'"
        values[key] = _checked(numbers, key, f"{where}: {said}")
    return check_costs(Costs(**values), where=where)


def check_costs(costs: Costs, *, where: str) -> Costs:
    """The costs as float64.

    Raises:
        InputError: a value is no cost, or all errors of one kind cost nothing.
    """
    costs = Costs(**{key: _checked(pd.Series(getattr(costs, key)), key, f"{where}: {key}") for key in KEYS})
    if not (costs.worth > 0).any():
        raise InputError(
            f"{where}: a miss costs more than a hit on no row (cost_fn + gain_tp is at most {costs.worth.max():g}), so"
            " that all rows are best left alone; correct dataset.cost_fn or dataset.gain_tp"
        )
    if not costs.cost_fp.any():
        raise InputError(
            f"{where}: a false alarm costs nothing on any row, so all rows are best called; correct dataset.cost_fp"
        )
    return costs


def with_costs(dataset: Dataset, asked: Mapping[str, Any]) -> Dataset:
    """The dataset with costs of its rows; feature columns that are named are no features any more.

    Args:
        dataset: checked or not.
        asked: see `make_costs`.

    Raises:
        InputError: as `make_costs`, or no feature is left.
    """
    named: list[str] = []

    def column(key: str, name: str) -> tuple[str, pd.Series]:
        if name not in dataset.features:
            raise InputError(
                f"dataset.{key}: {dataset.name} has no column '{name}': {did_you_mean(name, dataset.features.columns)}"
            )
        named.append(name)
        return name, dataset.features[name]

    costs = make_costs(asked, column, len(dataset.labels), where=dataset.name)
    if costs is None:
        return dataset
    features = dataset.features.drop(columns=list(dict.fromkeys(named)))
    if not features.shape[1]:
        raise InputError(f"{dataset.name}: all columns are costs, which are no features; nothing to learn from is left")
    return replace(dataset, features=features, costs=costs)


def _checked(values: pd.Series, key: str, where: str) -> np.ndarray:
    column = values.reset_index(drop=True)
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype="float64", na_value=np.nan)
    negative = numbers < 0 if key != "gain_tp" else np.zeros(len(column), bool)
    wrong = (column.isna().to_numpy(), np.isnan(numbers), np.isinf(numbers), negative)
    for fault, bad in zip(FAULTS, wrong, strict=True):
        if bad.any():
            first = int(bad.argmax())
            kind = "gains are numbers" if key == "gain_tp" else "costs are numbers from 0 up"
            raise InputError(
                f"{where}: {bad.sum()} of {len(column)} values {fault}, the first in row {first + 1}"
                f" ({column.iloc[first]!r}); {kind}"
            )
    return numbers
