"""A threshold that keeps a promise on rows that were not seen: Learn Then Test.

Angelopoulos, Bates, Candès, Jordan and Lei (2021), "Learn then Test: calibrating predictive algorithms to achieve risk
control". Each threshold of a sequence is a hypothesis: that it does not keep the promise. Its p-value is exact, of a
binomial. They are tested in the order of the sequence, each at the level 1 - confidence, until the first that is not
rejected. So the chance that any accepted threshold breaks the promise is at most 1 - confidence, whichever is chosen.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import bdtr, bdtrc, expit

from runner.terms.promises import Promise

LOGITS = np.linspace(-20, 20, 801)
"""Thresholds of a sequence, known before any row is seen. Sequences have no price for their length."""
MOST_ROWS, STEP = 10**7, 1.1
"""The largest part that is thought of, and by how much one is larger than the next smaller one."""


@dataclass(frozen=True)
class Guarantee:
    """What could be guaranteed.

    Attributes:
        threshold: probability from which a row is called positive; None where no threshold is accepted.
        p: that of the chosen threshold, or the lowest of all.
        positives_needed: where none is accepted, how many positives it would take, the network being as it is; None
            where more rows would not help.
    """

    threshold: float | None
    p: float
    positives_needed: int | None = None

    def reason(self, promised: Sequence[Promise], confidence: float, positives: int) -> str:
        """Why nothing is guaranteed, in a sentence without a full stop."""
        what = " and ".join(map(str, promised))
        said = f"no threshold can be guaranteed to have {what} with confidence {confidence:g}"
        if self.positives_needed is None:
            return f"{said}: the network does not rank well enough, and more rows would not change that"
        return f"{said}: it would take about {self.positives_needed} validation positives, and there are {positives}"


def guaranteed_threshold(
    labels: np.ndarray, logits: np.ndarray, promised: Sequence[Promise], confidence: float
) -> Guarantee:
    """The best threshold that keeps all promises with the confidence.

    The order of the sequence may not depend on the rows that test it. Recall falls with the threshold, and so does the
    false positive rate: the sequence begins where the promise is kept most easily. Precision, and several promises,
    have no such order; there half of the rows find it, and the other half tests.

    Of the accepted thresholds the highest is taken for recall alone, for the fewest alarms; the lowest where recall is
    not promised, for the most recall; else the one with the best F1 on all rows.

    Args:
        labels, logits: (n,) of rows that were not trained on.
        promised: what is to be kept.
        confidence: such as 0.95.
    """
    positive, level = labels == 1, 1 - confidence
    rates = {promise.rate for promise in promised}
    if rates in ({"recall"}, {"fpr"}):
        order = np.arange(len(LOGITS)) if "recall" in rates else np.arange(len(LOGITS))[::-1]
        p = p_values(positive, logits, promised)
    else:
        learn, test = _halves(positive)
        order = np.argsort(p_values(positive[learn], logits[learn], promised), kind="stable")
        p = p_values(positive[test], logits[test], promised)
    failed = p[order] > level
    accepted = order[: int(np.argmax(failed)) if failed.any() else len(order)]
    if not len(accepted):
        return Guarantee(None, float(p.min()), _positives_needed(positive, logits, promised, level))
    chosen = _chosen(accepted, positive, logits, rates)
    return Guarantee(float(expit(LOGITS[chosen])), float(p[chosen]))


def p_values(positive: np.ndarray, logits: np.ndarray, promised: Sequence[Promise]) -> np.ndarray:
    """(thresholds,) exact p-values of "some promise is not kept"; of several promises the largest.

    Args:
        positive: (n,) bool.
        logits: (n,).
        promised: the promises.
    """
    called = _called(logits[positive]), _called(logits[~positive])
    return _p_of_size(1, called, (int(positive.sum()), int((~positive).sum())), promised)


def _called(logits: np.ndarray) -> np.ndarray:
    """(thresholds,) how many logits reach each threshold."""
    return len(logits) - np.searchsorted(np.sort(logits), LOGITS, side="left")


def _halves(positive: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two halves of the rows, at random, the same each time."""
    order = np.random.default_rng(0).permutation(len(positive))
    return order[: len(order) // 2], order[len(order) // 2 :]


def _chosen(accepted: np.ndarray, positive: np.ndarray, logits: np.ndarray, rates: set[str]) -> int:
    if rates == {"recall"}:
        return int(accepted.max())
    if "recall" not in rates:
        return int(accepted.min())
    tp, fp = _called(logits[positive])[accepted], _called(logits[~positive])[accepted]
    return int(accepted[np.argmax(2 * tp / (positive.sum() + tp + fp))])


def _positives_needed(
    positive: np.ndarray, logits: np.ndarray, promised: Sequence[Promise], level: float
) -> int | None:
    """How many positives a part of the same rates would have from which some threshold were accepted.

    By bisection over sizes in steps of a tenth; None where `MOST_ROWS` rows would not do.
    """
    halved = len(promised) > 1 or promised[0].rate == "precision"
    tp, fp = _called(logits[positive]), _called(logits[~positive])

    def enough(step: int) -> bool:
        part = STEP**step / (2 if halved else 1)
        return bool(_p_of_size(part, (tp, fp), (positive.sum(), (~positive).sum()), promised).min() <= level)

    low, high = 0, max(1, math.floor(math.log(MOST_ROWS / len(positive), STEP)))
    if not enough(high):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle + 1, high)
    return math.ceil(STEP**high * positive.sum())


def _p_of_size(
    part: float, called: tuple[np.ndarray, np.ndarray], rows: tuple[int, int], promised: Sequence[Promise]
) -> np.ndarray:
    """(thresholds,) p-values of a part `part` times as large, with the same rates.

    Args:
        part: how many times as large.
        called: true and false positives at each threshold.
        rows: positives and negatives.
        promised: the promises.
    """
    (tp, fp), found = called, np.zeros(len(LOGITS))
    for promise in promised:
        if promise.rate == "fpr":
            trials = math.floor(part * rows[1])
            p = bdtr(np.minimum(np.ceil(part * fp), trials), trials, promise.bound)
        else:
            of = tp + fp if promise.rate == "precision" else np.full(len(tp), rows[0])
            many = np.floor(part * of).astype(int)
            p = bdtrc(np.minimum(np.floor(part * tp), many) - 1, many, promise.bound)
        found = np.maximum(found, p)
    return found
