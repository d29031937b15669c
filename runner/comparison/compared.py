"""What a comparison of one loss with the baseline found, and the rule that puts it into a word.

The rule reads one interval of the gain, adjusted for the number of losses by Holm's steps:

| interval | word |
|---|---|
| inside [-rope, rope], with zero or without | tied: the difference is too small to matter |
| above zero, reaching beyond rope | better |
| below zero, reaching beyond -rope | worse |
| holds zero, reaching beyond the rope | cannot tell |

What the rule promises: of the losses that are exactly as good as the baseline, any is called better or worse in at
most alpha of all tables, whatever the others are like (Holm); calling some of them tied only takes such words away. A
loss that differs by more than the rope is called tied in at most alpha / 2 of comparisons: this error is held for each
loss, not for the table. An adjusted interval is never narrower than the interval of that comparison alone; together
they are not simultaneous.
"""

from __future__ import annotations

from dataclasses import dataclass

from runner.comparison.corrected_t import Probabilities
from runner.comparison.design import Design

BETTER, WORSE, TIED, CANNOT_TELL = "better", "worse", "tied", "cannot tell"


@dataclass(frozen=True)
class Compared:
    """One loss against the baseline.

    Attributes:
        loss: its name.
        n: splits of the one dataset, or independent datasets of several.
        gain: how much better than the baseline, in the metric's units, positive is better for every metric; NaN
            where nothing could be paired.
        interval: (low, high) of the gain, of this comparison alone.
        adjusted_interval: (low, high) by Holm's steps for all losses; what the verdict reads.
        p, p_holm: two-sided, of no gain: alone, and adjusted. NaN where there was nothing to test.
        probabilities: that the loss is worse, practically equivalent, better; None where nothing could be paired.
        verdict: better, worse, tied or cannot tell.
        n_more: for cannot tell, the fewest more splits (or datasets) that could decide; None where no number does,
            or none can be told. `reason` has the range.
        reason: for cannot tell, why, in words.
        design: for cannot tell on one dataset, the cheapest that would decide; None where none can be told, or
            more splits as they are cost no more.
    """

    loss: str
    n: int
    gain: float
    interval: tuple[float, float]
    adjusted_interval: tuple[float, float]
    p: float
    p_holm: float
    probabilities: Probabilities | None
    verdict: str
    n_more: int | None = None
    reason: str = ""
    design: Design | None = None


def interval_verdict(interval: tuple[float, float], rope: float, *, significant: bool) -> str:
    """The verdict that an adjusted interval gives.

    Args:
        interval: (low, high) of the gain.
        rope: half the width of the region of practical equivalence.
        significant: whether Holm rejects; beside the interval, because with tied data a rank test and its interval
            may differ by a hair, and then neither alone should speak.
    """
    low, high = interval
    if -rope <= low and high <= rope:
        return TIED
    if significant and low > 0:
        return BETTER
    if significant and high < 0:
        return WORSE
    return CANNOT_TELL
