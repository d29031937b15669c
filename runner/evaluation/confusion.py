"""Decision metrics from the four counts. All take arrays as well as numbers: one count per threshold or resample.

Where a ratio is 0/0 it is 0, as scikit-learn's `zero_division=0`: a classifier that finds nothing earns nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Counts = np.ndarray


def _ratio(numerator: Counts, denominator: Counts) -> np.ndarray:
    numerator, denominator = np.asarray(numerator, float), np.asarray(denominator, float)
    return np.divide(
        numerator, denominator, out=np.zeros(np.broadcast(numerator, denominator).shape), where=denominator != 0
    )


@dataclass(frozen=True)
class Confusion:
    """Counts of true and false positives and negatives; numbers or arrays of one shape."""

    tp: Counts
    fp: Counts
    fn: Counts
    tn: Counts

    @classmethod
    def at(cls, labels: np.ndarray, probabilities: np.ndarray, threshold: float) -> Confusion:
        """Counts when rows with probability >= threshold are called positive."""
        called, positive = np.asarray(probabilities) >= threshold, np.asarray(labels) == 1
        return cls(
            tp=np.sum(called & positive),
            fp=np.sum(called & ~positive),
            fn=np.sum(~called & positive),
            tn=np.sum(~called & ~positive),
        )

    @property
    def precision(self) -> np.ndarray:
        """Share of called positives that are positive."""
        return _ratio(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> np.ndarray:
        """Share of positives that are called positive (sensitivity)."""
        return _ratio(self.tp, self.tp + self.fn)

    @property
    def specificity(self) -> np.ndarray:
        """Share of negatives that are called negative."""
        return _ratio(self.tn, self.tn + self.fp)

    @property
    def f1(self) -> np.ndarray:
        """Harmonic mean of precision and recall."""
        return _ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    def fbeta(self, beta: float) -> np.ndarray:
        """F measure in which recall counts beta times as much as precision (van Rijsbergen 1979)."""
        weight = beta**2
        return _ratio((1 + weight) * self.tp, (1 + weight) * self.tp + weight * self.fn + self.fp)

    @property
    def mcc(self) -> np.ndarray:
        """Matthews correlation coefficient."""
        tp, fp, fn, tn = (np.asarray(count, float) for count in (self.tp, self.fp, self.fn, self.tn))
        return _ratio(tp * tn - fp * fn, np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)))

    @property
    def g_mean(self) -> np.ndarray:
        """Geometric mean of recall and specificity (Kubat and Matwin 1997)."""
        return np.sqrt(self.recall * self.specificity)

    @property
    def balanced_accuracy(self) -> np.ndarray:
        """Arithmetic mean of recall and specificity."""
        return (self.recall + self.specificity) / 2

    @property
    def iba(self) -> np.ndarray:
        """Index of balanced accuracy: recall times specificity, more where recall is the higher (García et al. 2009).

        With alpha = 0.1 and the squared geometric mean, as imbalanced-learn has it.
        """
        return (1 + 0.1 * (self.recall - self.specificity)) * self.recall * self.specificity
