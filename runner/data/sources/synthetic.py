"""Two Gaussian clouds: the best possible classifier is known, so a trained one can be held against it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from runner.data.checks import as_image_shape, check
from runner.data.dataset import Dataset
from runner.errors import InputError


def load_synthetic(
    rows: int = 5_000,
    features: int = 10,
    prevalence: float = 0.05,
    separation: float = 2.0,
    label_noise: float = 0.0,
    seed: int = 0,
    *,
    image_shape: Sequence[int] | None = None,
) -> Dataset:
    """Rows from two Gaussians of unit variance, whose means lie ``separation`` apart along (1, ..., 1).

    Args:
        rows: number of rows.
        features: number of columns; each tells a little, ``separation / sqrt(features)`` standard deviations.
        prevalence: share of positives; there are exactly ``round(rows * prevalence)`` of them, noise or not.
        separation: distance between the class means in standard deviations. Without noise the best ROC AUC
            is Phi(separation / sqrt(2)): 0.76 at 1, 0.92 at 2, 0.98 at 3. ``bayes_logits`` gives the best logit.
        label_noise: share of the smaller class whose label is swapped with that of a random row of the other
            class. Swapped and not flipped one by one, or a noise of 5% would drown a prevalence of 2%.
        seed: the same seed gives the same table.
        image_shape: (height, width, channels), if the columns are to be taken as pixels.
    """
    _check_arguments(rows, features, prevalence, separation, label_noise, seed)
    positives = round(rows * prevalence)
    if not 0 < positives < rows:
        raise InputError(
            f"dataset.prevalence={prevalence} of dataset.rows={rows} makes {positives} positives;"
            " raise one of them so that both classes have rows"
        )
    rng = np.random.default_rng(seed)
    classes = rng.permutation(np.arange(rows) < positives)
    values = rng.standard_normal((rows, features))
    values += np.where(classes, 0.5, -0.5)[:, None] * separation / math.sqrt(features)

    labels = classes.copy()
    swapped = round(label_noise * min(positives, rows - positives))
    labels[rng.choice(np.flatnonzero(classes), swapped, replace=False)] = False
    labels[rng.choice(np.flatnonzero(~classes), swapped, replace=False)] = True
    return check(
        Dataset(
            name="synthetic",
            features=pd.DataFrame(values, columns=[f"x{column}" for column in range(features)]),
            labels=labels,
            source=f"synthetic: {rows} x {features}, prevalence {prevalence}, separation {separation},"
            f" label noise {label_noise}, seed {seed}",
            image_shape=as_image_shape(image_shape),
        )
    )


def bayes_logits(features: pd.DataFrame, *, prevalence: float, separation: float) -> np.ndarray:
    """(rows,) log odds of the positive class given the features, as ``load_synthetic`` draws them, before noise."""
    along = features.to_numpy().sum(axis=1) / math.sqrt(features.shape[1])
    return separation * along + math.log(prevalence / (1 - prevalence))


def _check_arguments(rows: Any, features: Any, prevalence: Any, separation: Any, label_noise: Any, seed: Any) -> None:
    for name, value, least in (("rows", rows, 2), ("features", features, 1), ("seed", seed, 0)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise InputError(f"dataset.{name}={value} is not a whole number from {least} up")
    shares = (("prevalence", prevalence, 0 < prevalence < 1), ("label_noise", label_noise, 0 <= label_noise < 1))
    for name, value, fits in shares:
        if not fits:
            raise InputError(f"dataset.{name}={value} is not a share below 1, such as 0.05")
    if not 0 <= separation < math.inf:
        raise InputError(f"dataset.separation={separation} is not a distance from 0 up, such as 2.0")
