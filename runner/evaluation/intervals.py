"""95% intervals of the test metrics that hold what they promise also with five positives.

| metric | interval |
|---|---|
| average precision | Jeffreys's interval of a share, at the effective number of rows |
| ROC AUC | Wilson's, by DeLong's variance or the one that the AUC itself implies, whichever is larger |
| log loss, Brier score | Student's t by stratum, with half a row that was not seen |
| decisions at the threshold | quantiles of the Jeffreys posterior of recall and false positive rate |

`benchmarks/intervals.py` measures how often they hold the truth.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.optimize import brentq
from scipy.special import betaincinv, expit, stdtrit
from scipy.stats.qmc import Halton

from runner.evaluation import influence
from runner.evaluation.confusion import Confusion
from runner.evaluation.ranking import ranking_metrics
from runner.evaluation.units import FEWEST, LEVEL, NORMAL, Units
from runner.metrics import DECISION_METRICS

Interval = tuple[float, float]
ENDS = np.array([1 - LEVEL, LEVEL])
MODEL_UNITS = 20
"""Positives up to which the AUC's implied variance counts in full; beyond, the measured one can be trusted more."""


def intervals(
    labels: np.ndarray, logits: np.ndarray, threshold: float, *, draws: int, groups: np.ndarray | None = None
) -> dict[str, Interval]:
    """95% intervals of every test metric but `ece`, which no sample of this size gives without bias.

    An interval tells the noise of this test part, with its class counts and the threshold held fixed; it does not
    contain the noise of training (another seed, another split). With groups, whole groups are the independent units:
    intervals that took the rows of one customer for independent would be far too narrow.

    Args:
        labels: (n,) 0 or 1, both present.
        logits: (n,) finite.
        threshold: probability from which a row is called positive.
        draws: from the posterior of the decisions.
        groups: (n,) group of each row, or None where every row is its own.

    Returns:
        (low, high) by metric name. Metrics that depend on a class of fewer than 5 units have none: below that, no
        method covers what it promises.
    """
    positive, probabilities = labels == 1, expit(logits)
    units = Units.of(positive, groups)
    called = probabilities >= threshold
    found: dict[str, Interval] = {}
    if min(units.positives, units.negatives) >= FEWEST:
        ranking = {name: float(value[0]) for name, value in ranking_metrics(positive, logits[None]).items()}
        found["average_precision"] = _average_precision(ranking["average_precision"], positive, logits, units)
        found["roc_auc"] = _roc_auc(ranking["roc_auc"], positive, logits, units)
        found["log_loss"] = _log_loss(np.logaddexp(0, np.where(positive, -logits, logits)), positive, units)
        found["brier"] = _brier((probabilities - positive) ** 2, positive, units)
    found |= _decisions(positive, called, units, draws, groups is not None)
    return found


def _average_precision(estimate: float, positive: np.ndarray, logits: np.ndarray, units: Units) -> Interval:
    variance, _ = units.variance(influence.of_average_precision(positive, logits))
    return _jeffreys(estimate, units.effective(estimate, variance, units.positives))


def _jeffreys(share: float, rows: float) -> Interval:
    """The equal-tailed interval of a share under Jeffreys's prior, which holds the estimate also at 0 and 1.

    Brown, Cai and DasGupta (2001), "Interval estimation for a binomial proportion".
    """
    low, high = betaincinv(share * rows + 0.5, (1 - share) * rows + 0.5, ENDS).tolist()
    return min(low, share), max(high, share)


def _roc_auc(estimate: float, positive: np.ndarray, logits: np.ndarray, units: Units) -> Interval:
    """The values from which the estimate is at most 1.96 standard deviations away.

    DeLong's variance is itself known badly from few positives, and is 0 where the classes are separated. Therefore
    the variance that a value of the AUC implies (Hanley and McNeil 1982, in the form of Newcombe 2006, method 5) is
    taken where it is larger; it counts for less the more positives there are.
    """
    variance, _ = units.variance(influence.of_roc_auc(positive, logits))
    low, high = estimate, estimate
    if variance > 0:
        low, high = _wilson(estimate, estimate * (1 - estimate) / variance)
    trust = min(1.0, (MODEL_UNITS / units.positives) ** 0.5)

    def beyond(value: float) -> float:
        return (value - estimate) ** 2 - NORMAL**2 * trust * _implied_variance(value, units)

    inside = min(max(estimate, 1e-9), 1 - 1e-9)  # at 0 and 1 the implied variance is 0
    if estimate > 0:
        low = min(low, brentq(beyond, 0.0, inside))
    if estimate < 1:
        high = max(high, brentq(beyond, inside, 1.0))
    return low, high


