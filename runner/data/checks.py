"""What every dataset has to be before it may be split, whoever loaded it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from runner.data.columns import plain_columns
from runner.data.costs import check_costs
from runner.data.dataset import Dataset
from runner.data.labels import binary_labels
from runner.errors import InputError
from runner.terms.costs import KEYS
from runner.writing.wording import join_names


def check(dataset: Dataset) -> Dataset:
    """The dataset with plain types throughout, or an InputError that names what is wrong with it.

    A loader of your own may return its Dataset straight through here: labels may be booleans, {0, 1} or
    {-1, 1}, weights any numbers, columns of any pandas type that has a plain counterpart.
    """
    if not isinstance(dataset, Dataset):
        raise InputError(
            f"the dataset's loader returned a {type(dataset).__name__}; it has to return a runner.data.Dataset"
        )
    where = dataset.name if dataset.name == dataset.source else f"{dataset.name} ({dataset.source})"
    _check_columns(dataset.features, where)
    rows = len(dataset.features)
    for part, values in (
        ("labels", dataset.labels),
        ("weights", dataset.weights),
        ("groups", dataset.groups),
        ("split_by", dataset.split_by),
        ("subgroups", None if dataset.subgroups is None else dataset.subgroups.codes),
        *[(key, getattr(dataset.costs, key)) for key in (() if dataset.costs is None else KEYS)],
    ):
        if values is not None and np.shape(values) != (rows,):
            raise InputError(
                f"{where}: {part} of shape {np.shape(values)} for {rows} rows of features;"
                f" there has to be one value a row, shape ({rows},)"
            )
    checked = replace(
        dataset,
        features=plain_columns(dataset.features, where=where),
        labels=binary_labels(pd.Series(dataset.labels), where=f"{where}: labels"),
        groups=None if dataset.groups is None else checked_groups(dataset.groups, where=f"{where}: groups"),
        image_shape=as_image_shape(dataset.image_shape),
    )
    if dataset.weights is not None:
        weights = checked_weights(dataset.weights, checked.labels, where=f"{where}: weights")
        checked = replace(checked, weights=weights)
    if dataset.costs is not None:
        checked = replace(checked, costs=check_costs(dataset.costs, where=where))
    if checked.image_shape is not None:
        check_image(checked.features, checked.image_shape, where)
    return checked


def as_image_shape(shape: Sequence[int] | None) -> tuple[int, int, int] | None:
    """(height, width, channels) from what a config holds; (height, width) gets one channel."""
    if shape is None:
        return None
    try:
        sizes = tuple(int(size) for size in shape)
    except (TypeError, ValueError):
        sizes = ()
    if len(sizes) not in (2, 3) or min(sizes) < 1:
        raise InputError(f"dataset.image_shape={shape} is not [height, width, channels], as in [8, 8, 1]")
    return (sizes[0], sizes[1], sizes[2] if len(sizes) == 3 else 1)


def checked_weights(values: Any, labels: np.ndarray, *, where: str) -> np.ndarray:
    """Sample weights as float64: numbers, none negative, and something left of either class."""
    column = pd.Series(values).reset_index(drop=True)
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype="float64", na_value=np.nan)
    faults = (
        ("are missing", column.isna().to_numpy()),
        ("are not numbers", np.isnan(numbers)),
        ("are infinite", np.isinf(numbers)),
        ("are negative", numbers < 0),
    )
    for fault, bad in faults:
        if bad.any():
            first = int(bad.argmax())
            raise InputError(
                f"{where}: {bad.sum()} of {len(column)} values {fault}, the first in row {first + 1}"
                f" ({column.iloc[first]!r}); sample weights are numbers from 0 up"
            )
    for label, called in ((1, "positive"), (0, "negative")):
        if not numbers[labels == label].any():
            raise InputError(
                f"{where}: every {called} row weighs 0, so nothing could be learned of that class;"
                " give some of them weight, or do without weights"
            )
    return numbers


def checked_groups(values: Any, *, where: str) -> np.ndarray:
    """Groups, one a row, none missing."""
    column = pd.Series(values).reset_index(drop=True)
    missing = column.isna().to_numpy()
    if missing.any():
        raise InputError(
            f"{where}: {missing.sum()} of {len(column)} values are missing, the first in row {missing.argmax() + 1};"
            " give every row a group (one of its own where it belongs to none)"
        )
    return column.to_numpy()


def _check_columns(features: Any, where: str) -> None:
    if not isinstance(features, pd.DataFrame):
        raise InputError(
            f"{where}: features are a {type(features).__name__}, not a pandas DataFrame; wrap them in pd.DataFrame"
        )
    if len(features) == 0:
        raise InputError(f"{where}: has no rows; there is nothing to learn from")
    wrong = [name for name in features.columns if not isinstance(name, str)]
    if wrong:
        raise InputError(
            f"{where}: column names have to be texts, these are not: {join_names(wrong)};"
            " rename them with features.columns.astype(str)"
        )
    twice = features.columns[features.columns.duplicated()].unique()
    if len(twice):
        raise InputError(f"{where}: more than one column is called {join_names(twice)}; give each its own name")


def check_image(features: pd.DataFrame, shape: tuple[int, int, int], where: str) -> None:
    """Refuses columns that are no image of this shape.

    Raises:
        InputError: there are more or fewer of them, or one is not a pixel.
    """
    if math.prod(shape) != features.shape[1]:
        raise InputError(
            f"{where}: dataset.image_shape={list(shape)} needs {math.prod(shape)} pixel columns,"
            f" there are {features.shape[1]}; correct the shape, or choose the columns with dataset.features"
        )
    # A gap or a category would add input columns, and the pixels would no longer be a rectangle.
    for name, column in features.items():
        if column.dtype.kind not in "biuf" or column.isna().any():
            raise InputError(
                f"{where}: dataset.image_shape is given, but column '{name}' is not a pixel:"
                " pixels are numbers without gaps; fill or drop it, or do without image_shape"
            )
