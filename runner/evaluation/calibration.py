"""Platt scaling: the map from logits to probabilities that is fitted in the same way whatever the loss."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit


def platt_targets(labels: np.ndarray) -> np.ndarray:
    """(n,) what labels are replaced by, (n1+1)/(n1+2) and 1/(n0+2), so that separable scores give a finite map."""
    n1 = np.sum(labels)
    n0 = len(labels) - n1
    return np.where(np.asarray(labels) == 1, (n1 + 1) / (n1 + 2), 1 / (n0 + 2))


def spread_of(values: np.ndarray) -> float:
    """The standard deviation, by which values can be divided."""
    return max(float(values.std()), 1e-12)


def platt_scaling(labels: np.ndarray, logits: np.ndarray) -> tuple[float, float]:
    """(slope, shift) such that sigmoid(slope * logit + shift) has the least log loss (Platt 1999).

    Labels are replaced by Platt's targets: see `platt_targets`.

    Args:
        labels: (n,) 0 or 1, of the validation part.
        logits: (n,).
    """
    targets, n1 = platt_targets(labels), np.sum(labels)
    n0 = len(labels) - n1
    # Scores on any scale: the search starts from standardised ones.
    centre, spread = logits.mean(), spread_of(logits)
    scores = (logits - centre) / spread

    def loss_and_slope(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        z = parameters[0] * scores + parameters[1]
        error = expit(z) - targets
        return float(np.mean(np.logaddexp(0, z) - targets * z)), np.array([np.mean(error * scores), np.mean(error)])

    found = minimize(loss_and_slope, np.array([1.0, np.log(n1 / n0)]), jac=True, method="BFGS", options={"gtol": 1e-10})
    slope = found.x[0] / spread
    return float(slope), float(found.x[1] - slope * centre)
