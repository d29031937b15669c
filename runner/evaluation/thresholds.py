"""The decision threshold: every candidate, and the rules that choose among them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from runner.evaluation.budgets import rows_of
from runner.evaluation.confusion import Confusion
from runner.metrics import DECISION_METRICS
from runner.terms.promises import Promise

log = logging.getLogger("runner.evaluation")


@dataclass(frozen=True)
class ThresholdRule:
    """How to choose a threshold.

    Attributes:
        name: `max_f1`; `max_mcc`; `youden` (recall + specificity - 1); `cost` (least cost_fp FP + cost_fn FN);
            `precision_at_least` (most recall with precision >= min_precision); `recall_at_least` (the highest with
            recall >= min_recall); `fpr_at_most` (most recall with a false positive rate <= max_fpr); `top_k` (the most
            rows, at most top_k: a share of them below 1, else their number); `max_fbeta`; `net_benefit` (at
            threshold_probability p: most TP - FP p / (1 - p), Vickers and Elkin 2006); `fixed`.
        cost_fp, cost_fn, min_precision, fixed_threshold, min_recall, max_fpr, top_k, beta, threshold_probability: what
            the rules of their name need.
        promised, confidence: what is to be guaranteed, in place of the rule of that name wherever it can be.
    """

    name: str = "max_f1"
    cost_fp: float = 1.0
    cost_fn: float = 1.0
    min_precision: float = 0.9
    fixed_threshold: float = 0.5
    min_recall: float = 0.9
    max_fpr: float = 0.1
    top_k: float = 0.05
    beta: float = 2.0
    threshold_probability: float = 0.1
    promised: tuple[Promise, ...] = ()
    confidence: float = 0.95

    def __str__(self) -> str:
        if self.promised:
            return f"{' and '.join(map(str, self.promised))} guaranteed with confidence {self.confidence:g}"
        details = {
            "cost": f" (false alarm {self.cost_fp:g}, miss {self.cost_fn:g})",
            "precision_at_least": f" {self.min_precision:g}",
            "fixed": f" {self.fixed_threshold:g}",
            "recall_at_least": f" {self.min_recall:g}",
            "fpr_at_most": f" {self.max_fpr:g}",
            "top_k": f" {self.top_k:.4g} rows" if self.top_k >= 1 else f" {100 * self.top_k:.4g}% of the rows",
            "max_fbeta": f" (beta {self.beta:g})",
            "net_benefit": f" at probability {self.threshold_probability:g}",
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
    if rule.name == "top_k":
        called = confusion.tp + confusion.fp
        return float(thresholds[np.flatnonzero(called <= rows_of(rule.top_k, len(labels)))[-1]])
    odds = rule.threshold_probability / (1 - rule.threshold_probability)
    scores: dict[str, Callable[[], np.ndarray]] = {
        "max_f1": lambda: confusion.f1,
        "max_mcc": lambda: confusion.mcc,
        "youden": lambda: confusion.recall + confusion.specificity - 1,
        "cost": lambda: -(rule.cost_fp * confusion.fp + rule.cost_fn * confusion.fn),
        # The first of them, the highest threshold, is taken where several are as good.
        "recall_at_least": lambda: (confusion.recall >= rule.min_recall - 1e-12).astype(float),
        "fpr_at_most": lambda: np.where(1 - confusion.specificity <= rule.max_fpr + 1e-12, confusion.recall, -1),
        "max_fbeta": lambda: confusion.fbeta(rule.beta),
        "net_benefit": lambda: confusion.tp - odds * confusion.fp,
    }
    if rule.name not in scores:
        raise ValueError(
            f"Argument `rule` must be one of fixed, precision_at_least, top_k, {', '.join(scores)}. "
            f"Received: rule={rule.name}"
        )
    score = scores[rule.name]()
    # Equally good thresholds differ in the last digits: 0.4 + 0.8 is above 0.3 + 0.9.
    return float(thresholds[np.argmax(score >= score.max() - 1e-12 * max(1, abs(score.max())))])


def threshold_curve(labels: np.ndarray, probabilities: np.ndarray) -> pd.DataFrame:
    """Decision metrics at every candidate threshold, ascending: columns threshold and those of DECISION_METRICS."""
    thresholds, confusion = candidates(labels, probabilities)
    table = pd.DataFrame({"threshold": thresholds, **{name: getattr(confusion, name) for name in DECISION_METRICS}})
    return table.iloc[::-1].reset_index(drop=True)
