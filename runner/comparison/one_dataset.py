"""Losses on one dataset: each against the baseline over random splits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from runner.comparison.compared import CANNOT_TELL, Compared, interval_verdict
from runner.comparison.corrected_t import CorrectedT
from runner.comparison.design import cheapest_design
from runner.comparison.holm import Step, holm_steps
from runner.comparison.pairing import Missing, Pair, Paired
from runner.comparison.planning import splits_needed

NOTHING = (np.nan, np.nan)


@dataclass(frozen=True)
class OneDataset:
    """The comparison on one dataset.

    Attributes:
        dataset, metric, baseline, rope, alpha: as asked.
        compared: one a loss, in the table's order; `n` counts splits.
        missing: runs that were not there.
    """

    dataset: str
    metric: str
    baseline: str
    rope: float
    alpha: float
    compared: tuple[Compared, ...]
    missing: tuple[Missing, ...]


def one_dataset(paired: Paired, dataset: str, *, rope: float = 0.005, alpha: float = 0.05) -> OneDataset:
    """Compares all losses with the baseline on one dataset.

    Args:
        paired: the metric, paired.
        dataset: its name.
        rope: gains from -rope to rope do not matter in practice.
        alpha: 0.05 for 95% intervals.

    Raises:
        ValueError: no run on the dataset, a negative rope, or an alpha outside (0, 1).
    """
    if dataset not in paired.datasets:
        raise ValueError(f"no run on {dataset}; the datasets are {', '.join(paired.datasets)}")
    compared = compare_pairs(paired.on(dataset), rope, alpha)
    missing = tuple(gap for gap in paired.missing if gap.dataset == dataset)
    return OneDataset(dataset, paired.metric, paired.baseline, rope, alpha, compared, missing)


def compare_pairs(pairs: Sequence[Pair], rope: float, alpha: float) -> tuple[Compared, ...]:
    """The pairs of one dataset, judged together: one result each, in their order."""
    check_limits(rope, alpha)
    estimates = [CorrectedT.of(pair.gains, pair.test_ratio) if len(pair.splits) > 1 else None for pair in pairs]
    p = [np.nan if estimate is None else estimate.p_value() for estimate in estimates]
    results = zip(pairs, estimates, holm_steps(p, alpha), strict=True)
    return tuple(_compared(pair, estimate, step, rope, alpha) for pair, estimate, step in results)


def check_limits(rope: float, alpha: float) -> None:
    """Refuses a rope or an alpha that means nothing."""
    if not rope >= 0:
        raise ValueError(f"rope must be at least 0, got {rope}")
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must be between 0 and 1, got {alpha}")


def _compared(pair: Pair, estimate: CorrectedT | None, step: Step, rope: float, alpha: float) -> Compared:
    n = len(pair.splits)
    if estimate is None:
        gain = float(pair.gains[0]) if n else np.nan
        reason = "one split shows no variance" if n else "no split that it and the baseline both have"
        return Compared(pair.loss, n, gain, NOTHING, NOTHING, step.p, step.p_holm, None, CANNOT_TELL, None, reason)
    # a constant gain has no p-value and no step of Holm's: its interval is a point
    interval = estimate.interval(alpha)
    adjusted = interval if np.isnan(step.level) else estimate.interval(step.level)
    verdict = interval_verdict(adjusted, rope, significant=step.p_holm <= alpha)
    n_more, reason, design = None, "", None
    if verdict == CANNOT_TELL and np.isnan(step.p):
        reason = f"the difference is the same on all {n} splits, so it shows no variance to test it against"
    elif verdict == CANNOT_TELL:
        needed = splits_needed(estimate, step.level, rope)
        n_more = None if needed.low is None else needed.low - n
        reason = str(needed)
        design = cheapest_design(estimate, pair.seed_spread, pair.seeds, step.level, rope)
        if design is not None and needed.about is not None and design.runs >= needed.about * pair.seeds.mean():
            design = None  # more splits of as many seeds are as cheap, as the reason says
    return Compared(
        loss=pair.loss,
        n=n,
        gain=estimate.mean,
        interval=interval,
        adjusted_interval=adjusted,
        p=step.p,
        p_holm=step.p_holm,
        probabilities=estimate.probabilities(rope),
        verdict=verdict,
        n_more=n_more,
        reason=reason,
        design=design,
    )
