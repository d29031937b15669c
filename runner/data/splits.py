"""Train, validation and test parts of a dataset, ready for a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:  # scikit-learn takes a second to import; errors of a dataset or a split do not wait for it
    from sklearn.compose import ColumnTransformer


@dataclass(frozen=True, eq=False)
class Part:
    """One side of a split.

    Attributes:
        rows: (n,) int64 positions in ``Dataset.features``, ascending.
        inputs: (n, width) float32 preprocessed network inputs.
        labels: (n,) float32 array of 0 and 1.
        weights: (n,) float32 sample weights, of mean 1 over the training part, or None.
    """

    rows: np.ndarray
    inputs: np.ndarray
    labels: np.ndarray
    weights: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Splits:
    """The three parts and the preprocessing that made their inputs, fitted on ``train`` alone."""

    train: Part
    validation: Part
    test: Part
    preprocessing: ColumnTransformer

    @property
    def positives(self) -> int:
        """Positive rows in the training part (n1 in the papers)."""
        return int(self.train.labels.sum())

    @property
    def negatives(self) -> int:
        """Negative rows in the training part (n0 in the papers)."""
        return len(self.train.labels) - self.positives

    @property
    def prevalence(self) -> float:
        """Share of positives in the training part (pi in the papers)."""
        return self.positives / len(self.train.labels)
