"""How many more splits a comparison needs: planned for a power, as a range, and only as far as the splits seen can say.

Planned is for the mean difference seen so far. With J splits of the same rows whose differences have this mean and a
standard deviation of s, their mean over s / sqrt(J) follows a noncentral t distribution with J - 1 degrees of freedom
and noncentrality sqrt(J) mean / s, here by Abramowitz and Stegun's approximation 26.7.10. The comparison finds a
difference where it exceeds the corrected t-test's limit, t sqrt(1 + J n_test / n_train), and a tie where the interval
lies inside the rope.

s is itself estimated, from few splits badly: the range spans its 80% interval (chi-squared).
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import chdtri, ndtr, stdtrit

from runner.comparison.corrected_t import CorrectedT

POWER = 0.8
MOST_SPLITS = 1000  # nobody trains more; and beyond, 1 / J is nothing beside n_test / n_train
FEW_SPLITS = 10  # fewer estimate the spread too badly to say that no number of splits suffices
SPREAD_INTERVAL = 0.8


@dataclass(frozen=True)
class SplitsNeeded:
    """How many splits in all decide with 80% power, if the mean stays.

    Attributes:
        about: if the spread stays too; None where not even 1000 do.
        low, high: by the ends of the spread's interval, likewise.
        seen: how many there are.
    """

    about: int | None
    low: int | None
    high: int | None
    seen: int

    def __str__(self) -> str:
        if self.low is None and self.seen < FEW_SPLITS:
            return f"{self.seen} splits do not show how many it takes; {FEW_SPLITS} say more"
        if self.low is None:
            return f"even {MOST_SPLITS} splits of these rows would hardly do if the mean stays, it takes more rows"
        if self.about is None:
            return f"at least about {self._more(self.low)} needed if the mean stays, and perhaps more rows"
        most = f"more than {MOST_SPLITS}" if self.high is None else str(self.high - self.seen)
        span = "" if self.low == self.high else f" ({self.low - self.seen} to {most}, as the spread may be)"
        return f"about {self._more(self.about)} needed for 80% power, if the mean stays{span}"

    def _more(self, splits: int) -> str:
        more = splits - self.seen
        return f"{more} more split{' is' if more == 1 else 's are'}"


def splits_needed(estimate: CorrectedT, level: float, rope: float) -> SplitsNeeded:
    """Plans the splits with which a comparison like this one decides.

    Args:
        estimate: of the splits seen.
        level: of the test, adjusted for the number of losses.
        rope: half the width of the region of practical equivalence.
    """
    freedom, tail, more = estimate.splits - 1, (1 - SPREAD_INTERVAL) / 2, estimate.splits + 1
    ends = [estimate.spread * np.sqrt(freedom / chdtri(freedom, upper)) for upper in (tail, 1 - tail)]
    low, high = (fewest_splits(replace(estimate, spread=float(spread)), level, rope, more) for spread in ends)
    return SplitsNeeded(fewest_splits(estimate, level, rope, more), low, high, estimate.splits)


def power(estimate: CorrectedT, level: float, rope: float, splits: int) -> float:
    """The probability that so many splits of the same mean and spread decide: a difference, or a tie.

    A difference against the mean's sign is left out, and for a tie the estimated spread is taken to be the true one.
    """
    freedom = splits - 1
    limit = stdtrit(freedom, 1 - level / 2) * np.sqrt(1 + splits * estimate.test_ratio)
    shift = np.sqrt(splits) * abs(estimate.mean) / estimate.spread
    different = ndtr((shift - limit * (1 - 1 / (4 * freedom))) / np.sqrt(1 + limit**2 / (2 * freedom)))
    error = estimate.spread / np.sqrt(splits)
    room = rope - estimate.half_width(level, splits)
    tied = ndtr((room - estimate.mean) / error) - ndtr((-room - estimate.mean) / error) if room > 0 else 0.0
    return float(max(different, tied))


def fewest_splits(estimate: CorrectedT, level: float, rope: float, first: int) -> int | None:
    """The fewest splits, from `first` on, that decide with `POWER`, which grows with them; None where 1000 do not."""
    counts = range(first, MOST_SPLITS + 1)
    found = bisect_left(counts, True, key=lambda splits: power(estimate, level, rope, splits) >= POWER)
    return counts[found] if found < len(counts) else None
