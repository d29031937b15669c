"""Handwritten digits of 8 x 8 pixels, shipped with scikit-learn: 1797 rows, one digit in ten positive."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import sklearn
from sklearn import datasets

from runner.data.checks import as_image_shape, check
from runner.data.dataset import Dataset
from runner.errors import InputError


def load_digits(digit: int = 8, *, image_shape: Sequence[int] | None = None) -> Dataset:
    """One digit (positive) against the nine others; columns ``pixel_0_0`` to ``pixel_7_7``, row by row."""
    if isinstance(digit, bool) or digit not in range(10):
        raise InputError(f"dataset.digit={digit} is not a digit; choose one from 0 to 9")
    bunch = datasets.load_digits()
    columns = [f"pixel_{row}_{column}" for row in range(8) for column in range(8)]
    return check(
        Dataset(
            name=f"digits_{digit}",
            features=pd.DataFrame(bunch.data, columns=columns),
            labels=bunch.target == digit,
            source=f"scikit-learn {sklearn.__version__}: digits, {digit} against the rest",
            image_shape=as_image_shape(image_shape or (8, 8, 1)),
        )
    )
