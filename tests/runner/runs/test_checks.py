"""What is found in a run's metrics."""

from __future__ import annotations

import numpy as np
import pytest

from runner.evaluation import EvaluationOptions, Predictions, ThresholdRule, evaluate
from runner.runs.checks import run_findings

METRICS = {"epochs": 30.0, "best_epoch": 12.0}


def codes(metrics, epochs=30, stops_early=True):
    return [finding.code for finding in run_findings(metrics, epochs, stops_early=stops_early)]


@pytest.mark.parametrize(
    ("done", "best", "epochs", "stops_early", "found"),
    [
        (30, 28, 30, True, True),
        (30, 27, 30, True, False),  # not in the last tenth
        (30, 30, 30, False, False),  # without early stopping the last epoch always counts as the best
        (30, 29, 50, True, False),  # it stopped by itself
    ],
)
def test_still_improving_when_the_epochs_ended(done, best, epochs, stops_early, found):
    metrics = {"epochs": float(done), "best_epoch": float(best)}
    assert codes(metrics, epochs, stops_early) == (["EPOCH01"] if found else [])


def gap(validation, test, low, high):
    interval = {"test/average_precision.low": low, "test/average_precision.high": high}
    return METRICS | {"val/average_precision": validation, "test/average_precision": test} | interval


def test_validation_far_better_than_test():
    assert codes(gap(0.9, 0.5, 0.4, 0.6)) == ["GAP01"]
    assert codes(gap(0.5, 0.9, 0.85, 0.94)) == []  # test is better
    assert codes(gap(0.9, 0.5, 0.1, 0.9)) == []  # few rows
    assert codes(gap(0.56, 0.5, 0.49, 0.51)) == []  # too small to matter
    assert codes(METRICS | {"val/average_precision": 0.9, "test/average_precision": 0.5}) == []  # no intervals
    (finding,) = run_findings(gap(0.9, 0.5, 0.4, 0.6), 30, stops_early=True)
    assert "0.900 on validation and 0.500 on test" in finding.sentence


def test_rows_of_one_distribution_are_hardly_ever_called_different():
    rng = np.random.default_rng(0)
    options = EvaluationOptions(ThresholdRule("max_f1", 1.0, 1.0, 0.5, 0.5), draws=20)
    found = 0
    for _ in range(60):
        labels = np.repeat([1, 0], [15, 150])
        first, second = (Predictions(np.arange(165), labels, rng.normal(size=165) + 1.5 * labels) for _ in range(2))
        found += "GAP01" in codes(METRICS | evaluate(first, second, options).metrics)
    assert found <= 1
