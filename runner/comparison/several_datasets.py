"""Losses on several datasets: each against the baseline, and all by their ranks.

The population is that of datasets, so what counts is their number: a dataset gives one score a loss (seeds averaged
within a split, then splits averaged), and datasets cut from the same rows give one gain together, their mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from runner.comparison.compared import CANNOT_TELL, Compared, interval_verdict
from runner.comparison.dataset_families import families
from runner.comparison.holm import Step, holm_steps
from runner.comparison.one_dataset import NOTHING, check_limits
from runner.comparison.pairing import Missing, Paired
from runner.comparison.ranks import Ranks, rank
from runner.comparison.signed_rank import (
    bayesian_signed_rank,
    datasets_needed,
    hodges_lehmann,
    signed_rank_interval,
    smallest_p,
    wilcoxon_p,
)
from runner.metrics import sign


@dataclass(frozen=True)
class SeveralDatasets:
    """The comparison over datasets.

    Attributes:
        metric, baseline, rope, alpha: as asked.
        parents: the independent datasets, each with the datasets cut from it.
        compared: one a loss, in the table's order; `n` counts parents, the gain is the Hodges-Lehmann estimate.
        scores: parents x losses (the baseline first), of the datasets on which every loss has a score.
        ranks: of those, or None where there are fewer than two.
        too_few: why no loss can be told from the baseline, whatever its gains; empty where it can.
        missing: runs that were not there.
    """

    metric: str
    baseline: str
    rope: float
    alpha: float
    parents: dict[str, list[str]]
    compared: tuple[Compared, ...]
    scores: pd.DataFrame
    ranks: Ranks | None
    too_few: str
    missing: tuple[Missing, ...]


@dataclass(frozen=True)
class _Test:
    """How the gains of every loss are tested.

    Attributes:
        rope, alpha, seed: see `several_datasets`.
        needed: the fewest datasets with which one of the losses can be significant.
    """

    rope: float
    alpha: float
    seed: int
    needed: int


def several_datasets(paired: Paired, *, rope: float = 0.005, alpha: float = 0.05, seed: int = 0) -> SeveralDatasets:
    """Compares all losses with the baseline over the datasets, and ranks them.

    Args:
        paired: the metric, paired.
        rope: gains from -rope to rope do not matter in practice.
        alpha: 0.05 for 95% intervals.
        seed: of the Bayesian test's draws.

    Raises:
        ValueError: a negative rope, or an alpha outside (0, 1).
    """
    check_limits(rope, alpha)
    parents = families(list(paired.datasets), paired.parents)
    gains = [_gains(paired, loss, parents) for loss in paired.losses]
    p = [wilcoxon_p(values) if len(values) else np.nan for values in gains]
    tested = int(np.count_nonzero(~np.isnan(p)))
    test = _Test(rope, alpha, seed, needed=datasets_needed(max(tested, 1), alpha))
    results = zip(paired.losses, gains, holm_steps(p, alpha), strict=True)
    compared = tuple(_compared(loss, values, step, test) for loss, values, step in results)
    scores = _scores(paired, parents)
    return SeveralDatasets(
        metric=paired.metric,
        baseline=paired.baseline,
        rope=rope,
        alpha=alpha,
        parents=parents,
        compared=compared,
        scores=scores,
        ranks=rank(sign(paired.metric) * scores, alpha) if len(scores) > 1 and scores.shape[1] > 1 else None,
        too_few=_too_few(max((len(values) for values in gains), default=0), tested, test.needed),
        missing=paired.missing,
    )


def _gains(paired: Paired, loss: str, parents: dict[str, list[str]]) -> np.ndarray:
    """(n,) mean gain of a loss on each parent, of those where it and the baseline can be paired."""
    by_dataset = {pair.dataset: pair.gains.mean() for pair in paired.pairs if pair.loss == loss and len(pair.splits)}
    by_parent = [[by_dataset[name] for name in datasets if name in by_dataset] for datasets in parents.values()]
    return np.round([np.mean(values) for values in by_parent if values], 12)


def _scores(paired: Paired, parents: dict[str, list[str]]) -> pd.DataFrame:
    """Parents x losses; a dataset on which a loss has no score is left out, for ranks need all of them."""
    losses = [paired.baseline, *paired.losses]
    means = pd.DataFrame({name: scores.mean() for name, scores in paired.scores.items()}, index=losses).T
    parent = {dataset: name for name, datasets in parents.items() for dataset in datasets}
    complete = means.dropna()
    return complete.groupby(complete.index.map(parent), sort=False).mean().round(12)


def _compared(loss: str, gains: np.ndarray, step: Step, test: _Test) -> Compared:
    n = len(gains)
    if not n:
        reason = "no dataset that it and the baseline both have"
        return Compared(loss, 0, np.nan, NOTHING, NOTHING, step.p, step.p_holm, None, CANNOT_TELL, None, reason)
    adjusted = signed_rank_interval(gains, step.level)
    verdict = interval_verdict(adjusted, test.rope, significant=step.p_holm <= test.alpha)
    n_more, reason = None, ""
    if verdict == CANNOT_TELL and n < test.needed:
        n_more = test.needed - n
        reason = f"at least {test.needed} independent datasets are needed, there {'is' if n == 1 else 'are'} {n}"
    elif verdict == CANNOT_TELL:
        reason = "gains differ too much between datasets"
    return Compared(
        loss=loss,
        n=n,
        gain=hodges_lehmann(gains),
        interval=signed_rank_interval(gains, test.alpha),
        adjusted_interval=adjusted,
        p=step.p,
        p_holm=step.p_holm,
        probabilities=bayesian_signed_rank(gains, test.rope, seed=test.seed),
        verdict=verdict,
        n_more=n_more,
        reason=reason,
    )


def _too_few(n: int, losses: int, needed: int) -> str:
    if not losses or n >= needed:
        return ""
    datasets = f"{n} independent dataset{'s' if n != 1 else ''}"
    compared = f"{losses} loss{'es' if losses != 1 else ''}"
    return (
        f"With {datasets} Wilcoxon's p cannot fall below {smallest_p(n):.3g}; "
        f"to compare {compared} with the baseline takes at least {needed}."
    )
