"""The benchmark of imbalanced-learn, 27 sets on zenodo.org. Needs the package, and a network the first time."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from types import ModuleType

import pandas as pd

from runner.data.checks import as_image_shape, check
from runner.data.dataset import Dataset
from runner.data.sources.downloads import download
from runner.errors import InputError
from runner.writing.wording import did_you_mean

NAMES = (
    *("ecoli", "optical_digits", "satimage", "pen_digits", "abalone", "sick_euthyroid", "spectrometer"),
    *("car_eval_34", "isolet", "us_crime", "yeast_ml8", "scene", "libras_move", "thyroid_sick", "coil_2000"),
    *("arrhythmia", "solar_flare_m0", "oil", "car_eval_4", "wine_quality", "letter_img", "yeast_me2"),
    *("webpage", "ozone_level", "mammography", "protein_homo", "abalone_19"),
)


def load_imblearn(name: str, *, image_shape: Sequence[int] | None = None) -> Dataset:
    """A set of ``imblearn.datasets.fetch_datasets`` by name; the minority class is positive."""
    if name not in NAMES:
        raise InputError(
            f"dataset.name={name} is no set of imbalanced-learn: {did_you_mean(name, NAMES, most=len(NAMES))}"
        )
    package = _package()
    with download(f"imbalanced-learn dataset '{name}'"):
        bunch = package.datasets.fetch_datasets(filter_data=(name,))[name]
    return check(
        Dataset(
            name=name,
            features=pd.DataFrame(bunch.data, columns=[f"x{column}" for column in range(bunch.data.shape[1])]),
            labels=bunch.target,
            source=f"imbalanced-learn {package.__version__}: {name}",
            image_shape=as_image_shape(image_shape),
        )
    )


def _package() -> ModuleType:
    try:
        import_module("imblearn.datasets")  # late, because the package is optional
        return import_module("imblearn")
    except ImportError as error:
        raise InputError(
            "dataset=imblearn needs the package imbalanced-learn, not installed: pip install imbalanced-learn"
        ) from error
