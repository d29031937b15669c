"""Every loss as the framework computes it, against its formula in NumPy."""

from __future__ import annotations

from runner.training.runtime import keras

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from inspect import signature
from typing import Any

import numpy as np

from runner.config.instantiate import build
from runner.config.options import EXAMPLE_PRIORS, changed_arguments, hyper_parameters, option_files
from runner.verification import reference
from runner.verification.differences import relative_difference
from runner.verification.gradients import by_differences, by_framework

# Options of conf/loss with the settings that matter, as one gives them to `runner losses`.
LOSSES = (
    "builtin",
    "custom",
    "custom formula=clipped",
    "custom formula=keras2",
    "sparse_categorical",
    "brier",
    "beta_proper",
    "beta_proper a=1 b=0.2",
    "gev",
    "gev xi=0.1",
    "gev xi=-0.1",
    "weighted",
    "weighted balanced=true",
    "cost_sensitive cost_fn=3",
    "cost_sensitive form=weighted",
    "class_balanced",
    "class_balanced gamma=2",
    "smoothed",
    "smoothed smooth_negative=0",
    "focal",
    "focal gamma=0",
    "focal gamma=0.5",
    "focal gamma=5",
    "focal alpha_mode=balanced",
    "focal alpha_mode=positives",
    "focal alpha_mode=uniform",
    "asymmetric",
    "poly1",
    "poly1 gamma=2",
    "logit_adjusted",
    "vector_scaling",
    "ldam",
    "ldam s=10",
    "generalized_ce",
    "symmetric_ce",
    "bootstrap",
    "bootstrap mode=hard beta=0.8",
    "dice",
    "dice smooth=0",
    "tversky",
    "focal_tversky",
    "soft_mcc",
    "score",
    "score score=fbeta beta=2",
    "score score=g_mean squash=cosine",
    "score score=balanced_accuracy",
    "score score=youden",
    "score score=csi",
    "score score=mcc squash=sharp",
    "score squash=cosine width=0.3",
    "score score=accuracy",
    "pairwise_auc",
    "pairwise_auc surrogate=squared_hinge",
    "pairwise_auc surrogate=square",
    "pairwise_auc surrogate=margin",
    "pairwise_auc fpr=0.05",
    "smooth_ap",
    "smooth_ap temperature=0.1",
    "aum",
    "aum denominator=rate",
    "lovasz_hinge",
    "nnpu",
    "nnpu surrogate=sigmoid prior=0.8",
    "nnpu prior=0.9 gamma=0.5 beta=0.01",
    "tilted",
    "tilted t=-0.5",
    "cvar",
    "compound",
    "compound weight=0.2 second=CVaRLoss",
    "ghm",
    "ghm counted=occupied",
)
# Every label at 40 logits, those of label 1 the larger ones; none where a loss has a kink.
LABELS, LOGITS = (grid.ravel() for grid in np.meshgrid([0.0, 1.0, 0.3], (np.arange(40) - 19.5) * 13 / 32))
LOGITS = LOGITS + 1.5 * LABELS - 0.5

# Each option has the formula of its name; Keras's own has that of `smoothed`, as it smooths labels too.
FORMULAS = {"builtin": reference.smoothed}
# What is differentiated, where that is not the formula: the weights of `ghm` count as constants, and `nnpu` steps back
# where its estimate of a risk is negative.
DIFFERENTIATED: dict[str, Callable[..., Any]] = {
    "ghm": lambda y, z, **given: reference.ghm_weights(y, LOGITS, **given) * reference.bce(y, z),
    "nnpu": partial(reference.nnpu_step, at=LOGITS),
}

FLOAT32_TOLERANCE = 1e-5
# Keras on JAX takes means, and meets Python's numbers, in float32 also where all else is float64.
VALUE_TOLERANCE, GRADIENT_TOLERANCE = (1e-11, 1e-8) if keras.config.backend() == "tensorflow" else (1e-6, 1e-6)


@dataclass(frozen=True)
class LossCheck:
    """One loss on the batch of `LABELS` and `LOGITS`, by the framework and by NumPy.

    Attributes:
        name: the option with its settings.
        value: the mean loss as the framework computes it in float32.
        expected: the same by NumPy.
        value_off: in float64, the largest relative difference of an example's loss.
        gradient_off: in float64, the largest difference of a gradient, as a share of the largest gradient.
    """

    name: str
    value: float
    expected: float
    value_off: float
    gradient_off: float

    @property
    def agrees(self) -> bool:
        """Whether all three differences are within their tolerances; a NaN is not."""
        float32_off = abs(self.value - self.expected) / abs(self.expected)
        exact = self.value_off <= VALUE_TOLERANCE and self.gradient_off <= GRADIENT_TOLERANCE
        return bool(float32_off <= FLOAT32_TOLERANCE and exact)


def check_losses() -> list[LossCheck]:
    """Compares every loss with its formula."""
    return [check_loss(name) for name in LOSSES]


def check_loss(name: str) -> LossCheck:
    """Compares one loss with its formula.

    Args:
        name: a loss option and its settings, as in `LOSSES`.
    """
    option, *changes = name.split()
    config = changed_arguments(option_files("loss")[option], changes)
    make = partial(build, "loss", config, known=EXAMPLE_PRIORS, reduction="none")
    single, _ = by_framework(make(dtype="float32"), LABELS, LOGITS, "float32")
    double, gradient = by_framework(make(dtype="float64"), LABELS, LOGITS, "float64")
    formula = FORMULAS.get(option) or getattr(reference, option)
    priors = _priors(formula)
    own = hyper_parameters(config)
    settings = {**own, **{name: value for name, value in priors.items() if own.get(name) is None}}
    expected = np.atleast_1d(formula(LABELS, LOGITS, **settings))
    slope = by_differences(partial(DIFFERENTIATED.get(option, formula), **settings), LABELS, LOGITS)
    return LossCheck(
        name=name,
        value=float(np.mean(single)),
        expected=float(np.mean(expected)),
        value_off=relative_difference(double, expected),
        gradient_off=float(np.max(np.abs(gradient - slope)) / np.max(np.abs(slope))),
    )


def _priors(formula: Callable[..., Any]) -> dict[str, float]:
    """The priors that a formula asks for, the same that its loss is given."""
    return {name: value for name, value in EXAMPLE_PRIORS.items() if name in signature(formula).parameters}
