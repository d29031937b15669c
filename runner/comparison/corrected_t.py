"""The mean over random splits of one dataset, and how sure it is: Nadeau and Bengio's corrected resampled t.

Random splits of the same rows overlap, so their scores are correlated and var / J is too small a variance of their
mean: the plain paired t test finds differences that are not there. The corrected variance is

    var * (1 / J + n_test / n_train)

(Nadeau and Bengio 2003, Machine Learning 52, equation for the corrected resampled t-test), with J - 1 degrees of
freedom. The second term does not shrink with J: more splits of the same rows cannot replace more rows.

The same t distribution around the mean is the posterior of the Bayesian correlated t test (Benavoli, Corani, Demšar
and Zaffalon 2017, JMLR 18(77), section 3), whose correlation n_test / (n_test + n_train) gives the same scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import stdtr, stdtrit


class Probabilities(NamedTuple):
    """That a loss is worse than the baseline, practically equivalent, better; they sum to one."""

    worse: float
    equivalent: float
    better: float


@dataclass(frozen=True)
class CorrectedT:
    """Student's t around a mean over splits.

    Attributes:
        mean: over the splits.
        spread: standard deviation of one split.
        splits: J, at least 2.
        test_ratio: n_test / n_train.
    """

    mean: float
    spread: float
    splits: int
    test_ratio: float

    @classmethod
    def of(cls, values: np.ndarray, test_ratio: float) -> CorrectedT:
        """From (J,) values, one a split.

        Raises:
            ValueError: fewer than two splits, which show no variance.
        """
        if len(values) < 2:
            raise ValueError(f"a variance over splits needs at least 2 of them, not {len(values)}")
        # The variance of equal numbers is exactly 0, whatever their mean rounds to.
        spread = 0.0 if np.ptp(values) == 0 else float(np.std(values, ddof=1))
        return cls(float(np.mean(values)), spread, len(values), test_ratio)

    @property
    def scale(self) -> float:
        """Standard error of the mean."""
        return self.spread * np.sqrt(1 / self.splits + self.test_ratio)

    def p_value(self) -> float:
        """Two-sided, of mean 0. Without spread it is 1 for mean 0, and NaN otherwise: there is nothing to test."""
        if self.scale == 0:
            return 1.0 if self.mean == 0 else np.nan
        return float(2 * stdtr(self.splits - 1, -abs(self.mean) / self.scale))

    def interval(self, alpha: float) -> tuple[float, float]:
        """The confidence interval at level 1 - alpha."""
        half = self.half_width(alpha, self.splits)
        return self.mean - half, self.mean + half

    def half_width(self, alpha: float, splits: int) -> float:
        """Of the interval at level 1 - alpha, with so many splits of the same spread."""
        scale = self.spread * np.sqrt(1 / splits + self.test_ratio)
        return float(stdtrit(splits - 1, 1 - alpha / 2) * scale)

    def probabilities(self, rope: float) -> Probabilities:
        """Of the posterior below -rope, within, and above rope; without spread all of it is at the mean."""
        if self.scale == 0:
            worse, better = float(self.mean < -rope), float(self.mean > rope)
        else:
            worse = float(stdtr(self.splits - 1, (-rope - self.mean) / self.scale))
            better = float(stdtr(self.splits - 1, (self.mean - rope) / self.scale))
        return Probabilities(worse, 1 - worse - better, better)
