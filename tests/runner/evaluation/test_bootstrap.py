"""The bootstrap against loops over scikit-learn."""

import numpy as np
import pytest
from imblearn.metrics import geometric_mean_score, specificity_score
from scipy.special import expit
from sklearn import metrics as sklearn_metrics

from runner.evaluation import bootstrap
from runner.evaluation.bootstrap import bootstrap_intervals
from runner.evaluation.resampling import ResampleCache
from runner.metrics import DECISION_METRICS

THRESHOLD = 0.2
BY_SCIKIT_LEARN = {
    "average_precision": lambda y, z: sklearn_metrics.average_precision_score(y, z),
    "roc_auc": lambda y, z: sklearn_metrics.roc_auc_score(y, z),
    "log_loss": lambda y, z: sklearn_metrics.log_loss(y, expit(z)),
    "brier": lambda y, z: sklearn_metrics.brier_score_loss(y, expit(z)),
    "f1": lambda y, z: sklearn_metrics.f1_score(y, expit(z) >= THRESHOLD, zero_division=0),
    "mcc": lambda y, z: sklearn_metrics.matthews_corrcoef(y, expit(z) >= THRESHOLD),
    "g_mean": lambda y, z: geometric_mean_score(y, expit(z) >= THRESHOLD),
    "balanced_accuracy": lambda y, z: sklearn_metrics.balanced_accuracy_score(y, expit(z) >= THRESHOLD),
    "precision": lambda y, z: sklearn_metrics.precision_score(y, expit(z) >= THRESHOLD, zero_division=0),
    "recall": lambda y, z: sklearn_metrics.recall_score(y, expit(z) >= THRESHOLD),
    "specificity": lambda y, z: specificity_score(y, expit(z) >= THRESHOLD),
}


def part(seed=0, rows=150, positives=20, decimals=1):
    """Shuffled labels and overlapping logits with ties."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.r_[np.ones(positives, int), np.zeros(rows - positives, int)])
    return labels, np.round(rng.normal(-2 + 2 * labels, 1.2), decimals)


def drawn_rows(labels, resamples, seed):
    """(resamples, n) rows: all draws among the positives first, then all among the negatives."""
    rng = np.random.default_rng(seed)
    strata = np.flatnonzero(labels == 1), np.flatnonzero(labels == 0)
    return np.concatenate([rows[rng.integers(len(rows), size=(resamples, len(rows)))] for rows in strata], axis=1)


def assert_percentiles_of_a_loop(found, resamples):
    assert set(found) == set(BY_SCIKIT_LEARN)
    for name, metric in BY_SCIKIT_LEARN.items():
        values = [metric(*resample) for resample in resamples]
        np.testing.assert_allclose(found[name], np.percentile(values, [2.5, 97.5]), rtol=1e-12, err_msg=name)


@pytest.mark.parametrize("decimals", [0, 1, 9])
def test_intervals_are_the_percentiles_of_a_loop_over_the_same_draws(decimals):
    labels, logits = part(decimals=decimals)
    found = bootstrap_intervals(labels, logits, THRESHOLD, resamples=60, seed=5)
    assert_percentiles_of_a_loop(found, [(labels[rows], logits[rows]) for rows in drawn_rows(labels, 60, seed=5)])


def test_intervals_of_groups_are_the_percentiles_of_a_loop_over_the_same_draws():
    labels, logits = part()
    groups = np.random.default_rng(1).choice([f"customer {number}" for number in range(40)], 150)
    found = bootstrap_intervals(labels, logits, THRESHOLD, resamples=40, seed=5, groups=groups)
    members = [np.flatnonzero(groups == name) for name in sorted(set(groups))]
    with_positive = np.array([labels[rows].any() for rows in members])
    assert 5 < with_positive.sum() < 35
    drawn = [np.concatenate([members[group] for group in units]) for units in drawn_rows(with_positive, 40, seed=5)]
    assert_percentiles_of_a_loop(found, [(labels[rows], logits[rows]) for rows in drawn])


def test_intervals_are_near_those_of_an_independent_bootstrap():
    labels, logits = part(seed=2)
    found = bootstrap_intervals(labels, logits, THRESHOLD, resamples=2000, seed=0)
    rng = np.random.default_rng(99)
    positives, negatives = np.flatnonzero(labels == 1), np.flatnonzero(labels == 0)
    drawn = [np.r_[rng.choice(positives, 20), rng.choice(negatives, 130)] for _ in range(600)]
    for name in ("average_precision", "roc_auc", "log_loss"):
        values = [BY_SCIKIT_LEARN[name](labels[rows], logits[rows]) for rows in drawn]
        # the standard error of a 2.5% quantile of 600 draws is about 0.11 standard deviations
        np.testing.assert_allclose(found[name], np.quantile(values, [0.025, 0.975]), atol=0.5 * np.std(values))


def test_intervals_hold_the_metric_itself_and_lie_within_its_range():
    labels, logits = part(seed=2)
    found = bootstrap_intervals(labels, logits, THRESHOLD, resamples=500, seed=0)
    for name, metric in BY_SCIKIT_LEARN.items():
        low, high = found[name]
        assert low <= metric(labels, logits) <= high
        assert low < high
        assert low >= (-1 if name == "mcc" else 0)
        assert high <= (np.inf if name == "log_loss" else 1)


def test_the_seed_decides():
    labels, logits = part()
    once, again, other = (bootstrap_intervals(labels, logits, THRESHOLD, resamples=50, seed=s) for s in (1, 1, 2))
    assert once == again
    assert once != other


def test_runs_of_one_dataset_share_their_resamples():
    """With one resample an interval is that resample's metric; log loss is a mean over rows, so it adds up."""
    labels, _ = part()
    first, second = np.random.default_rng(8).uniform(0.1, 2, (2, 150))  # two runs' losses, row by row

    def resampled(row_losses):
        towards_label = -np.log(np.expm1(row_losses))  # softplus(-z) is the loss of a positive
        logits = np.where(labels == 1, towards_label, -towards_label)
        low, high = bootstrap_intervals(labels, logits, THRESHOLD, resamples=1, seed=3)["log_loss"]
        assert low == high
        return low

    assert resampled(first) + resampled(second) == pytest.approx(resampled(first + second), rel=1e-12)


