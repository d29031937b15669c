"""Logistic regression on a few features, unpenalised or with weights that may not be negative, by Newton's method."""

from __future__ import annotations

from itertools import chain, combinations

import numpy as np
from scipy.special import expit

STEPS = 100
SMALL = 1e-10
"""Newton's decrement, in nats a row, at which a fit has converged."""


def logistic_fit(features: np.ndarray, targets: np.ndarray, offset: np.ndarray | float = 0.0) -> np.ndarray:
    """(k,) weights w of the least log loss of sigmoid(features @ w + offset).

    Args:
        features: (n, k), k small; a column of ones is the intercept. Well scaled.
        targets: (n,) in [0, 1].
        offset: (n,) or a number.

    Where no finite weights are best, as for separable targets, they are those after so many steps.
    """
    weights = np.zeros(features.shape[1])
    loss = _log_loss(features @ weights + offset, targets)
    for _ in range(STEPS):
        probabilities = expit(features @ weights + offset)
        slope = features.T @ (probabilities - targets) / len(targets)
        curvature = (features.T * (probabilities * (1 - probabilities))) @ features / len(targets)
        step = np.linalg.lstsq(curvature, slope, rcond=None)[0]
        if slope @ step < SMALL**2:
            break
        for _ in range(30):  # far from the minimum a full step may lead uphill
            moved = weights - step
            found = _log_loss(features @ moved + offset, targets)
            if found <= loss:
                break
            step = step / 2
        else:
            break
        weights, loss = moved, found
    return weights


def nonnegative_fit(features: np.ndarray, targets: np.ndarray, free: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(k,) weights >= 0 of the features, and (m,) of the free ones, of the least log loss.

    The loss is convex, so the best point has some weights at 0 and is the unconstrained minimum of the others: each
    choice is tried.

    Args:
        features: (n, k), k at most 2 or 3.
        targets: (n,) in [0, 1].
        free: (n, m) features whose weights may be negative.
    """
    k = features.shape[1]
    best, least = (np.zeros(k), np.zeros(free.shape[1])), np.inf
    for kept in chain.from_iterable(combinations(range(k), count) for count in range(k, -1, -1)):
        columns = np.concatenate([features[:, list(kept)], free], axis=1)
        found = logistic_fit(columns, targets)
        weights = np.zeros(k)
        weights[list(kept)] = found[: len(kept)]
        if (weights < 0).any():
            continue
        loss = _log_loss(columns @ found, targets)
        if len(kept) == k:  # nothing is at its bound: no other choice is better
            return weights, found[k:]
        if loss < least:
            best, least = (weights, found[len(kept) :]), loss
    return best


def _log_loss(logits: np.ndarray, targets: np.ndarray) -> float:
    return float(np.mean(np.logaddexp(0, logits) - targets * logits))
