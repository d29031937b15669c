"""The user's own table: a CSV or Parquet file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from runner.data.checks import as_image_shape, check, checked_groups, checked_weights
from runner.data.dataset import Dataset
from runner.data.labels import binary_labels
from runner.data.sources.column_warnings import warn_of_columns
from runner.data.sources.table_files import read_table
from runner.errors import InputError
from runner.wording import did_you_mean


def load_file(
    path: str | Path,
    target: str,
    positive_label: Any = None,
    features: Sequence[str] | None = None,
    drop: Sequence[str] = (),
    sample_weight: str | None = None,
    group: str | None = None,
    *,
    image_shape: Sequence[int] | None = None,
) -> Dataset:
    """A table with a header, one row an example.

    Args:
        path: ``.csv``, ``.tsv`` (also with ``.gz``) or ``.parquet``. A CSV without commas in its header may use
            semicolons, and then 0,77 is a number.
        target: the column with the class.
        positive_label: the value of the target that counts as positive; all others, however many, are negative
            (one against the rest). Not needed where the target is boolean, {0, 1} or {-1, 1}. Values are
            compared as written too: 1 finds '1', and True finds 'true'.
        features: the columns to learn from, all that are left if not given.
        drop: columns to leave out.
        sample_weight: a column of weights from 0 up; no feature.
        group: a column of groups whose rows stay on one side of the split (a patient, a customer); no feature.
        image_shape: (height, width, channels), if the feature columns are pixels in row-major order.

    Rows in errors are counted from 1, the first one below the header.
    """
    path = Path(path).expanduser()
    table = read_table(path)
    for option, column in (("target", target), ("sample_weight", sample_weight), ("group", group)):
        if column is not None:
            _check_there(table, path, option, [column])
    chosen = _feature_columns(table, path, target, features, drop, (sample_weight, group))
    labels = binary_labels(table[str(target)], positive_label, where=f"{path}: target column '{target}'")
    weights = groups = None
    if sample_weight is not None:
        where = f"{path}: weight column '{sample_weight}'"
        weights = checked_weights(table[str(sample_weight)], labels, where=where)
    if group is not None:
        groups = checked_groups(table[str(group)], where=f"{path}: group column '{group}'")
    name = path.name.split(".")[0] or path.name
    dataset = check(
        Dataset(name, table[chosen], labels, str(path), weights, groups, image_shape=as_image_shape(image_shape))
    )
    warn_of_columns(dataset.features, path)
    return dataset


def _feature_columns(
    table: pd.DataFrame,
    path: Path,
    target: str,
    features: Sequence[str] | None,
    drop: Sequence[str],
    others: Iterable[str | None],
) -> list[str]:
    dropped = set(_names(drop))
    _check_there(table, path, "drop", _names(drop))
    if features is None:
        taken = {str(target), *(str(other) for other in others if other is not None)}
        chosen = [str(name) for name in table.columns if name not in taken]
    else:
        chosen = list(dict.fromkeys(_names(features)))
        _check_there(table, path, "features", chosen)
        if str(target) in chosen:
            raise InputError(
                f"{path}: dataset.features names the target column '{target}'; a network that reads the answer learns"
                " nothing, take it out"
            )
    chosen = [name for name in chosen if name not in dropped]
    if not chosen:
        raise InputError(
            f"{path}: no feature columns left of {table.shape[1]} columns; drop fewer with dataset.drop,"
            " or name some with dataset.features"
        )
    return chosen


def _names(columns: Sequence[str] | None) -> list[str]:
    if columns is None:
        return []
    # dataset.drop=id, without brackets, arrives as one text and means one column.
    return [columns] if isinstance(columns, str) else [str(column) for column in columns]


def _check_there(table: pd.DataFrame, path: Path, option: str, columns: Iterable[str]) -> None:
    for column in columns:
        if str(column) not in table.columns:
            raise InputError(f"{path}: dataset.{option}: no column '{column}': {did_you_mean(column, table.columns)}")
