"""Metrics against scikit-learn's and imbalanced-learn's, on imbalanced scores with ties."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from imblearn.metrics import geometric_mean_score, make_index_balanced_accuracy, specificity_score
from scipy.special import expit
from sklearn import metrics as sklearn_metrics
from sklearn.calibration import calibration_curve as sklearn_calibration_curve

from runner.evaluation import epoch_metrics
from runner.evaluation.confusion import Confusion
from runner.evaluation.metrics import (
    brier,
    decision_metrics,
    expected_calibration_error,
    log_loss,
    quantile_bins,
    score_metrics,
)
from runner.metrics import DECISION_METRICS


def imbalanced(seed, rows=400, prevalence=0.05, decimals=1):
    """Labels and logits that overlap, rounded so that many are tied."""
    rng = np.random.default_rng(seed)
    labels = (rng.uniform(size=rows) < prevalence).astype(int)
    labels[:2] = 0, 1
    return labels, np.round(rng.normal(-2 + 2 * labels, 1.5), decimals)


IBA = make_index_balanced_accuracy(alpha=0.1, squared=True)(geometric_mean_score)
BY_SCIKIT_LEARN = {
    "precision": lambda y, called: sklearn_metrics.precision_score(y, called, zero_division=0),
    "recall": sklearn_metrics.recall_score,
    "specificity": specificity_score,
    "f1": lambda y, called: sklearn_metrics.f1_score(y, called, zero_division=0),
    "mcc": sklearn_metrics.matthews_corrcoef,
    "g_mean": geometric_mean_score,
    "iba": lambda y, called: IBA(y, called, average="binary"),
    "balanced_accuracy": sklearn_metrics.balanced_accuracy_score,
}


@pytest.mark.parametrize("seed", range(5))
def test_ranking_metrics_equal_scikit_learns_with_ties(seed):
    labels, logits = imbalanced(seed)
    assert len(np.unique(logits)) < len(logits) / 3
    found = epoch_metrics(labels, logits)
    assert found["average_precision"] == pytest.approx(
        sklearn_metrics.average_precision_score(labels, expit(logits)), rel=1e-12
    )
    assert found["roc_auc"] == pytest.approx(sklearn_metrics.roc_auc_score(labels, expit(logits)), rel=1e-12)


def test_ranking_looks_at_logits_where_probabilities_are_all_one():
    labels, logits = np.array([0, 0, 1, 1]), np.array([50.0, 60.0, 70.0, 80.0])
    assert np.unique(expit(logits)).size == 1
    assert epoch_metrics(labels, logits) | {"log_loss": 0} == {"log_loss": 0, "average_precision": 1.0, "roc_auc": 1.0}


def test_constant_scores_are_worth_the_prevalence():
    labels = np.r_[np.ones(2, int), np.zeros(98, int)]
    found = epoch_metrics(labels, np.zeros(100))
    assert found["average_precision"] == pytest.approx(0.02)  # the trapezoid would say 0.51
    assert found["roc_auc"] == 0.5


@pytest.mark.parametrize("seed", range(5))
def test_log_loss_and_brier_equal_scikit_learns(seed):
    labels, logits = imbalanced(seed, decimals=3)
    assert log_loss(labels, logits) == pytest.approx(sklearn_metrics.log_loss(labels, expit(logits)), rel=1e-12)
    expected = sklearn_metrics.brier_score_loss(labels, expit(logits))
    assert brier(labels, expit(logits)) == pytest.approx(expected, rel=1e-12)
    assert score_metrics(labels, logits, 10)["brier"] == pytest.approx(expected, rel=1e-12)


def test_log_loss_is_exact_where_probabilities_round_to_zero_and_one():
    assert log_loss(np.array([1, 0, 1]), np.array([-800.0, 800.0, 800.0])) == pytest.approx(1600 / 3)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("threshold", [0.0, 0.02, 0.1, 0.5, 0.9, 1.0])
def test_decision_metrics_equal_scikit_learns(seed, threshold):
    labels, logits = imbalanced(seed)
    probabilities = expit(logits)
    found = decision_metrics(Confusion.at(labels, probabilities, threshold))
    assert set(found) == set(DECISION_METRICS) == set(BY_SCIKIT_LEARN)
    for name, by_scikit_learn in BY_SCIKIT_LEARN.items():
        assert found[name] == pytest.approx(by_scikit_learn(labels, probabilities >= threshold), abs=1e-12), name


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=2, max_size=30))
def test_decision_metrics_of_any_decision(rows):
    labels, called = np.array(rows).T.astype(int)
    labels, called = np.append(labels, [0, 1]), np.append(called, [0, 1])  # both classes present
    found = decision_metrics(Confusion.at(labels, called, 1))
    for name, by_scikit_learn in BY_SCIKIT_LEARN.items():
        assert found[name] == pytest.approx(by_scikit_learn(labels, called), abs=1e-12), name


def test_a_probability_equal_to_the_threshold_is_called_positive():
    confusion = Confusion.at(np.array([1, 0, 1]), np.array([0.5, 0.5, np.nextafter(0.5, 0)]), 0.5)
    assert (confusion.tp, confusion.fp, confusion.fn, confusion.tn) == (1, 1, 1, 0)


def test_finding_nothing_earns_nothing():
    found = decision_metrics(Confusion.at(np.array([0, 1]), np.array([0.1, 0.2]), 0.5))
    assert found == {**dict.fromkeys(DECISION_METRICS, 0.0), "specificity": 1.0, "balanced_accuracy": 0.5}


def test_confusion_counts_arrays_as_it_counts_numbers():
    counts = np.random.default_rng(0).integers(0, 5, (4, 30))
    together = Confusion(*counts)
    for column in range(30):
        alone = Confusion(*counts[:, column])
        for name in DECISION_METRICS:
            assert getattr(together, name)[column] == getattr(alone, name)


def test_mcc_of_millions_of_rows_does_not_overflow():
    confusion = Confusion(*np.array([10**6, 10**6, 10**6, 10**9]))
    assert float(confusion.mcc) == pytest.approx((1e15 - 1e12) / (2e6 * 1.001e9), rel=1e-12)


def naive_calibration_error(labels, probabilities, bins):
    """Row by row: a row belongs to the first bin whose upper quantile it does not exceed."""
    uppers = [np.quantile(probabilities, k / bins) for k in range(1, bins)] + [np.inf]
    members: dict[float, list[tuple[float, float]]] = {}
    for label, probability in zip(labels, probabilities, strict=True):
        members.setdefault(min(u for u in uppers if probability <= u), []).append((probability, label))
    gaps = [abs(sum(p for p, _ in rows) / len(rows) - sum(y for _, y in rows) / len(rows)) for rows in members.values()]
    sizes = [len(rows) for rows in members.values()]
    return sum(gap * size for gap, size in zip(gaps, sizes, strict=True)) / len(labels)


@pytest.mark.parametrize("decimals", [0, 1, 6])
@pytest.mark.parametrize("bins", [2, 7, 10, 1000])
def test_calibration_error_equals_the_naive_loop(decimals, bins):
    labels, logits = imbalanced(decimals, rows=397, decimals=decimals)
    expected = naive_calibration_error(labels, expit(logits), bins)
    assert expected_calibration_error(labels, expit(logits), bins) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_bins_are_scikit_learns_quantile_bins(seed):
    # 397 rows: no quantile falls on a row, where the last digit would decide
    labels, logits = imbalanced(seed, rows=397, decimals=6)
    probabilities = expit(logits)
    rate, mean = sklearn_calibration_curve(labels, probabilities, n_bins=10, strategy="quantile")
    member = quantile_bins(probabilities, 10)
    sizes = np.bincount(member)
    assert sizes.min() >= 39
    assert sizes.max() <= 40
    np.testing.assert_allclose(np.bincount(member, labels) / sizes, rate, rtol=1e-12)
    np.testing.assert_allclose(np.bincount(member, probabilities) / sizes, mean, rtol=1e-12)
    expected = np.sum(np.abs(rate - mean) * sizes) / 397
    assert expected_calibration_error(labels, probabilities, 10) == pytest.approx(expected, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([0.0, 0.1, 0.25, 0.5, 1.0]), min_size=1, max_size=40), st.integers(2, 12))
def test_equal_probabilities_share_a_bin_and_bins_keep_the_order(values, bins):
    probabilities = np.array(values)
    member = quantile_bins(probabilities, bins)
    order = np.argsort(probabilities, kind="stable")
    assert (np.diff(member[order])[np.diff(probabilities[order]) == 0] == 0).all()
    assert (np.diff(member[order]) >= 0).all()
    assert member.min() >= 0
    assert member.max() < bins


def test_calibration_error_of_constant_scores_is_the_gap_to_the_prevalence():
    labels = np.r_[np.ones(2, int), np.zeros(98, int)]
    assert expected_calibration_error(labels, np.full(100, 0.3), 10) == pytest.approx(0.28)
    assert expected_calibration_error(labels, np.full(100, 0.02), 10) == pytest.approx(0.0, abs=1e-15)


def test_calibration_error_of_certain_and_right_scores_is_zero():
    labels = np.array([0, 0, 0, 1, 1])
    assert expected_calibration_error(labels, labels.astype(float), 2) == 0.0
    wrong = np.array([1, 1, 1, 0, 0])
    assert expected_calibration_error(wrong, 1.0 - wrong, 2) == 1.0
