"""Intervals against SciPy's, and against the truth of known populations."""

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import beta, binomtest, norm

from runner.evaluation.intervals import intervals
from runner.metrics import DECISION_METRICS

THRESHOLD = 0.3
ALL = {"average_precision", "roc_auc", "log_loss", "brier", *DECISION_METRICS}


def part(rng, positives, rows=200, distance=2.0):
    labels = (np.arange(rows) < positives).astype(int)
    return labels, rng.normal(-2 + distance * labels)


def found(labels, logits, groups=None, draws=2000):
    return intervals(labels, logits, THRESHOLD, draws=draws, groups=groups)


def test_every_metric_has_one_that_holds_the_estimate_and_the_order_of_rows_does_not_matter():
    rng = np.random.default_rng(0)
    labels, logits = part(rng, 20)
    ours = found(labels, logits)
    assert set(ours) == ALL
    assert all(low < high for low, high in ours.values())
    order = rng.permutation(len(labels))
    for name, ends in found(labels[order], logits[order]).items():
        assert ends == pytest.approx(ours[name], rel=1e-9), name


@pytest.mark.parametrize("positives", [5, 20, 100])
def test_recall_and_specificity_have_jeffreys_s_interval(positives):
    labels, logits = part(np.random.default_rng(positives), positives)
    called, ours = expit(logits) >= THRESHOLD, found(labels, logits, draws=20_000)
    for name, hits in (("recall", called[labels == 1]), ("specificity", ~called[labels == 0])):
        expected = beta.ppf([0.025, 0.975], hits.sum() + 0.5, (~hits).sum() + 0.5)
        assert ours[name] == pytest.approx(expected, abs=2e-3), name
    ours_by_default = found(labels, logits, draws=1000)
    assert ours_by_default["recall"] == pytest.approx(ours["recall"], abs=5e-3)


def test_with_many_positives_the_roc_auc_has_wilson_s_interval_of_as_many_rows_as_delong_s_variance_says():
    labels, logits = part(np.random.default_rng(1), 4000, 40_000, distance=1.0)
    low, high = found(labels, logits)["roc_auc"]
    truth = norm.cdf(1 / np.sqrt(2))
    assert low < truth < high
    wins = (np.sort(logits[labels == 0]).searchsorted(logits[labels == 1])) / 36_000
    losses = (4000 - np.sort(logits[labels == 1]).searchsorted(logits[labels == 0])) / 4000
    variance = wins.var(ddof=1) / 4000 + losses.var(ddof=1) / 36_000
    rows = round(wins.mean() * (1 - wins.mean()) / variance)
    expected = binomtest(round(wins.mean() * rows), rows).proportion_ci(method="wilson")
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=2e-4)


@pytest.mark.parametrize("positives", [5, 8])
def test_separated_classes_are_no_certainty(positives):
    labels = (np.arange(100) < positives).astype(int)
    for sign in (1, -1):
        ours = found(labels, 8.0 * sign * (2 * labels - 1) + np.linspace(0, 1, 100))
        low, high = ours["roc_auc"]
        assert (high if sign == 1 else 1 - low) == 1
        assert 0.1 < high - low < 0.6
        low, high = ours["recall"]
        assert (high if sign == 1 else 1 - low) == 1
        assert 0.1 < high - low < 0.6
        assert sign == -1 or ours["average_precision"][0] < 0.9
        assert ours["log_loss"][1] > ours["log_loss"][0] > 0


@pytest.mark.parametrize("positives", [1, 2, 3, 4])
def test_with_fewer_than_five_positives_nothing_is_said_of_what_depends_on_them(positives):
    labels, logits = part(np.random.default_rng(0), positives)
    assert set(found(labels, logits)) == {"specificity"}
    assert set(found(1 - labels, logits)) == {"recall"}
    assert set(found(*part(np.random.default_rng(0), positives, rows=positives + 4))) == set()


def test_groups_are_counted_and_not_their_rows():
    rng = np.random.default_rng(2)
    labels, logits = part(rng, 20)
    groups = np.repeat(np.arange(len(labels)), 6)
    once, rows = found(labels, logits), found(labels[groups], logits[groups])
    grouped = found(labels[groups], logits[groups], groups)
    for name in ALL:
        width, of_rows, of_groups = (high - low for low, high in (once[name], rows[name], grouped[name]))
        assert of_groups == pytest.approx(width, rel=0.2), name
        assert of_rows < 0.6 * width, name
    few = np.where(labels == 1, np.arange(len(labels)) % 4, np.arange(len(labels)))
    assert set(found(labels, logits, few)) == {"specificity"}  # positives of four customers


def truths(positives, rows, distance):
    """Of unlimited rows with these class counts."""
    rng = np.random.default_rng(99)
    ours, others = rng.normal(-2 + distance, size=200_000), np.sort(rng.normal(-2, size=200_000))
    share = positives / rows
    ours.sort()
    above = 1 - others.searchsorted(ours) / len(others)
    called = share * (1 - np.arange(len(ours)) / len(ours))
    losses = share * np.logaddexp(0, -ours).mean() + (1 - share) * np.logaddexp(0, others).mean()
    errors = share * np.mean(expit(-ours) ** 2) + (1 - share) * np.mean(expit(others) ** 2)
    recall = np.mean(expit(ours) >= THRESHOLD)
    called_in_all = recall * share + np.mean(expit(others) >= THRESHOLD) * (1 - share)
    return {
        "average_precision": np.mean(called / (called + (1 - share) * above)),
        "roc_auc": 1 - above.mean(),
        "log_loss": losses,
        "brier": errors,
        "recall": recall,
        "precision": recall * share / called_in_all,
        "f1": 2 * recall * share / (share + called_in_all),
    }


@pytest.mark.parametrize(("positives", "rows", "distance"), [(5, 100, 2.0), (10, 150, 1.0), (20, 150, 3.0)])
def test_they_hold_the_truth(positives, rows, distance):
    """400 parts: a share of 95% has a standard error of 1.1 points. The percentile bootstrap holds it in 60 to 90%."""
    rng, truth = np.random.default_rng(5), truths(positives, rows, distance)
    held = dict.fromkeys(truth, 0.0)
    for _ in range(400):
        labels, logits = part(rng, positives, rows, distance)
        ours = found(labels, logits, draws=300)
        for name, value in truth.items():
            held[name] += (ours[name][0] <= value <= ours[name][1]) / 400
    assert all(share >= 0.92 for share in held.values()), held
    assert np.mean(list(held.values())) < 0.985, held
