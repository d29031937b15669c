"""Calibrators: maps from a network's logits to P(y=1|x), fitted on the validation part alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.isotonic import IsotonicRegression
from sklearn.model_selection import StratifiedKFold

from runner.evaluation.calibration import platt_scaling, platt_targets, spread_of
from runner.evaluation.calibration_map import beta_basis, calibrated, quadratic_basis
from runner.evaluation.logistic import nonnegative_fit
from runner.evaluation.venn_abers import venn_abers

AUTO = ("none", "temperature", "platt", "beta", "quadratic")
"""What `auto` tries, the simplest first."""
FOLDS = 5
Fit = Callable[[np.ndarray, np.ndarray], dict[str, Any]]


@dataclass(frozen=True, eq=False)
class ClosedForm:
    """The inverse of the bias that a loss gives probabilities, as a table.

    Attributes:
        logits: (k,) ascending.
        debiased: (k,) what they become, logits too; in between by linear interpolation, beyond the ends constant.
    """

    logits: np.ndarray
    debiased: np.ndarray

    def __call__(self, logits: np.ndarray) -> np.ndarray:
        """(n,) logits without the loss's bias."""
        return np.interp(logits, self.logits, self.debiased)


@dataclass(frozen=True)
class Calibrator:
    """A fitted map from logits to probabilities.

    Attributes:
        method: one of `FITS`.
        parameters: as `calibration_map` takes them: numbers and lists.
        closed_form: the loss's own inverse, which is applied first; or None.
    """

    method: str = "none"
    parameters: Mapping[str, Any] = field(default_factory=dict)
    closed_form: ClosedForm | None = None

    def __call__(self, logits: np.ndarray) -> np.ndarray:
        """(n,) P(y=1|x) of (n,) logits."""
        return calibrated(self.as_json(), logits)

    def as_json(self) -> dict[str, Any]:
        """What `calibration_map.calibrated` takes, of plain numbers and lists."""
        table = self.closed_form
        inverse = None if table is None else {"logits": table.logits.tolist(), "debiased": table.debiased.tolist()}
        return {"method": self.method, "parameters": dict(self.parameters), "closed_form": inverse}

    @property
    def numbers(self) -> dict[str, float]:
        """The parameters that are single numbers."""
        return {name: value for name, value in self.parameters.items() if isinstance(value, float)}

    def __str__(self) -> str:
        numbers = ", ".join(f"{name} {value:.4g}" for name, value in self.numbers.items())
        method = f"{self.method} ({numbers})" if numbers else self.method
        if self.closed_form is None:
            return method
        return "the loss's closed form" if self.method == "none" else f"the loss's closed form, then {method}"


def fit_calibrator(name: str, labels: np.ndarray, logits: np.ndarray, closed_form: ClosedForm | None) -> Calibrator:
    """The calibrator of a name, fitted.

    `auto` is the best by cross-validated log loss of no map, temperature, Platt, beta and quadratic, behind the loss's
    closed form where it has one, and on the logits as they are; of equally good ones the first.

    Args:
        name: `auto`, or one of `FITS`.
        labels, logits: (n,) of the validation part, both classes present; never of the test part.
        closed_form: of the loss, which `auto` tries; None where it has none.
    """
    if name != "auto":
        return Calibrator(name, FITS[name](labels, logits))
    folds = min(FOLDS, int(labels.sum()), int((1 - labels).sum()))
    if folds < 2:  # nothing to choose by
        return Calibrator("platt", FITS["platt"](labels, logits))
    parts = list(StratifiedKFold(folds, shuffle=True, random_state=0).split(logits, labels))
    bases = [None] if closed_form is None else [closed_form, None]
    choices = [(base, method) for base in bases for method in AUTO]
    losses = [_cross_validated(method, labels, _based(base, logits), parts) for base, method in choices]
    base, method = choices[int(np.argmin(np.round(losses, 9)))]
    return Calibrator(method, FITS[method](labels, _based(base, logits)), base)


def log_loss_of_probabilities(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Log loss where a probability may be exactly 0 or 1: clipped as scikit-learn clips float64."""
    clipped = np.clip(probabilities, np.finfo(float).eps, 1 - np.finfo(float).eps)
    return float(-np.mean(np.where(labels == 1, np.log(clipped), np.log1p(-clipped))))


def _based(base: ClosedForm | None, logits: np.ndarray) -> np.ndarray:
    return logits if base is None else base(logits)


def _cross_validated(
    method: str, labels: np.ndarray, logits: np.ndarray, parts: list[tuple[np.ndarray, np.ndarray]]
) -> float:
    """Mean log loss of rows that the map was not fitted on."""
    probabilities = np.empty(len(labels))
    for fitted, left_out in parts:
        fit = Calibrator(method, FITS[method](labels[fitted], logits[fitted]))
        probabilities[left_out] = fit(logits[left_out])
    return log_loss_of_probabilities(labels, probabilities)


def _none(labels: np.ndarray, logits: np.ndarray) -> dict[str, Any]:
    return {}


def _temperature(labels: np.ndarray, logits: np.ndarray) -> dict[str, Any]:
    """slope = 1 / T (Guo et al. 2017), with T > 0."""
    spread = spread_of(logits)
    (slope,), _ = nonnegative_fit(logits[:, None] / spread, labels, np.empty((len(labels), 0)))
    return {"slope": float(slope / spread)}


def _platt(labels: np.ndarray, logits: np.ndarray) -> dict[str, Any]:
    slope, shift = platt_scaling(labels, logits)
    return {"slope": slope, "shift": shift}


def _beta(labels: np.ndarray, logits: np.ndarray) -> dict[str, Any]:
    """Beta calibration with a, b >= 0 (Kull, Silva Filho and Flach 2017): a log p - b log(1 - p) + shift."""
    basis = beta_basis(logits)
    spread = np.array([spread_of(column) for column in basis.T])
    weights, (shift,) = nonnegative_fit(basis / spread, platt_targets(labels), np.ones((len(labels), 1)))
    return {"a": float(weights[0] / spread[0]), "b": float(weights[1] / spread[1]), "shift": float(shift)}


def _quadratic(labels: np.ndarray, logits: np.ndarray) -> dict[str, Any]:
    """A quadratic of the logit, increasing between the lowest and the highest logit, a straight line beyond."""
    low, high = float(logits.min()), float(logits.max())
    if low == high:
        low, high = low - 1.0, high + 1.0
    basis = quadratic_basis(logits, low, high)
    spread = np.array([spread_of(column) for column in basis.T])
    weights, (shift,) = nonnegative_fit(basis / spread, platt_targets(labels), np.ones((len(labels), 1)))
    slopes = weights / spread
    named = {"slope_low": slopes[0], "slope_high": slopes[1], "shift": shift, "low": low, "high": high}
    return {name: float(value) for name, value in named.items()}


def _isotonic(labels: np.ndarray, logits: np.ndarray) -> dict[str, Any]:
    """Isotonic regression (Zadrozny and Elkan 2002), kept within [1 / (n + 2), 1 - 1 / (n + 2)]: Laplace's rule."""
    fitted = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(logits, labels)
    least = 1 / (len(labels) + 2)
    values = np.clip(fitted.y_thresholds_, least, 1 - least)
    return {"logits": fitted.X_thresholds_.tolist(), "probabilities": values.tolist()}


FITS: Mapping[str, Fit] = {
    "none": _none,
    "temperature": _temperature,
    "platt": _platt,
    "beta": _beta,
    "quadratic": _quadratic,
    "isotonic": _isotonic,
    "venn_abers": lambda labels, logits: dict(venn_abers(labels, logits)),
}
