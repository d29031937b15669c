"""Tables behind the figures of decisions: cost by threshold, net benefit, what the highest scores hold."""

from __future__ import annotations

import numpy as np
import pandas as pd

from runner.evaluation.thresholds import candidates
from runner.terms.costs import Costs

MOST_POINTS = 400
"""Of a curve over numbers of rows."""


def cost_curve(labels: np.ndarray, probabilities: np.ndarray, cost_fp: float, cost_fn: float) -> pd.DataFrame:
    """Columns threshold (ascending) and cost: mean cost of a row at each threshold that decides differently.

    Args:
        labels, probabilities: (n,).
        cost_fp, cost_fn: of a false alarm and of a missed positive.
    """
    thresholds, confusion = candidates(labels, probabilities)
    cost = (cost_fp * confusion.fp + cost_fn * confusion.fn) / len(labels)
    return pd.DataFrame({"threshold": thresholds, "cost": cost}).iloc[::-1].reset_index(drop=True)


def cost_curve_of_rows(labels: np.ndarray, probabilities: np.ndarray, costs: Costs) -> pd.DataFrame:
    """`cost_curve` where each row has costs of its own, and all rows one threshold.

    Args:
        labels, probabilities: (n,).
        costs: of the same rows.
    """
    thresholds, _ = candidates(labels, probabilities)
    order = np.argsort(-probabilities, kind="stable")
    by_calling = np.where(labels == 1, -costs.worth, costs.cost_fp)[order]
    last_of_ties = np.flatnonzero(np.append(np.diff(probabilities[order]) != 0, True))
    cost = costs.cost_fn[labels == 1].sum() + np.append(0.0, np.cumsum(by_calling)[last_of_ties])
    return pd.DataFrame({"threshold": thresholds, "cost": cost / len(labels)}).iloc[::-1].reset_index(drop=True)


def net_benefit_curve(labels: np.ndarray, probabilities: np.ndarray) -> pd.DataFrame:
    """Columns probability, model, all: the net benefit (Vickers and Elkin 2006) of acting from each probability on.

    True positives a row, less false ones a row times the odds of the threshold probability; of acting on all rows
    likewise. Acting on none is worth 0.

    Args:
        labels: (n,).
        probabilities: (n,) calibrated.
    """
    asked = np.linspace(0.005, 0.995, 199)
    order = np.sort(probabilities[labels == 1]), np.sort(probabilities[labels == 0])
    true, false = (len(each) - np.searchsorted(each, asked, side="left") for each in order)
    odds, share = asked / (1 - asked), len(order[0]) / len(labels)
    return pd.DataFrame(
        {
            "probability": asked,
            "model": (true - odds * false) / len(labels),
            "all": share - odds * (1 - share),
        }
    )


def top_rows_curve(labels: np.ndarray, scores: np.ndarray) -> pd.DataFrame:
    """Columns share, precision, recall, lift of the k rows of the highest scores, for k from 1 to all.

    Of equal scores at the end of them the expected share counts, as in `budget_metrics`.

    Args:
        labels, scores: (n,).
    """
    order = np.argsort(-scores, kind="stable")
    last_of_ties = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))
    called = np.append(0, last_of_ties + 1)
    found = np.append(0, np.cumsum(labels[order] == 1)[last_of_ties])
    rows = len(labels)
    k = np.unique(np.rint(np.geomspace(1, rows, min(MOST_POINTS, 4 * rows))).astype(np.int64))
    true = np.interp(k, called, found)
    precision, positives = true / k, found[-1]
    lift = precision * rows / positives
    return pd.DataFrame({"share": k / rows, "precision": precision, "recall": true / positives, "lift": lift})
