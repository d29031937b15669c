"""What decisions are worth where each row has costs of its own."""

from __future__ import annotations

import numpy as np

from runner.terms.costs import Costs


def cost_metrics(labels: np.ndarray, probabilities: np.ndarray, costs: Costs) -> dict[str, float]:
    """The metrics of calling positive each row whose probability is above its own threshold.

    Args:
        labels: (n,) 0 or 1, both present.
        probabilities: (n,) calibrated P(y=1|x).
        costs: of the same rows.

    Returns:
        `expected_cost`: mean cost a row, in the unit of the costs; below 0 where hits bring more than errors cost;
        `savings`: 1 - cost / that of the better of calling all rows and none (Bahnsen et al. 2014, equation 6); left
        out where that one costs nothing, or brings something;
        `net_benefit`: how much less a row costs than if none were called, in hits of mean worth. With equal costs on
        all rows, Vickers and Elkin's TP/n - FP/n t/(1-t) (2006), t being the threshold.
    """
    called = probabilities > costs.thresholds
    cost = costs.mean(labels, called)
    none = costs.mean(labels, np.zeros_like(called))
    metrics = {"expected_cost": cost}
    base = min(none, costs.mean(labels, np.ones_like(called)))
    if base > 0:
        metrics["savings"] = 1 - cost / base
    worth = float(costs.worth[labels == 1].mean())
    if worth > 0:
        metrics["net_benefit"] = (none - cost) / worth
    return metrics
