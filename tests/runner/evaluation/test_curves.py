"""The tables behind the figures."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn import metrics as sklearn_metrics
from sklearn.calibration import calibration_curve as sklearn_calibration_curve

from runner.evaluation.curves import (
    POSITIVES_A_BIN,
    RECALLS,
    calibration_curve,
    mean_average_precision,
    mean_calibration_error,
    mean_precision_recall_curve,
    pooled_calibration_curve,
    precision_recall_curve,
    roc_curve,
)
from runner.evaluation.metrics import expected_calibration_error

RNG = np.random.default_rng(4)
LABELS = (RNG.uniform(size=203) < 0.1).astype(int)
PROBABILITIES = np.round(RNG.beta(1 + 3 * LABELS, 8), 2)


def test_each_precision_and_recall_is_that_of_its_threshold():
    curve = precision_recall_curve(LABELS, PROBABILITIES)
    assert list(curve) == ["threshold", "precision", "recall"]
    assert curve["threshold"].is_monotonic_increasing
    assert curve.iloc[-1].tolist() == [np.inf, 1.0, 0.0]
    for row in curve.iloc[:-1].itertuples():
        called = row.threshold <= PROBABILITIES
        assert row.precision == pytest.approx(sklearn_metrics.precision_score(LABELS, called))
        assert row.recall == pytest.approx(sklearn_metrics.recall_score(LABELS, called))
    steps = -np.sum(np.diff(curve["recall"]) * curve["precision"][:-1])
    assert steps == pytest.approx(sklearn_metrics.average_precision_score(LABELS, PROBABILITIES))


def test_each_roc_point_is_that_of_its_threshold():
    curve = roc_curve(LABELS, PROBABILITIES)
    assert curve.iloc[0, 1:].tolist() == [0.0, 0.0]
    assert curve.iloc[-1, 1:].tolist() == [1.0, 1.0]
    for row in curve.itertuples():
        called = row.threshold <= PROBABILITIES
        assert row.true_positive_rate == pytest.approx(called[LABELS == 1].mean())
        assert row.false_positive_rate == pytest.approx(called[LABELS == 0].mean())
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
    assert curve.loc[0, ["mean_probability", "positive_rate", "count"]].tolist() == pytest.approx([0.2, 0.25, 4])


def scored(seed, rows=400, positives=60):
    """Labels and overlapping probabilities with ties."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(rows) < positives).astype(int)
    return labels, np.round(rng.beta(1 + 2 * labels, 5), 2)


def test_means_over_runs_are_the_means_of_their_metrics():
    runs = [scored(seed) for seed in range(3)]
    expected = np.mean([sklearn_metrics.average_precision_score(*run) for run in runs])
    assert mean_average_precision(runs) == pytest.approx(expected, rel=1e-12)
    expected = np.mean([expected_calibration_error(*run, 7) for run in runs])
    assert mean_calibration_error(runs, 7) == pytest.approx(expected, rel=1e-12)


def best_precision_with_recall(labels, probabilities, recall):
    """That of the strictest threshold whose recall suffices."""
    for threshold in np.unique(probabilities)[::-1]:
        called = probabilities >= threshold
        if called[labels == 1].mean() >= recall - 1e-9:
            return labels[called].mean()
    raise AssertionError("the lowest threshold finds all")


def test_the_mean_precision_at_a_recall_is_that_of_thresholds():
    runs = [scored(seed) for seed in range(3)]
    curve = mean_precision_recall_curve(runs)
    assert list(curve) == ["recall", "precision", "low", "high"]
    np.testing.assert_array_equal(curve["recall"], RECALLS)
    assert (RECALLS[0], RECALLS[-1], len(RECALLS)) == (0.005, 1.0, 200)
    for row in curve.iloc[::17].itertuples():
        precisions = [best_precision_with_recall(*run, row.recall) for run in runs]
        assert row.precision == pytest.approx(np.mean(precisions))
        assert row.low == pytest.approx(max(np.mean(precisions) - np.std(precisions, ddof=1), 0))
        assert row.high == pytest.approx(min(np.mean(precisions) + np.std(precisions, ddof=1), 1))


def test_the_spread_of_precisions_stays_within_0_and_1():
    labels = np.array([0] * 19 + [1])
    perfect, useless = (labels, labels / 2), (labels, np.full(20, 0.5))
    curve = mean_precision_recall_curve([perfect, useless])  # of 1 and 0.05 the standard deviation is 0.67
    assert curve["precision"].unique().tolist() == pytest.approx([0.525])
    assert curve["low"].unique().tolist() == [0.0]
    assert curve["high"].unique().tolist() == [1.0]


def test_a_precision_between_two_thresholds_is_the_lower_thresholds():
    """Recall 1/2 at precision 1, then recall 1 at 1/2: no threshold reaches 3/4 at recall 3/4."""
    labels, probabilities = np.array([1, 0, 0, 1]), np.array([0.9, 0.5, 0.4, 0.1])
    curve = mean_precision_recall_curve([(labels, probabilities)]).set_index("recall")["precision"]
    assert curve.loc[:0.5].unique().tolist() == [1.0]
    assert curve.loc[0.505:].unique().tolist() == [0.5]


def test_a_single_run_has_no_spread():
    curve = mean_precision_recall_curve([scored(0)])
    assert curve[["low", "high"]].isna().all(axis=None)
    assert curve["precision"].notna().all()


def test_pooled_calibration_has_the_bins_of_all_rows_and_the_rates_of_each_run():
    labels, probabilities = scored(0, rows=4000, positives=900)
    flipped = np.where(np.arange(4000) % 7 == 0, 1 - labels, labels)
    curve = pooled_calibration_curve([(labels, probabilities), (flipped, probabilities)], 4)
    assert list(curve) == ["mean_probability", "positive_rate", "low", "high"]
    edges = np.quantile(probabilities, [0.25, 0.5, 0.75])
    member = np.searchsorted(edges, probabilities)
    for i, row in enumerate(curve.itertuples()):
        rates = [each[member == i].mean() for each in (labels, flipped)]
        assert row.mean_probability == pytest.approx(probabilities[member == i].mean())
        assert row.positive_rate == pytest.approx(np.mean(rates))
        assert (row.low, row.high) == pytest.approx((min(rates), max(rates)))
    assert len(curve) == 4


def test_a_run_without_rows_in_a_bin_has_no_rate_there():
    low = np.repeat([0, 1], 20), np.linspace(0.1, 0.2, 40)
    high = np.repeat([0, 1], 20), np.linspace(0.8, 0.9, 40)
    curve = pooled_calibration_curve([low, high], 2)
    assert curve["positive_rate"].tolist() == [0.5, 0.5]
    np.testing.assert_array_equal(curve[["low", "high"]], 0.5)


@pytest.mark.parametrize("positives", [5, 19, 30, 60])
def test_neighbouring_bins_are_joined_until_each_has_enough_positives(positives):
    labels, probabilities = scored(1, rows=1000, positives=positives)
    curve = pooled_calibration_curve([(labels, probabilities)], 20)
    assert 1 <= len(curve) <= max(1, positives // POSITIVES_A_BIN)
    assert curve["mean_probability"].is_monotonic_increasing
    assert (len(curve) > 1) == (positives >= 2 * POSITIVES_A_BIN)
