"""Platt scaling: the map from logits to probabilities that is fitted in the same way whatever the loss."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit


def platt_scaling(labels: np.ndarray, logits: np.ndarray) -> tuple[float, float]:
    """(slope, shift) such that sigmoid(slope * logit + shift) has the least log loss (Platt 1999).

    Labels are replaced by Platt's targets, (n1+1)/(n1+2) and 1/(n0+2), so that separable scores give a finite slope.

    Args:
        labels: (n,) 0 or 1, of the validation part.
        logits: (n,).
    """
    positive = np.asarray(labels) == 1
    n1, n0 = positive.sum(), (~positive).sum()
    targets = np.where(positive, (n1 + 1) / (n1 + 2), 1 / (n0 + 2))
    # Scores on any scale: the search starts from standardised ones.
    centre, spread = logits.mean(), max(float(logits.std()), 1e-12)
    scores = (logits - centre) / spread

    def loss_and_slope(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        z = parameters[0] * scores + parameters[1]
        error = expit(z) - targets
        return float(np.mean(np.logaddexp(0, z) - targets * z)), np.array([np.mean(error * scores), np.mean(error)])

    found = minimize(loss_and_slope, np.array([1.0, np.log(n1 / n0)]), jac=True, method="BFGS", options={"gtol": 1e-10})
    slope = found.x[0] / spread
    return float(slope), float(found.x[1] - slope * centre)
