"""What is declared before a comparison, so that its result cannot choose it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ComparisonSettings:
    """What was declared before the comparison.

    Attributes:
        baseline: a loss's label, or the option of exactly one.
        metric: such as `test/average_precision`.
        rope: differences from -rope to rope do not matter.
        alpha: 0.05 for 95% intervals.
    """

    baseline: str = "builtin"
    metric: str = "test/average_precision"
    rope: float = 0.005
    alpha: float = 0.05
