"""Wisconsin diagnostic breast cancer, shipped with scikit-learn: 569 rows, 37% malignant."""

from __future__ import annotations

from collections.abc import Sequence

import sklearn
from sklearn import datasets

from runner.data.checks import as_image_shape, check
from runner.data.dataset import Dataset


def load_breast_cancer(*, image_shape: Sequence[int] | None = None) -> Dataset:
    """The positive class is malignant. (In scikit-learn's own coding, malignant is 0.)"""
    bunch = datasets.load_breast_cancer(as_frame=True)
    return check(
        Dataset(
            name="breast_cancer",
            features=bunch.data,
            labels=(bunch.target == 0).to_numpy(),
            source=f"scikit-learn {sklearn.__version__}: breast_cancer",
            image_shape=as_image_shape(image_shape),
        )
    )
