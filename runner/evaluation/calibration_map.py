"""A calibrator's map from logits to probabilities. NumPy alone: this file is logged with each model and run there."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Parameters = Mapping[str, Any]


def calibrated(calibrator: Mapping[str, Any], logits: np.ndarray) -> np.ndarray:
    """P(y=1|x) behind logits.

    Args:
        calibrator: `method`, one of `MAPS`; its `parameters`; `closed_form`, the loss's own inverse, which comes first:
            logits and what they become, by linear interpolation, at the ends constant; or None.
        logits: (n,) float64, finite.
    """
    logits = np.asarray(logits, dtype=np.float64)
    if calibrator.get("closed_form"):
        logits = np.interp(logits, calibrator["closed_form"]["logits"], calibrator["closed_form"]["debiased"])
    return MAPS[calibrator["method"]](calibrator["parameters"], logits)


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """The probability of a logit, without overflow."""
    return np.exp(-np.logaddexp(0, -logits))


def quadratic_basis(logits: np.ndarray, low: float, high: float) -> np.ndarray:
    """(n, 2): the integral from `low` of a slope that falls from 1 at `low` to 0 at `high`, and of one that rises.

    Their combinations with weights >= 0 are the increasing quadratics between `low` and `high`, which go on as straight
    lines.
    """
    width = high - low
    inside = (np.clip(logits, low, high) - low) / width
    before, after = np.minimum(logits - low, 0), np.maximum(logits - high, 0)
    return np.stack([width * (inside - inside**2 / 2) + before, width * inside**2 / 2 + after], axis=1)


def beta_basis(logits: np.ndarray) -> np.ndarray:
    """(n, 2): log p and -log(1 - p) of the probability p of a logit."""
    return np.stack([-np.logaddexp(0, -logits), np.logaddexp(0, logits)], axis=1)


def _none(parameters: Parameters, logits: np.ndarray) -> np.ndarray:
    return sigmoid(logits)


def _temperature(parameters: Parameters, logits: np.ndarray) -> np.ndarray:
    return sigmoid(parameters["slope"] * logits)


def _platt(parameters: Parameters, logits: np.ndarray) -> np.ndarray:
    return sigmoid(parameters["slope"] * logits + parameters["shift"])


def _beta(parameters: Parameters, logits: np.ndarray) -> np.ndarray:
    weights = np.array([parameters["a"], parameters["b"]])
    return sigmoid(beta_basis(logits) @ weights + parameters["shift"])


def _quadratic(parameters: Parameters, logits: np.ndarray) -> np.ndarray:
    weights = np.array([parameters["slope_low"], parameters["slope_high"]])
    return sigmoid(quadratic_basis(logits, parameters["low"], parameters["high"]) @ weights + parameters["shift"])


def _isotonic(parameters: Parameters, logits: np.ndarray) -> np.ndarray:
    return np.interp(logits, parameters["logits"], parameters["probabilities"])


def _venn_abers(parameters: Parameters, logits: np.ndarray) -> np.ndarray:
    """p1 / (1 - p0 + p1) of the two probabilities that a row has if its own label were 0 or 1."""
    p0 = np.array([0.0, *parameters["p0"]])[np.searchsorted(parameters["p0_from"], logits, side="right")]
    p1 = np.array([*parameters["p1"], 1.0])[np.searchsorted(parameters["p1_up_to"], logits, side="left")]
    return p1 / (1 - p0 + p1)


MAPS: Mapping[str, Callable[[Parameters, np.ndarray], np.ndarray]] = {
    "none": _none,
    "temperature": _temperature,
    "platt": _platt,
    "beta": _beta,
    "quadratic": _quadratic,
    "isotonic": _isotonic,
    "venn_abers": _venn_abers,
}
