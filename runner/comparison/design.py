"""The cheapest design that would decide: how many splits of how many seeds, by the spread of the paired differences.

A difference on split j with seed s is modelled as

    d_js = mean + a_j + e_js

with a standard deviation of `between` for a (from split to split) and of `within` for e (from seed to seed). The mean
of S seeds of a split then has the spread

    spread(S) = sqrt(between^2 + within^2 / S),

by which `runner.comparison.planning.power` says with what probability J splits decide. Of all designs with at least
80% the one with the fewest runs, J times S, is the cheapest. Both are estimated by the one-way analysis of variance
(Searle, Casella and McCulloch 1992, chapters 3 and 4): `within` is pooled over splits, and

    between^2 = s^2 - within^2 mean_j(1 / S_j),

where s is the standard deviation of the splits' means over their S_j seeds. Where that is negative, `between` is 0, and
`within` is of all cells together, which is the restricted maximum likelihood of equally many seeds a split.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from runner.comparison.corrected_t import CorrectedT
from runner.comparison.planning import fewest_splits
from runner.comparison.words import number
from runner.writing.wording import counted

SEEDS = (1, 2, 3, 5, 10)
"""Seeds a split that are thought of."""


@dataclass(frozen=True)
class Design:
    """A design, and the spreads that it was chosen by.

    Attributes:
        splits, seeds: J and S.
        between, within: standard deviations of the paired differences from split to split, and from seed to seed.
    """

    splits: int
    seeds: int
    between: float
    within: float

    @property
    def runs(self) -> int:
        """Of one loss."""
        return self.splits * self.seeds

    def __str__(self) -> str:
        return (
            f"{counted(self.splits, 'split')} of {counted(self.seeds, 'seed')} (its differences vary by "
            f"{number(self.between)} from split to split and by {number(self.within)} from seed to seed)"
        )


def spreads(spread: float, within: float, seeds: np.ndarray) -> tuple[float, float]:
    """(between, within) of the module's model.

    Args:
        spread: standard deviation of the splits' means.
        within: pooled standard deviation from seed to seed.
        seeds: (J,) of each split.
    """
    share = float(np.mean(1 / seeds))
    rest = spread**2 - within**2 * share
    if rest >= 0:
        return float(np.sqrt(rest)), within
    inside, outside = int(np.sum(seeds - 1)), len(seeds) - 1
    return 0.0, float(np.sqrt((inside * within**2 + outside * spread**2 / share) / (inside + outside)))


def cheapest_design(estimate: CorrectedT, within: float, seeds: np.ndarray, level: float, rope: float) -> Design | None:
    """The design with the fewest runs that decides with 80% power, if mean and spreads stay as they are.

    Args:
        estimate: of the splits seen.
        within: pooled standard deviation of the differences from seed to seed; NaN where no split has two.
        seeds: (J,) of each split seen.
        level: of the test, adjusted for the number of losses.
        rope: half the width of the region of practical equivalence.

    Returns:
        None where seeds cannot be told from splits, or not even 1000 splits decide. Of equally cheap designs the one
        with more splits.
    """
    if not np.isfinite(within):
        return None
    between, within = spreads(estimate.spread, within, seeds)
    found = []
    for count in SEEDS:
        spread = float(np.sqrt(between**2 + within**2 / count))
        splits = fewest_splits(replace(estimate, spread=spread), level, rope, 2) if spread > 0 else None
        found += [Design(splits, count, between, within)] if splits is not None else []
    return min(found, key=lambda design: (design.runs, design.seeds), default=None)
