"""What each row's decisions cost, a matrix a row (Bahnsen et al. 2014, table 1), and the threshold that follows."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np


@dataclass(frozen=True, eq=False)
class Costs:
    """The costs of the four decisions on each row; a negative that is left alone costs nothing.

    Attributes:
        cost_fn: (rows,) float64, what a missed positive costs, from 0 up.
        cost_fp: (rows,) float64, what a false alarm costs, from 0 up.
        gain_tp: (rows,) float64, what a hit brings; below 0 where it costs, as an investigation does.
    """

    cost_fn: np.ndarray
    cost_fp: np.ndarray
    gain_tp: np.ndarray

    def of(self, rows: np.ndarray) -> Costs:
        """Those of some rows."""
        return Costs(self.cost_fn[rows], self.cost_fp[rows], self.gain_tp[rows])

    @property
    def worth(self) -> np.ndarray:
        """(rows,) by how much finding a positive is better than missing it; below 0 where it costs more than a miss."""
        return self.cost_fn + self.gain_tp

    @property
    def thresholds(self) -> np.ndarray:
        """(rows,) the P(y=1|x) above which calling a row positive costs less: cost_fp / (cost_fp + worth); Elkan 2001.

        Where finding a positive is worth nothing it is 1: the row is left alone, as a fraud of less than it takes to
        investigate is.
        """
        total = self.cost_fp + self.worth
        return np.divide(self.cost_fp, total, out=np.ones_like(total), where=self.worth > 0)

    def mean(self, labels: np.ndarray, called: np.ndarray) -> float:
        """The mean cost a row of decisions.

        Args:
            labels: (rows,) 0 or 1.
            called: (rows,) whether a row is called positive.
        """
        of_positives = np.where(called, -self.gain_tp, self.cost_fn)
        of_negatives = np.where(called, self.cost_fp, 0.0)
        return float(np.where(labels == 1, of_positives, of_negatives).mean())


KEYS = tuple(each.name for each in fields(Costs))
"""The options of `dataset` that name a column, or say a number for all rows."""