def test_kept_draws_give_the_intervals_that_new_ones_give(monkeypatch):
    labels, logits = part()
    kept = [bootstrap_intervals(labels, logits, THRESHOLD, resamples=50, seed=1) for _ in range(2)]
    monkeypatch.setattr(bootstrap, "RESAMPLES", ResampleCache(max_bytes=0))
    assert [bootstrap_intervals(labels, logits, THRESHOLD, resamples=50, seed=1)] * 2 == kept


@pytest.mark.parametrize("cells", [1, 150, 1000, 10**9])
def test_resamples_in_pieces_have_the_same_distribution(cells, monkeypatch):
    labels, logits = part()
    whole = bootstrap_intervals(labels, logits, THRESHOLD, resamples=2000, seed=0)
    monkeypatch.setattr(bootstrap, "RESAMPLES", ResampleCache(cells=cells))
    found = bootstrap_intervals(labels, logits, THRESHOLD, resamples=2000, seed=0)
    for name in ("average_precision", "roc_auc", "log_loss", "brier"):
        (low, high), (other_low, other_high) = found[name], whole[name]
        assert abs(low - other_low) < 0.15 * (other_high - other_low)
        assert abs(high - other_high) < 0.15 * (other_high - other_low)


@pytest.mark.parametrize(
    ("labels", "logits"),
    [
        ([0, 1], [0.0, 0.0]),
        ([0, 1, 0], [-1.0, 1.0, -1.0]),
        ([1, 0, 0, 0], [800.0, -800.0, 800.0, -800.0]),
        ([1, 1, 0], [-5.0, -5.0, -5.0]),
    ],
    ids=["two rows", "separable", "saturated", "constant"],
)
def test_intervals_of_odd_parts_are_finite(labels, logits):
    found = bootstrap_intervals(np.array(labels), np.array(logits), 0.5, resamples=20, seed=0)
    assert {*found} == {"average_precision", "roc_auc", "log_loss", "brier", *DECISION_METRICS}
    assert all(np.isfinite(ends).all() and ends[0] <= ends[1] for ends in found.values())


def test_intervals_of_separable_classes_are_a_point():
    found = bootstrap_intervals(np.array([0, 1, 0, 1]), np.array([-1.0, 1.0, -2.0, 3.0]), 0.5, resamples=50, seed=0)
    for name in ("average_precision", "roc_auc", "f1", "mcc", "recall", "precision", "specificity"):
        assert found[name] == pytest.approx((1.0, 1.0))


def test_groups_are_drawn_whole():
    """20 copies of each row in one group carry no more information than the row: the interval must say so."""
    rng = np.random.default_rng(0)
    labels = (rng.random(60) < 0.3).astype(float)
    logits = rng.normal(size=60) + labels
    once = bootstrap_intervals(labels, logits, 0.5, resamples=2000, seed=0)
    copies, groups = np.repeat(labels, 20), np.repeat(np.arange(60), 20)
    grouped = bootstrap_intervals(copies, np.repeat(logits, 20), 0.5, resamples=2000, seed=0, groups=groups)
    taken_for_rows = bootstrap_intervals(copies, np.repeat(logits, 20), 0.5, resamples=400, seed=0)

    for name in ("roc_auc", "log_loss", "f1"):
        assert grouped[name] == pytest.approx(once[name], rel=1e-9)
        assert np.diff(taken_for_rows[name]) < 0.5 * np.diff(once[name])


def test_a_resample_of_groups_without_negatives_is_left_out():
    labels = np.array([1.0, 1.0, 1.0, 0.0])
    intervals = bootstrap_intervals(
        labels, np.array([2.0, 1.0, 0.5, 0.0]), 0.5, resamples=200, seed=0, groups=np.array(["a", "a", "b", "b"])
    )
    assert np.isfinite(list(intervals.values())).all()
