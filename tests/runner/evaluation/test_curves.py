"""The tables behind the figures."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn import metrics as sklearn_metrics
from sklearn.calibration import calibration_curve as sklearn_calibration_curve

from runner.evaluation.curves import calibration_curve, precision_recall_curve, roc_curve

RNG = np.random.default_rng(4)
LABELS = (RNG.uniform(size=203) < 0.1).astype(int)
PROBABILITIES = np.round(RNG.beta(1 + 3 * LABELS, 8), 2)


def test_each_precision_and_recall_is_that_of_its_threshold():
    curve = precision_recall_curve(LABELS, PROBABILITIES)
    assert list(curve) == ["threshold", "precision", "recall"]
    assert curve["threshold"].is_monotonic_increasing
    assert curve.iloc[-1].tolist() == [np.inf, 1.0, 0.0]
    for threshold, precision, recall in curve.iloc[:-1].to_numpy():
        called = threshold <= PROBABILITIES
        assert precision == pytest.approx(sklearn_metrics.precision_score(LABELS, called))
        assert recall == pytest.approx(sklearn_metrics.recall_score(LABELS, called))
    steps = -np.sum(np.diff(curve["recall"]) * curve["precision"][:-1])
    assert steps == pytest.approx(sklearn_metrics.average_precision_score(LABELS, PROBABILITIES))


def test_each_roc_point_is_that_of_its_threshold():
    curve = roc_curve(LABELS, PROBABILITIES)
    assert curve.iloc[0, 1:].tolist() == [0.0, 0.0]
    assert curve.iloc[-1, 1:].tolist() == [1.0, 1.0]
    columns = ["threshold", "true_positive_rate", "false_positive_rate"]
    for threshold, true_rate, false_rate in curve[columns].to_numpy():
        called = threshold <= PROBABILITIES
        assert true_rate == pytest.approx(called[LABELS == 1].mean())
        assert false_rate == pytest.approx(called[LABELS == 0].mean())
    area = np.trapezoid(curve["true_positive_rate"], curve["false_positive_rate"])
    assert area == pytest.approx(sklearn_metrics.roc_auc_score(LABELS, PROBABILITIES))


def test_calibration_equals_scikit_learns():
    curve = calibration_curve(LABELS, PROBABILITIES, 10)
    rate, mean = sklearn_calibration_curve(LABELS, PROBABILITIES, n_bins=10, strategy="quantile")
    np.testing.assert_allclose(curve["positive_rate"], rate)
    np.testing.assert_allclose(curve["mean_probability"], mean)
    assert curve["count"].sum() == 203


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.sampled_from([0.0, 0.01, 0.3, 0.3001, 1.0])), min_size=1, max_size=60))
def test_calibration_intervals_are_clopper_and_pearsons(rows):
    labels, probabilities = np.array([y for y, _ in rows], int), np.array([p for _, p in rows])
    curve = calibration_curve(labels, probabilities, 4)
    for rate, n, low, high in curve[["positive_rate", "count", "low", "high"]].to_numpy():
        exact = binomtest(round(rate * n), int(n)).proportion_ci(0.95, method="exact")
        assert (low, high) == pytest.approx((exact.low, exact.high), abs=1e-9)


def test_constant_probabilities_make_one_bin():
    curve = calibration_curve(np.array([0, 0, 1, 0]), np.full(4, 0.2), 10)
    assert len(curve) == 1
    (only,) = curve[["mean_probability", "positive_rate", "count"]].to_numpy().tolist()
    assert only == pytest.approx([0.2, 0.25, 4])
