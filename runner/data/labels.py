"""From whatever a target column holds to labels 0 and 1, never by guessing which class is meant."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from runner.errors import InputError
from runner.wording import join_names


def binary_labels(values: pd.Series, positive_label: Any = None, *, where: str) -> np.ndarray:
    """Labels as int8 0 and 1.

    Args:
        values: the target, one value a row.
        positive_label: the value that counts as positive; all others are negative, however many there are
            (one against the rest). Without it the target must be boolean, {0, 1} or {-1, 1}.
        where: the beginning of every error, such as ``data.csv: target column 'churn'``.

    Returns:
        (rows,) int8 array.
    """
    values = pd.Series(values).reset_index(drop=True)
    missing = values.isna().to_numpy()
    if missing.any():
        raise InputError(
            f"{where}: {missing.sum()} of {len(values)} values are missing, the first in row {missing.argmax() + 1};"
            " fill them in or delete these rows"
        )
    found: list[Any] = values.drop_duplicates().tolist()
    if len(found) == 1:
        raise InputError(
            f"{where}: holds one class only, every value is {found[0]!r}; a classifier needs rows of two classes"
        )
    if positive_label is not None:
        return _against_the_rest(values, found, positive_label, where)
    if set(found) in ({0, 1}, {-1, 1}) and all(not isinstance(value, str) for value in found):
        return (values == 1).to_numpy().astype(np.int8)
    if len(found) == 2:
        choices = " or ".join(f"dataset.positive_label={value}" for value in _ordered(found))
        raise InputError(f"{where}: holds {join_names(_ordered(found))}; say which one is positive: {choices}")
    raise InputError(
        f"{where}: holds {len(found)} different values ({join_names(_ordered(found), 5)}), not two;"
        " name the positive one with dataset.positive_label=VALUE and all others become negative"
    )


def _against_the_rest(values: pd.Series, found: list[Any], positive_label: Any, where: str) -> np.ndarray:
    positives = [value for value in found if _same(value, positive_label)]
    if not positives:
        # YAML 1.1 turns an unquoted yes, no, on, off into a boolean before anyone here sees it.
        quote = " (YAML reads yes, no, on, off as booleans: quote them)" if isinstance(positive_label, bool) else ""
        raise InputError(
            f"{where}: dataset.positive_label={positive_label} is not among its values:"
            f" {join_names(_ordered(found))}{quote}"
        )
    labels = values.isin(positives).to_numpy().astype(np.int8)
    if labels.all():
        raise InputError(f"{where}: every value counts as dataset.positive_label={positive_label}; none is negative")
    return labels


def _same(value: Any, wanted: Any) -> bool:
    """Equal, or equal as written: a command line cannot tell 1 from '1' nor True from 'true'."""
    if isinstance(value, str) and isinstance(wanted, str):
        return value.strip() == wanted.strip()
    return bool(value == wanted) or _text(value) == _text(wanted)


def _text(value: Any) -> str:
    if isinstance(value, (bool, np.bool_)):
        return str(value).casefold()
    text = str(value).strip()
    if text.casefold() in ("true", "false"):
        return text.casefold()
    try:
        return repr(float(text))
    except ValueError:
        return text


def _ordered(found: list[Any]) -> list[Any]:
    """Sorted where the values have an order, so that the same data always gives the same error."""
    try:
        return sorted(found)
    except TypeError:
        return sorted(found, key=str)
