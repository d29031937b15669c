"""What is independent in a test part, rows or groups of rows, and what follows for variances."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

FEWEST = 5
"""Units of a class from which an interval is given: below, no method covers what it promises."""
LEVEL = 0.975
NORMAL = 1.959963984540054
"""The quantile of the standard normal distribution at LEVEL."""


@dataclass(frozen=True, eq=False)
class Units:
    """The independent units of a test part, in two strata: those with a positive, and the others.

    Attributes:
        of_row: (n,) the unit of each row, from 0.
        with_positive: (units,) bool.
        positives, negatives: units that hold a row of the class.
    """

    of_row: np.ndarray
    with_positive: np.ndarray
    positives: int
    negatives: int

    @classmethod
    def of(cls, positive: np.ndarray, groups: np.ndarray | None) -> Units:
        """The units of a part: its rows, unless `groups`, (n,), says which belong together."""
        of_row = np.arange(len(positive)) if groups is None else np.unique(groups, return_inverse=True)[1]
        with_positive = np.bincount(of_row, positive) > 0
        with_negative = np.bincount(of_row, ~positive) > 0
        return cls(of_row, with_positive, int(with_positive.sum()), int(with_negative.sum()))

    def variance(self, influence: np.ndarray, pseudo: float = 0.0) -> tuple[float, float]:
        """(variance, degrees of freedom by Satterthwaite) of a metric.

        Args:
            influence: (n,) of each row on the metric, of mean 0 in each class.
            pseudo: what half a unit that was not seen adds to the sum of squares of the stratum with fewer units.
        """
        total = np.bincount(self.of_row, influence)
        strata = sorted((total[self.with_positive], total[~self.with_positive]), key=len)
        parts = []
        for stratum, unseen in zip(strata, (pseudo, 0.0), strict=True):
            count, half = len(stratum), 0.5 if unseen else 0.0
            if count > 1:
                squares = np.sum((stratum - stratum.mean()) ** 2) + unseen
                parts.append((squares * count / (count - 1 + half), count - 1 + half))
        variance = sum(part for part, _ in parts)
        uncertain = sum(part**2 / freedom for part, freedom in parts)
        return float(variance), float(variance**2 / uncertain) if uncertain else float("inf")

    def effective(self, estimate: float, variance: float, units: int) -> float:
        """Rows that would give a share this variance, fewer where the variance itself is known from few units.

        Korn and Graubard (1998), "Confidence intervals for proportions with small expected number of positive counts
        estimated from survey data". A mean of values in [0, 1] never varies more than a share: there are at least as
        many rows as units.
        """
        most = estimate * (1 - estimate)
        rows = most / variance if variance > 0 and most > 0 else 0.0
        return max(rows, units) * float(NORMAL / stdtrit(max(units - 1, 1), LEVEL)) ** 2
