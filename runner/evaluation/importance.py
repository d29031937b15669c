"""Permutation importance: how much average precision the test part loses when one column's values are shuffled."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from runner.evaluation import influence
from runner.evaluation.ranking import ranking_metrics
from runner.evaluation.units import FEWEST, LEVEL, Units

REPEATS = 10
Predict = Callable[[pd.DataFrame], np.ndarray]


def permutation_importance(
    predict: Predict, features: pd.DataFrame, labels: np.ndarray, *, groups: np.ndarray | None = None, seed: int = 0
) -> pd.DataFrame:
    """The importance of each column, the largest first, with 95% intervals.

    Breiman (2001), "Random forests", section 10, with average precision on rows that were not learned. scikit-learn's
    function of this name returns scores alone, whose spread is that of the shuffling; an interval needs what each row
    contributes, so that it tells the noise of the test part too. It is Student's t of the paired difference, with the
    variance of `influence.of_average_precision` and of the shuffles.

    A column whose information another one holds as well has little importance, and so has that other one.

    Args:
        predict: from rows with the columns of `features` to their (n,) logits.
        features: of the test rows, before any preprocessing.
        labels: (n,) 0 or 1, both present.
        groups: (n,) which rows are not independent; None where each is on its own.
        seed: of the shuffles.

    Returns:
        Columns column, importance (average precision lost, mean of `REPEATS` shuffles), low, high. Where a class has
        fewer than 5 rows, or groups, the ends are NaN.
    """
    positive, rng = labels == 1, np.random.default_rng(seed)
    units = Units.of(positive, groups)
    whole = predict(features)
    before, influenced = _average_precision(positive, whole), influence.of_average_precision(positive, whole)
    orders = [rng.permutation(len(labels)) for _ in range(REPEATS)]
    enough = min(units.positives, units.negatives) >= FEWEST
    rows = []
    for name in features.columns:
        lost, difference = np.empty(REPEATS), influenced.copy()
        for repeat, order in enumerate(orders):
            shuffled = features.assign(**{name: features[name].iloc[order].set_axis(features.index)})
            logits = predict(shuffled)
            lost[repeat] = before - _average_precision(positive, logits)
            difference -= influence.of_average_precision(positive, logits) / REPEATS
        importance, half = float(lost.mean()), np.nan
        if enough:
            variance, freedom = units.variance(difference)
            half = float(stdtrit(freedom, LEVEL) * (variance + lost.var(ddof=1) / REPEATS) ** 0.5)
        rows.append(
            {"column": str(name), "importance": importance, "low": importance - half, "high": importance + half}
        )
    table = pd.DataFrame(rows)
    return table.sort_values("importance", ascending=False, kind="stable", ignore_index=True)


def _average_precision(positive: np.ndarray, logits: np.ndarray) -> float:
    return float(ranking_metrics(positive, logits[None])["average_precision"][0])
