"""Whether losses that look different at the threshold 0.5 only moved their threshold.

Many losses for imbalance shift the logit, so at 0.5 they trade precision for recall. Choosing the threshold on
validation undoes it, and what is left of the difference is what the loss changed in the ranking.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from runner.comparison.pairing import pair

AT_HALF, TUNED, RANKING = "test_at_half/f1", "test/f1", "test/average_precision"
MATTERS = 0.02  # F1 that differs less between losses at 0.5 needs no explanation


@dataclass(frozen=True)
class MovedThreshold:
    """How far the best and the worst loss lie apart: their range, the mean over datasets.

    Attributes:
        at_half: of F1 at 0.5.
        tuned: of F1 at each run's own threshold.
        ranking: of the average precision; NaN where it was not recorded.
    """

    at_half: float
    tuned: float
    ranking: float

    @property
    def explains(self) -> bool:
        """Whether more than half of a difference at 0.5 that matters goes away with tuned thresholds."""
        return self.at_half > MATTERS and self.tuned < self.at_half / 2


def moved_threshold(table: pd.DataFrame, baseline: str) -> MovedThreshold:
    """Ranges between the losses, each over the cells that all of them have; NaN where a metric is not recorded."""
    return MovedThreshold(*(_range(table, metric, baseline) for metric in (AT_HALF, TUNED, RANKING)))


def _range(table: pd.DataFrame, metric: str, baseline: str) -> float:
    if metric not in table:
        return np.nan
    means = [scores.mean() for scores in pair(table, metric, baseline).scores.values() if len(scores)]
    return float(np.mean([scores.max() - scores.min() for scores in means])) if means else np.nan
