"""Whether the best trials of a search crowd at an end of a range that was searched: a better one may lie beyond."""

from __future__ import annotations

import math
from collections.abc import Iterator

import optuna
from optuna.distributions import FloatDistribution, IntDistribution
from optuna.study import StudyDirection
from optuna.trial import TrialState

from runner.terms.findings import Finding

BEST = 3
"""Trials that all have to be at the end. Of values that do not matter that happens in 2 of 1000 searches a key."""
NEAR = 0.1
"""Share of a range that counts as its end."""
FEWEST_TRIALS = 10


def edges(study: optuna.Study) -> Iterator[Finding]:
    """A finding for each key whose best trials are at the end of its range. Zero is no end: most settings end there.

    Args:
        study: of the search, with one objective; of a key that not all of the best trials have nothing is said.
    """
    finished = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if len(finished) < FEWEST_TRIALS:
        return
    ordered = sorted(
        finished, key=lambda trial: float(trial.values[0]), reverse=study.direction == StudyDirection.MAXIMIZE
    )
    best = ordered[:BEST]
    for key, distribution in best[0].distributions.items():
        if not isinstance(distribution, FloatDistribution | IntDistribution):
            continue
        if any(key not in trial.params for trial in best) or distribution.low == distribution.high:
            continue
        places = [_place(distribution, trial.params[key]) for trial in best]
        at_low, at_high = max(places) <= NEAR and distribution.low != 0, min(places) >= 1 - NEAR
        if at_low or at_high:
            end = distribution.low if at_low else distribution.high
            yield Finding(
                "EDGE01",
                f"the best {BEST} trials have {key} near {end:g}, the {'lower' if at_low else 'upper'} end of what was "
                f"searched: search {'lower' if at_low else 'higher'} values too",
            )


def _place(distribution: FloatDistribution | IntDistribution, value: float) -> float:
    """Where a value lies in its range, from 0 to 1."""
    low, high = float(distribution.low), float(distribution.high)
    if distribution.log:
        low, high, value = math.log(low), math.log(high), math.log(value)
    return (value - low) / (high - low)
