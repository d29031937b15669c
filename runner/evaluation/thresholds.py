"""The decision threshold: every candidate, and the rules that choose among them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from runner.evaluation.confusion import Confusion
from runner.metrics import DECISION_METRICS

log = logging.getLogger("runner.evaluation")


@dataclass(frozen=True)
class ThresholdRule:
    """How to choose a threshold.

    Attributes:
        name: `max_f1`; `max_mcc`; `youden` (recall + specificity - 1); `cost` (least cost_fp FP + cost_fn FN);
            `precision_at_least` (most recall with precision >= min_precision); `fixed`.
        cost_fp, cost_fn, min_precision, fixed_threshold: what the rules of their name need.
    """

    name: str = "max_f1"
    cost_fp: float = 1.0
    cost_fn: float = 1.0
    min_precision: float = 0.9
    fixed_threshold: float = 0.5

    def __str__(self) -> str:
        details = {
            "cost": f" (false alarm {self.cost_fp:g}, miss {self.cost_fn:g})",
            "precision_at_least": f" {self.min_precision:g}",
            "fixed": f" {self.fixed_threshold:g}",
        }
        return self.name + details.get(self.name, "")


def candidates(labels: np.ndarray, probabilities: np.ndarray) -> tuple[np.ndarray, Confusion]:
    """Every threshold that makes a different decision, from "none is positive" to "all are".

    Thresholds lie halfway between neighbouring probabilities, so that a last-digit difference where the model is
    served does not flip a decision.

    Returns:
        (k,) descending thresholds and the (k,) counts at each.
    """
    # scikit-learn's confusion_matrix_at_thresholds has the same counts (a test holds them together), but its checks
    # take ten times as long on the few thousand rows of a validation part.
    order = np.argsort(-probabilities, kind="stable")
    sorted_probabilities, positive = probabilities[order], labels[order] == 1
    last_of_ties = np.flatnonzero(np.append(np.diff(sorted_probabilities) != 0, True))
    distinct = sorted_probabilities[last_of_ties]
    below = np.append(distinct[1:], 0.0)
    middles = (distinct + below) / 2
    middles = np.where(middles > below, middles, distinct)  # neighbours in the last digit have no middle
    tp = np.concatenate([[0], np.cumsum(positive)[last_of_ties]])
    fp = np.concatenate([[0], np.cumsum(~positive)[last_of_ties]])
    above_all = np.nextafter(distinct[0], 2) if distinct[0] >= 1 else (distinct[0] + 1) / 2
    return np.concatenate([[above_all], middles]), Confusion(tp, fp, tp[-1] - tp, fp[-1] - fp)


def choose_threshold(labels: np.ndarray, probabilities: np.ndarray, rule: ThresholdRule) -> float:
    """The best threshold under a rule; the highest of several equally good ones.

    Args:
        labels, probabilities: of the validation part; never of the test part.
        rule: what "best" means.

    Raises:
        ValueError: a rule of an unknown name.
    """
    if rule.name == "fixed":
        return rule.fixed_threshold
    thresholds, confusion = candidates(labels, probabilities)
    if rule.name == "precision_at_least":
        reached = confusion.precision >= rule.min_precision
        if not reached.any():
            log.warning(
                "no threshold reaches precision %g on the validation part; the most precise one is used",
                rule.min_precision,
            )
            return float(thresholds[np.argmax(confusion.precision)])
        return float(thresholds[np.argmax(np.where(reached, confusion.recall, -1))])
    scores: dict[str, Callable[[], np.ndarray]] = {
        "max_f1": lambda: confusion.f1,
        "max_mcc": lambda: confusion.mcc,
        "youden": lambda: confusion.recall + confusion.specificity - 1,
        "cost": lambda: -(rule.cost_fp * confusion.fp + rule.cost_fn * confusion.fn),
    }
    if rule.name not in scores:
        raise ValueError(
            f"Argument `rule` must be one of fixed, precision_at_least, {', '.join(scores)}. Received: rule={rule.name}"
        )
    score = scores[rule.name]()
    # Equally good thresholds differ in the last digits: 0.4 + 0.8 is above 0.3 + 0.9.
    return float(thresholds[np.argmax(score >= score.max() - 1e-12 * max(1, abs(score.max())))])


def threshold_curve(labels: np.ndarray, probabilities: np.ndarray) -> pd.DataFrame:
    """Decision metrics at every candidate threshold, ascending: columns threshold and those of DECISION_METRICS."""
    thresholds, confusion = candidates(labels, probabilities)
    table = pd.DataFrame({"threshold": thresholds, **{name: getattr(confusion, name) for name in DECISION_METRICS}})
    return table.iloc[::-1].reset_index(drop=True)
