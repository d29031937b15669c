"""From whatever a target column holds to labels 0 and 1, never by guessing which class is meant."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pandas as pd

from runner.errors import InputError
from runner.writing.wording import join_names, override


def binary_labels(
    values: pd.Series, positive_label: Any = None, *, where: str, gaps: Collection[str] = ()
) -> np.ndarray:
    """Labels as int8 0 and 1.

    Args:
        values: the target, one value a row.
        positive_label: the value that counts as positive, or a list of such values; all others are negative,
            however many there are. ``{"not": VALUE}``, or a list there, says which are negative, and all others are
            positive. Without it the target must be boolean, {0, 1} or {-1, 1}.
        where: the beginning of every error, such as ``data.csv: target column 'churn'``.
        gaps: words of the file that were taken for gaps.

    Returns:
        (rows,) int8 array.
    """
    values = pd.Series(values).reset_index(drop=True)
    missing = values.isna().to_numpy()
    if missing.any():
        words = f" ({join_names(gaps, 3)} counts as one; dataset.missing=none makes it a value)" if gaps else ""
        raise InputError(
            f"{where}: {missing.sum()} of {len(values)} values are missing, the first in row {missing.argmax() + 1}"
            f"{words}; fill them in or delete these rows"
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
        choices = " or ".join(override("dataset.positive_label", _plain(value)) for value in _ordered(found))
        raise InputError(f"{where}: holds {join_names(_ordered(found))}; say which one is positive: {choices}")
    raise InputError(
        f"{where}: holds {len(found)} different values ({join_names(_ordered(found), 5)}), not two;"
        " name the positive one with dataset.positive_label=VALUE (or a list, or {not: VALUE}) and all others become"
        " negative"
    )


def named_values(positive_label: Any) -> tuple[list[Any], bool]:
    """The values that ``positive_label`` names, and whether they are the negative ones (``not: VALUE``)."""
    negated = isinstance(positive_label, Mapping)
    if isinstance(positive_label, Mapping):
        if list(positive_label) != ["not"]:
            raise InputError(
                f"dataset.positive_label={dict(positive_label)} is not a value, a list of values, or {{not: VALUE}},"
                " which makes all values but that one positive"
            )
        positive_label = positive_label["not"]
    if positive_label is None:
        return [], negated
    values = list(positive_label) if isinstance(positive_label, (list, tuple, set)) else [positive_label]
    return values, negated


def described(values: pd.Series, labels: np.ndarray) -> str:
    """Which values are positive and which negative, with how many rows each: ``positive 'yes' (80), ...``."""
    return described_counts(*(values[labels == label].value_counts() for label in (1, 0)))


def described_counts(positive: pd.Series, negative: pd.Series, most: int = 4) -> str:
    """As `described`, of how many rows have each value, the most frequent first."""
    sides = []
    for called, counts in (("positive", positive), ("negative", negative)):
        shown = [f"{_plain(value)!r} ({count})" for value, count in counts.iloc[:most].items()]
        rest = counts.iloc[most:]
        more = [f"{len(rest)} more values ({rest.sum()})"] if len(rest) else []
        sides.append(f"{called} {', '.join([*shown, *more])}")
    return "; ".join(sides)


def _plain(value: Any) -> Any:
    value = value.item() if isinstance(value, np.generic) else value
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _against_the_rest(values: pd.Series, found: list[Any], positive_label: Any, where: str) -> np.ndarray:
    wanted, negated = named_values(positive_label)
    if not wanted:
        raise InputError(f"{where}: dataset.positive_label={positive_label} names no value")
    named: list[Any] = []
    for value in wanted:
        same = [other for other in found if _same(other, value)]
        if not same:
            # YAML 1.1 turns an unquoted yes, no, on, off into a boolean before anyone here sees it.
            quote = " (YAML reads yes, no, on, off as booleans: quote them)" if isinstance(value, bool) else ""
            raise InputError(
                f"{where}: dataset.positive_label={value} is not among its values: {join_names(_ordered(found))}{quote}"
            )
        named += same
    _refuse_variants(values, found, wanted, named, where)
    labels = (values.isin(named).to_numpy() ^ negated).astype(np.int8)
    for label, called in ((1, "negative"), (0, "positive")):
        if (labels == label).all():
            raise InputError(
                f"{where}: every value counts as {'positive' if label else 'negative'} by"
                f" dataset.positive_label={positive_label}; none is {called}"
            )
    return labels


def _refuse_variants(values: pd.Series, found: list[Any], wanted: list[Any], named: list[Any], where: str) -> None:
    """Refuses values that differ from a named one by upper and lower case or by surrounding blanks only."""
    texts = {str(value) for value in wanted}
    folded = {str(value).strip().casefold() for value in named if isinstance(value, str)}
    alike = [value for value in found if isinstance(value, str) and value.strip().casefold() in folded]
    unlisted = [value for value in alike if value not in texts]
    if len(alike) == 1 or len(alike) == len(folded) or not unlisted:
        return
    counts = ", ".join(f"{value!r} ({(values == value).sum()} rows)" for value in _ordered(alike))
    raise InputError(
        f"{where}: {counts} differ by upper and lower case or by surrounding blanks only; make them one value in the"
        f" file, or name all that are meant, as {override('dataset.positive_label', _ordered(alike))}"
    )


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
