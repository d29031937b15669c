"""Metrics at a budget: of the rows that can be looked at, or of the false alarms that can be borne."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Budget:
    """What can be afforded.

    Attributes:
        top_k: rows that can be called positive: a share of all below 1, else their number.
        max_fpr: false positive rate that can be borne, in (0, 1).
    """

    top_k: float = 0.05
    max_fpr: float = 0.1

    def rows(self, of: int) -> int:
        """How many of so many rows can be called; at least one."""
        return rows_of(self.top_k, of)


def rows_of(top_k: float, rows: int) -> int:
    """How many rows a `top_k` is of so many: a share is rounded to the nearest number, at least one, at most all."""
    wanted = top_k if top_k >= 1 else math.floor(top_k * rows + 0.5)
    return int(min(max(wanted, 1), rows))


def budget_metrics(labels: np.ndarray, scores: np.ndarray, budget: Budget) -> dict[str, float]:
    """What a ranking is worth at a budget.

    Args:
        labels: (n,) 0 or 1, both present.
        scores: (n,); the higher, the more likely positive.
        budget: how many rows, and how many false alarms.

    Returns:
        `precision_at_k`: share of positives among the `top_k` rows of the highest scores; of equal scores at the end of
        them the expected share, any of them being taken;
        `lift_at_k`: the same divided by the share of positives among all rows;
        `recall_at_fpr`: the most recall of a threshold with a false positive rate of at most `max_fpr`;
        `partial_roc_auc`: area under the ROC curve up to `max_fpr`, scaled so that guessing gives 0.5 and a perfect
        ranking 1 (McClish 1989).
    """
    tp, fp = _counts(np.asarray(labels) == 1, np.asarray(scores))
    found, rows = tp[-1], tp[-1] + fp[-1]
    k = budget.rows(int(rows))
    precision = float(np.interp(k, tp + fp, tp)) / k  # between two thresholds tied rows come in equal shares
    fpr, tpr = fp / fp[-1], tp / found
    return {
        "precision_at_k": precision,
        "lift_at_k": precision * float(rows / found),
        "recall_at_fpr": float(tpr[fpr <= budget.max_fpr + 1e-12].max()),
        "partial_roc_auc": _partial_area(fpr, tpr, budget.max_fpr),
    }


def _counts(positive: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(k,) true and false positives at each distinct score, from none called to all."""
    order = np.argsort(-scores, kind="stable")
    last_of_ties = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))
    tp = np.cumsum(positive[order])[last_of_ties]
    return np.append(0, tp), np.append(0, last_of_ties + 1 - tp)


def _partial_area(fpr: np.ndarray, tpr: np.ndarray, most: float) -> float:
    inside = fpr <= most
    x = np.append(fpr[inside], most)
    y = np.append(tpr[inside], np.interp(most, fpr, tpr))
    area, guessed = float(np.trapezoid(y, x)), most**2 / 2
    return (1 + (area - guessed) / (most - guessed)) / 2
