"""How well probabilities are calibrated: slope, intercept, Brier skill, and what chance gives the calibration error."""

from __future__ import annotations

import numpy as np
from scipy.special import logit

from runner.evaluation.logistic import logistic_fit
from runner.evaluation.metrics import brier, expected_calibration_error, quantile_bins

DRAWS = 200
"""Of labels, behind the distribution of the calibration error."""
NUMBERS = 2 * 10**7
"""Random numbers up to which labels are drawn one by one; beyond, the sums of bins are drawn as normal."""


def calibration_measures(labels: np.ndarray, probabilities: np.ndarray, bins: int) -> dict[str, float]:
    """Calibration in numbers.

    Args:
        labels: (n,) 0 or 1, both present.
        probabilities: (n,) in [0, 1].
        bins: of the calibration error.

    Returns:
        `brier`, `ece`;
        `brier_skill`: 1 - brier / brier of the prevalence (0: no better than the prevalence; 1: perfect);
        `ece_null`, `ece_null.high`: mean and 95% quantile of the error that perfectly calibrated probabilities show in
        a sample like this one: these probabilities, with labels drawn from them;
        `calibration_slope`: of the logistic regression of the label on logit(p) (Cox 1958): below 1 too extreme, above
        too timid; `calibration_intercept`: of the same with the slope held at 1: below 0 too high on average. Both are
        left out where the classes are separated, so that no finite slope is best.
    """
    error = brier(labels, probabilities)
    prevalence = float(np.mean(labels))
    null = null_calibration_errors(probabilities, bins)
    return {
        "brier": error,
        "brier_skill": 1 - error / (prevalence * (1 - prevalence)),
        "ece": expected_calibration_error(labels, probabilities, bins),
        "ece_null": float(null.mean()),
        "ece_null.high": float(np.quantile(null, 0.95)),
        **calibration_line(labels, probabilities),
    }


def calibration_line(labels: np.ndarray, probabilities: np.ndarray) -> dict[str, float]:
    """`calibration_slope` and `calibration_intercept`; nothing where the classes are separated."""
    tiny = np.finfo(float).eps
    logits = logit(np.clip(probabilities, tiny, 1 - tiny))
    positive = labels == 1
    of_positives, of_negatives = logits[positive], logits[~positive]
    if of_positives.min() >= of_negatives.max() or of_positives.max() <= of_negatives.min():
        return {}
    centre, spread = logits.mean(), logits.std()
    ones = np.ones((len(labels), 1))
    slope = logistic_fit(np.concatenate([ones, (logits - centre)[:, None] / spread], axis=1), labels)[1] / spread
    intercept = logistic_fit(ones, labels, offset=logits)[0]
    return {"calibration_slope": float(slope), "calibration_intercept": float(intercept)}


def null_calibration_errors(probabilities: np.ndarray, bins: int) -> np.ndarray:
    """(draws,) calibration errors of probabilities that are right: their labels are drawn from them."""
    member = quantile_bins(probabilities, bins)
    order = np.argsort(member, kind="stable")
    starts = np.flatnonzero(np.append(True, np.diff(member[order]) != 0))
    p = probabilities[order]
    expected = np.add.reduceat(p, starts)
    rng = np.random.default_rng(0)
    if len(p) * DRAWS <= NUMBERS:
        sums = np.stack(
            [np.add.reduceat((rng.random(len(p), dtype=np.float32) < p).astype(int), starts) for _ in range(DRAWS)]
        )
    else:
        sums = expected + rng.normal(size=(DRAWS, len(starts))) * np.sqrt(np.add.reduceat(p * (1 - p), starts))
    return np.abs(sums - expected).sum(1) / len(p)
