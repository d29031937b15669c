"""Train, validation and test parts of a dataset, ready for a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from runner.data.streamed_inputs import StreamedInputs

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
        drawn_from: positives and negatives before sampling (`sampling=`), where the part was sampled. Its rows may
            then occur several times, and made ones are -1, at the end.
        shown: positives and negatives of an epoch, where batches have a share of their own (`trainer.positive_share`).
    """

    rows: np.ndarray
    inputs: np.ndarray
    labels: np.ndarray
    weights: np.ndarray | None = None
    drawn_from: tuple[int, int] | None = None
    shown: tuple[int, int] | None = None

    def inputs_of(self, rows: np.ndarray) -> np.ndarray:
        """(m, width) inputs of some rows of the part.

        Args:
            rows: (m,) ascending places among the part's rows.
        """
        return self.inputs[rows]

    @property
    def class_weights(self) -> tuple[float, float]:
        """How much the positives and the negatives count: their mean weight, times how often an epoch has each row.

        1 and 1 where rows have no weights, were not sampled, and occur once an epoch. Where weights depend on the
        class alone, a network trained on the part sees the odds times their ratio.
        """
        positive, negative = 1.0, 1.0
        if self.weights is not None:
            weights = self.weights.astype(float)
            positive, negative = float(weights[self.labels == 1].mean()), float(weights[self.labels == 0].mean())
        ones = int(self.labels.sum())
        there = (ones, len(self.labels) - ones)
        seen, once = self.shown or there, self.drawn_from or there
        return positive * seen[0] / once[0], negative * seen[1] / once[1]

    @property
    def rows_of_data(self) -> int:
        """How many rows of the data there are, whatever sampling made of them."""
        return len(self.labels) if self.drawn_from is None else sum(self.drawn_from)

    @property
    def weights_vary_within_a_class(self) -> bool:
        """Whether rows of one class have different weights, which no factor of the odds undoes."""
        return self.weights is not None and any(np.ptp(self.weights[self.labels == label]) > 0 for label in (0, 1))


@dataclass(frozen=True, eq=False)
class StreamedPart(Part):
    """One side of a split of a table that is streamed.

    Attributes:
        inputs: stand for the array, read by slices of consecutive rows or block by block, and by no other index.
    """

    inputs: StreamedInputs  # type: ignore[assignment]

    def inputs_of(self, rows: np.ndarray) -> np.ndarray:
        """See `Part`."""
        return self.inputs.taken(rows)


@dataclass(frozen=True, eq=False)
class Splits:
    """The three parts and the preprocessing that made their inputs, fitted on ``train`` alone.

    Attributes:
        train, validation, test: see `Part`.
        preprocessing: fitted.
        weighted_by_costs: whether the weights of training and validation rows are what their errors cost.
    """

    train: Part
    validation: Part
    test: Part
    preprocessing: ColumnTransformer
    weighted_by_costs: bool = False

    @property
    def nbytes(self) -> int:
        """Memory that the network's inputs take."""
        return sum(part.inputs.nbytes for part in (self.train, self.validation, self.test))

    @property
    def positives(self) -> int:
        """Positive rows of an epoch (n1 in the papers): the training part's, unless batches have a share of theirs."""
        return int(self.train.labels.sum()) if self.train.shown is None else self.train.shown[0]

    @property
    def negatives(self) -> int:
        """Negative rows of an epoch, likewise (n0 in the papers)."""
        return len(self.train.labels) - self.positives

    @property
    def prevalence(self) -> float:
        """Share of positives in an epoch, likewise (pi in the papers)."""
        return self.positives / len(self.train.labels)
