"""Any dataset of openml.org, by name or number. Needs a network the first time; scikit-learn keeps a copy."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import pandas as pd

from runner.data.checks import as_image_shape, check
from runner.data.dataset import Dataset
from runner.data.labels import binary_labels
from runner.data.sources.downloads import download
from runner.errors import InputError
from runner.writing.wording import did_you_mean


def load_openml(
    name: str | None = None,
    data_id: int | None = None,
    version: int | None = None,
    target: str | None = None,
    positive_label: Any = None,
    *,
    image_shape: Sequence[int] | None = None,
) -> Dataset:
    """A dataset of OpenML.

    Args:
        name: its name there; together with ``version``, since several sets may share a name.
        data_id: its number there, instead of a name.
        version: of that name; the oldest active one if not given.
        target: the column with the class, if not the one OpenML declares.
        positive_label: the value that counts as positive, all others are negative; as for ``load_file``.
        image_shape: (height, width, channels), if the columns are pixels in row-major order.
    """
    if (name is None) == (data_id is None):
        raise InputError("dataset=openml takes either dataset.name or dataset.data_id, one of the two")
    if data_id is not None and version is not None:
        raise InputError(f"dataset.version={version} goes with dataset.name; dataset.data_id={data_id} is one version")
    called = f"OpenML dataset {data_id if name is None else repr(name)}"
    frame, declared, details = _fetch(called, name, data_id, version)
    target = declared if target is None else str(target)
    if target is None:
        raise InputError(f"{called}: declares no single target; name it with dataset.target, {did_you_mean('', frame)}")
    if target not in frame:
        raise InputError(f"{called}: dataset.target: no column '{target}': {did_you_mean(target, frame)}")
    return check(
        Dataset(
            name=str(details["name"]),
            features=frame.drop(columns=target),
            labels=binary_labels(frame[target], positive_label, where=f"{called}: target column '{target}'"),
            source=f"https://www.openml.org/d/{details['id']}",
            image_shape=as_image_shape(image_shape),
        )
    )


def _fetch(
    called: str, name: str | None, data_id: int | None, version: int | None
) -> tuple[pd.DataFrame, str | None, dict[str, Any]]:
    """All columns that are neither an id nor ignored, the declared target if it is one column, and OpenML's details."""
    datasets = import_module("sklearn.datasets")  # takes a second, for which refused arguments do not wait
    asked: dict[str, Any] = {"data_id": data_id} if name is None else {"name": name, "version": version or "active"}
    with download(called), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "A network error occurred")  # the error that follows says it in one line
        try:
            bunch = datasets.fetch_openml(**asked, as_frame=True, n_retries=1, delay=0.2)
        except ValueError as error:  # scikit-learn's OpenMLError is one: not found, or no table
            reason = " ".join(str(error).split())
            raise InputError(f"{called}: {reason}; openml.org/search lists names and numbers") from error
    declared = bunch.target_names[0] if len(bunch.target_names or []) == 1 else None
    return bunch.frame, declared, bunch.details
