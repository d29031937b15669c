"""What is declared before a comparison, so that its result cannot choose it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runner.errors import InputError


@dataclass(frozen=True)
class ComparisonSettings:
    """What was declared before the comparison.

    Attributes:
        baseline: a loss's label, or an option: of one loss, or of several that add to one of them (`builtin · smote`).
        metric: such as `test/average_precision`.
        rope: differences from -rope to rope do not matter.
        alpha: 0.05 for 95% intervals.
        allow: keys of settings in which the runs may differ besides the loss.
        ensembles: kinds of ensembles that are shown: see `runner.reports.ensembles`.

    Raises:
        InputError: the metric is no common measure of losses.
    """

    baseline: str = "builtin"
    metric: str = "test/average_precision"
    rope: float = 0.005
    alpha: float = 0.05
    allow: Sequence[str] = ()
    ensembles: Sequence[str] = ()

    def __post_init__(self) -> None:
        if self.metric.startswith("test_debiased/"):
            right = self.metric.replace("test_debiased/", "test_calibrated/")
            raise InputError(
                f"{self.metric} cannot be compared: only some losses have a closed form, and each has its own; compare "
                f"{right}, which is fitted in the same way for every loss"
            )
