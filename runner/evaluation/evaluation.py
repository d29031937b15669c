"""From predictions to numbers: the threshold chosen on validation, metrics on validation and test, intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from runner.evaluation.bootstrap import bootstrap_intervals
from runner.evaluation.confusion import Confusion
from runner.evaluation.metrics import brier, decision_metrics, expected_calibration_error, score_metrics
from runner.evaluation.predictions import Predictions
from runner.evaluation.thresholds import ThresholdRule, choose_threshold


@dataclass(frozen=True)
class Evaluation:
    """The verdict on one run.

    Attributes:
        metrics: flat names, as MLflow shows them: `test/average_precision`, `val/f1`, `test_at_half/f1`, `threshold`,
            `test/average_precision.low`, `test_debiased/log_loss`, ...
        threshold: probability from which a row is called positive.
        rule: how it was chosen.
        validation, test: the predictions behind the metrics.
        debiased: (n,) probabilities of the test part after undoing the loss's bias, or None.
        debiased_by: how they were undone, in words.
    """

    metrics: dict[str, float]
    threshold: float
    rule: ThresholdRule
    validation: Predictions
    test: Predictions
    debiased: np.ndarray | None = None
    debiased_by: str = ""

    @property
    def confusion(self) -> Confusion:
        """Counts on the test part at the threshold."""
        return Confusion.at(self.test.labels, self.test.probabilities, self.threshold)

    def interval(self, metric: str) -> tuple[float, float] | None:
        """The 95% interval of a test metric, named without `test/`, if there is one."""
        low, high = (self.metrics.get(f"test/{metric}.{end}") for end in ("low", "high"))
        return None if low is None or high is None else (low, high)


def evaluate(
    validation: Predictions,
    test: Predictions,
    rule: ThresholdRule,
    *,
    bins: int = 10,
    resamples: int = 1000,
    seed: int = 0,
    debiased: np.ndarray | None = None,
    debiased_by: str = "",
    groups: np.ndarray | None = None,
) -> Evaluation:
    """Evaluates the predictions of one run.

    Args:
        validation: chooses the threshold.
        test: judged.
        rule: how to choose the threshold.
        bins: of the calibration error.
        resamples: behind the intervals; 0 for none.
        seed: of the resampling.
        debiased: P(y=1|x) of the test part with the loss's bias undone, or None.
        debiased_by: how it was undone, in words.
        groups: of the test rows, where rows of one group are not independent; intervals then resample groups.
    """
    threshold = choose_threshold(validation.labels, validation.probabilities, rule)
    metrics: dict[str, float] = {"threshold": threshold}
    for name, part in (("val", validation), ("test", test)):
        values = score_metrics(part.labels, part.logits, bins)
        values |= decision_metrics(Confusion.at(part.labels, part.probabilities, threshold))
        metrics |= {f"{name}/{key}": value for key, value in values.items()}
    at_half = decision_metrics(Confusion.at(test.labels, test.probabilities, 0.5))
    metrics |= {f"test_at_half/{key}": value for key, value in at_half.items()}
    metrics["test/prevalence"] = float(np.mean(test.labels))
    if debiased is not None:
        metrics["test_debiased/log_loss"] = _log_loss_of_probabilities(test.labels, debiased)
        metrics["test_debiased/brier"] = brier(test.labels, debiased)
        metrics["test_debiased/ece"] = expected_calibration_error(test.labels, debiased, bins)
    if resamples:
        intervals = bootstrap_intervals(
            test.labels, test.logits, threshold, resamples=resamples, seed=seed, groups=groups
        )
        for key, (low, high) in intervals.items():
            metrics |= {f"test/{key}.low": low, f"test/{key}.high": high}
    return Evaluation(metrics, threshold, rule, validation, test, debiased, debiased_by)


def _log_loss_of_probabilities(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Log loss where a probability may be exactly 0 or 1: clipped as scikit-learn clips float64."""
    kept = np.clip(probabilities, np.finfo(float).eps, 1 - np.finfo(float).eps)
    return float(-np.mean(np.where(labels == 1, np.log(kept), np.log1p(-kept))))