def _wilson(share: float, rows: float) -> Interval:
    """Wilson's score interval of a share."""
    shrunk = 1 + NORMAL**2 / rows
    centre = (share + NORMAL**2 / (2 * rows)) / shrunk
    half = NORMAL / shrunk * (share * (1 - share) / rows + (NORMAL / (2 * rows)) ** 2) ** 0.5
    return centre - half, centre + half


def _implied_variance(auc: float, units: Units) -> float:
    """Of an estimate of this AUC, if the scores of both classes are exponential."""
    mean = (units.positives + units.negatives) / 2 - 1
    spread = 1 + mean * (1 - auc) / (2 - auc) + mean * auc / (1 + auc)
    return auc * (1 - auc) * spread / (units.positives * units.negatives)


def _log_loss(values: np.ndarray, positive: np.ndarray, units: Units) -> Interval:
    """Student's t on the logarithm; the row that was not seen has the lowest or the highest loss that was."""
    estimate = float(values.mean())
    if estimate == 0:
        return 0.0, 0.0
    square = np.ptp(_scarce(values, positive, units)) ** 2 / 2
    factor = float(np.exp(min(_half_width(values, positive, units, square) / estimate, 700.0)))
    return estimate / factor, estimate * factor


def _brier(values: np.ndarray, positive: np.ndarray, units: Units) -> Interval:
    """Student's t within [0, 1]; of the row that was not seen one half has an error of 0, the other of 1."""
    mean = _scarce(values, positive, units).mean()
    half = _half_width(values, positive, units, (mean**2 + (1 - mean) ** 2) / 4)
    estimate = float(values.mean())
    return max(0.0, estimate - half), min(1.0, estimate + half)


def _scarce(values: np.ndarray, positive: np.ndarray, units: Units) -> np.ndarray:
    """Of the class with fewer units."""
    return values[positive] if units.positives <= units.negatives else values[~positive]


def _half_width(values: np.ndarray, positive: np.ndarray, units: Units, square: float) -> float:
    """Of Student's interval of the mean.

    Args:
        values, positive, units: of the part.
        square: what half a row that was not seen adds to the scarcer class's sum of squares.
    """
    rows_of_a_unit = len(_scarce(values, positive, units)) / min(units.positives, units.negatives)
    unseen = float(square * (rows_of_a_unit / len(values)) ** 2)  # as a unit's influence on the mean
    variance, freedom = units.variance(influence.of_mean(values, positive), unseen)
    return float(stdtrit(freedom, LEVEL) * variance**0.5)


def _decisions(
    positive: np.ndarray, called: np.ndarray, units: Units, draws: int, grouped: bool
) -> dict[str, Interval]:
    """Quantiles of every decision metric, recall and false positive rate drawn from their Jeffreys posteriors."""
    seen, drawn = [], []
    for members, uniform in zip((positive, ~positive), _uniform(draws).T, strict=True):
        rate, rows = called[members].mean(), float(members.sum())
        if grouped:
            rows = min(rows, _rows_of_groups(called, members, units))
        seen.append(rate * members.sum())
        drawn.append(members.sum() * betaincinv(rate * rows + 0.5, (1 - rate) * rows + 0.5, uniform))
    positives, negatives = positive.sum(), (~positive).sum()
    estimate, posterior = (Confusion(tp=tp, fp=fp, fn=positives - tp, tn=negatives - fp) for tp, fp in (seen, drawn))
    enough = {"recall": units.positives >= FEWEST, "specificity": units.negatives >= FEWEST}
    found = {}
    for name in DECISION_METRICS:
        if enough.get(name, all(enough.values())):
            low, high = np.quantile(getattr(posterior, name), ENDS).tolist()
            value = float(getattr(estimate, name))
            found[name] = min(low, value), max(high, value)
    return found


def _rows_of_groups(called: np.ndarray, members: np.ndarray, units: Units) -> float:
    """Independent rows that tell as much of a rate as these groups of rows do."""
    rate, of_row = called[members].mean(), units.of_row[members]
    off = np.bincount(of_row, called[members] - rate)[np.unique(of_row)]
    count = len(off)
    variance = float(np.sum(off**2) * count / max(count - 1, 1) / members.sum() ** 2)
    return units.effective(float(rate), variance, count)


@lru_cache(maxsize=4)
def _uniform(draws: int) -> np.ndarray:
    """(draws, 2) points that fill the unit square evenly, the same for all runs: quantiles of few draws are close."""
    points = Halton(2, scramble=True, rng=0).random(draws)
    points.setflags(write=False)
    return points
