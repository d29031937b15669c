"""Every rule against a search over all thresholds, scored by scikit-learn."""

import logging

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn.metrics import (
    confusion_matrix,
    confusion_matrix_at_thresholds,
    f1_score,
    fbeta_score,
    matthews_corrcoef,
    precision_score,
    recall_score,
)

from runner.evaluation.thresholds import ThresholdRule, candidates, choose_threshold, threshold_curve
from runner.metrics import DECISION_METRICS

HALF = 0.5
ULP = [np.nextafter(HALF, 0), HALF, np.nextafter(HALF, 1)]


def youden(y, called):
    return recall_score(y, called) + recall_score(1 - y, 1 - called) - 1


def cost(cost_fp, cost_fn):
    return lambda y, called: -(cost_fp * np.sum((y == 0) & (called == 1)) + cost_fn * np.sum((y == 1) & (called == 0)))


def most_recall(min_precision):
    """Recall where the precision is reached; below all of those, the precision itself."""

    def score(y, called):
        precision = precision_score(y, called, zero_division=0)
        return recall_score(y, called) if precision >= min_precision else precision - 2

    return score


def within(max_fpr):
    """Recall where no more false alarms are raised."""
    return lambda y, called: recall_score(y, called) if called[y == 0].mean() <= max_fpr else -1


def most_rows(top_k):
    """Rows called where they are no more than can be."""

    def score(y, called):
        most = top_k if top_k >= 1 else max(1, int(top_k * len(y) + 0.5))
        return called.sum() if called.sum() <= most else -1

    return score


def net_benefit(probability):
    """True positives, less false alarms at the odds of the probability (Vickers and Elkin 2006), a row."""

    def score(y, called):
        _, fp, _, tp = confusion_matrix(y, called, labels=[0, 1]).ravel()
        return (tp - fp * probability / (1 - probability)) / len(y)

    return score


RULES = [
    (ThresholdRule("max_f1"), lambda y, called: f1_score(y, called, zero_division=0)),
    (ThresholdRule("max_mcc"), matthews_corrcoef),
    (ThresholdRule("youden"), youden),
    (ThresholdRule("cost"), cost(1, 1)),
    (ThresholdRule("cost", cost_fp=0.1, cost_fn=0.7), cost(0.1, 0.7)),
    (ThresholdRule("cost", cost_fp=0.0, cost_fn=5.0), cost(0, 5)),
    (ThresholdRule("precision_at_least", min_precision=0.0), most_recall(0.0)),
    (ThresholdRule("precision_at_least", min_precision=0.5), most_recall(0.5)),
    (ThresholdRule("precision_at_least", min_precision=0.9), most_recall(0.9)),
    (ThresholdRule("precision_at_least", min_precision=1.0), most_recall(1.0)),
    (ThresholdRule("recall_at_least", min_recall=0.5), lambda y, called: recall_score(y, called) >= 0.5),
    (ThresholdRule("recall_at_least", min_recall=1.0), lambda y, called: recall_score(y, called) >= 1),
    (ThresholdRule("fpr_at_most", max_fpr=0.1), within(0.1)),
    (ThresholdRule("fpr_at_most", max_fpr=0.5), within(0.5)),
    (ThresholdRule("top_k", top_k=0.25), most_rows(0.25)),
    (ThresholdRule("top_k", top_k=3), most_rows(3)),
    (ThresholdRule("max_fbeta", beta=2.0), lambda y, called: fbeta_score(y, called, beta=2, zero_division=0)),
    (ThresholdRule("max_fbeta", beta=0.5), lambda y, called: fbeta_score(y, called, beta=0.5, zero_division=0)),
    (ThresholdRule("net_benefit", threshold_probability=0.2), net_benefit(0.2)),
    (ThresholdRule("net_benefit", threshold_probability=0.7), net_benefit(0.7)),
]
every_rule = pytest.mark.parametrize(("rule", "score"), RULES, ids=[str(rule) for rule, _ in RULES])


def best_decision(labels, probabilities, score):
    """The best of all decisions a threshold can make, and of equally good ones that with the fewest positives."""
    decisions = [(probabilities >= t).astype(int) for t in [np.inf, *np.unique(probabilities)[::-1]]]
    scores = [score(labels, decision) for decision in decisions]
    return next(d for d, s in zip(decisions, scores, strict=True) if s >= max(scores) - 1e-9)


def assert_best(labels, probabilities, rule, score):
    chosen = choose_threshold(labels, probabilities, rule)
    decision = (probabilities >= chosen).astype(int)
    np.testing.assert_array_equal(decision, best_decision(labels, probabilities, score))


@every_rule
@pytest.mark.parametrize("seed", range(3))
def test_the_chosen_threshold_is_the_best_of_all(rule, score, seed):
    rng = np.random.default_rng(seed)
    labels = (rng.uniform(size=120) < 0.15).astype(int)
    probabilities = np.round(rng.beta(1 + 2 * labels, 6), 2)
    assert len(np.unique(probabilities)) < 100  # ties
    assert_best(labels, probabilities, rule, score)


@every_rule
@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.booleans(), st.sampled_from([0.0, 5e-324, 0.1, 0.2, *ULP, 0.9, 1 - 2**-53, 1.0])),
        min_size=1,
        max_size=12,
    ),
    st.sampled_from([0.0, 0.2, 0.5, 1.0]),
)
# recall + specificity is 0.3 + 0.9 at one threshold and 0.4 + 0.8 at a lower one: equal, but not in floating point
@example([(True, 1.0)] * 3 + [(False, 1.0)] + [(True, 0.9), (False, 0.9)] + [(True, 0.1)] * 5 + [(False, 0.1)] * 8, 0.1)
def test_the_chosen_threshold_is_the_best_at_the_ends_and_one_ulp_apart(rule, score, rows, other):
    labels = np.array([label for label, _ in rows] + [True, False]).astype(int)
    assert_best(labels, np.array([p for _, p in rows] + [other, 0.2]), rule, score)


@pytest.mark.parametrize("rule", [rule for rule, _ in RULES[:4]] + [ThresholdRule("precision_at_least")], ids=str)
def test_separable_classes_are_parted_halfway(rule):
    labels, probabilities = np.array([0, 0, 1, 1, 0]), np.array([0.1, 0.2, 0.6, 0.9, 0.0])
    assert choose_threshold(labels, probabilities, rule) == pytest.approx(0.4)


@pytest.mark.parametrize("constant", [0.0, 5e-324, 0.3, 1.0])
def test_constant_scores_leave_all_or_none(constant):
    labels, probabilities = np.array([0, 1, 0, 0]), np.full(4, constant)
    assert (probabilities >= choose_threshold(labels, probabilities, ThresholdRule("max_f1"))).all()
    assert not (probabilities >= choose_threshold(labels, probabilities, ThresholdRule("cost"))).any()


def test_of_equally_good_thresholds_the_highest_is_chosen():
    labels, probabilities = np.array([1, 0, 1, 0]), np.array([0.8, 0.6, 0.4, 0.2])
    # one false alarm and one miss cost the same: calling 1 row or 3 rows is as cheap
    assert choose_threshold(labels, probabilities, ThresholdRule("cost")) == pytest.approx(0.7)


def test_a_last_digit_difference_where_the_model_is_served_flips_no_decision():
    rng = np.random.default_rng(3)
    labels, probabilities = rng.integers(0, 2, 50), rng.uniform(size=50)
    threshold = choose_threshold(labels, probabilities, ThresholdRule("max_mcc"))
    for served in (np.nextafter(probabilities, 0), np.nextafter(probabilities, 1), probabilities.astype("float32")):
        np.testing.assert_array_equal(served >= threshold, probabilities >= threshold)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=15))
def test_candidates_make_every_decision_once_and_count_it_rightly(values):
    probabilities = np.array(values)
    labels = np.arange(len(values)) % 2
    thresholds, confusion = candidates(labels, probabilities)
    assert (np.diff(thresholds) < 0).all()
    assert len(thresholds) == len(np.unique(probabilities)) + 1
    called = probabilities >= thresholds[:, None]
    np.testing.assert_array_equal(called.sum(1), [0, *(np.sum(probabilities >= p) for p in np.unique(values)[::-1])])
    np.testing.assert_array_equal(confusion.tp, (called & (labels == 1)).sum(1))
    np.testing.assert_array_equal(confusion.fp, (called & (labels == 0)).sum(1))
    np.testing.assert_array_equal(confusion.fn, (~called & (labels == 1)).sum(1))
    np.testing.assert_array_equal(confusion.tn, (~called & (labels == 0)).sum(1))


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.booleans(), st.sampled_from([0.0, 5e-324, 0.1, 0.2, *ULP, 0.9, 1 - 2**-53, 1.0])),
        min_size=1,
        max_size=40,
    )
)
def test_the_counts_are_scikit_learns_for_any_ties(rows):
    labels, probabilities = np.array([label for label, _ in rows], int), np.array([p for _, p in rows])
    thresholds, found = candidates(labels, probabilities)
    tn, fp, fn, tp, theirs = confusion_matrix_at_thresholds(labels, probabilities)
    # Theirs lie on the probabilities and leave out the threshold above all of them.
    assert len(theirs) == len(thresholds) - 1
    for ours, expected in ((found.tn, tn), (found.fp, fp), (found.fn, fn), (found.tp, tp)):
        np.testing.assert_array_equal(ours[1:], expected)
    assert (found.tp[0], found.fp[0]) == (0, 0)


def test_an_unreachable_precision_is_said_and_the_most_precise_threshold_used(caplog):
    labels, probabilities = np.array([0, 1, 1, 0, 0]), np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    with caplog.at_level(logging.WARNING, "runner.evaluation"):
        chosen = choose_threshold(labels, probabilities, ThresholdRule("precision_at_least", min_precision=0.95))
    assert chosen == pytest.approx(0.65)  # two of three
    assert "no threshold reaches precision 0.95" in caplog.text


def test_a_fixed_threshold_is_taken_as_it_is():
    assert choose_threshold(np.array([0, 1]), np.array([0.1, 0.2]), ThresholdRule("fixed", fixed_threshold=0.3)) == 0.3


def test_an_unknown_rule_is_refused_by_name():
    with pytest.raises(ValueError, match="max_f1, max_mcc, youden, cost") as refusal:
        choose_threshold(np.array([0, 1]), np.array([0.1, 0.2]), ThresholdRule("best"))
    assert str(refusal.value).endswith("Received: rule=best")


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (ThresholdRule(), "max_f1"),
        (ThresholdRule("cost", cost_fp=1, cost_fn=12.5), "cost (false alarm 1, miss 12.5)"),
        (ThresholdRule("precision_at_least"), "precision_at_least 0.9"),
        (ThresholdRule("fixed"), "fixed 0.5"),
        (ThresholdRule("top_k", top_k=0.01), "top_k 1% of the rows"),
        (ThresholdRule("top_k", top_k=50), "top_k 50 rows"),
        (ThresholdRule("recall_at_least"), "recall_at_least 0.9"),
        (ThresholdRule("fpr_at_most"), "fpr_at_most 0.1"),
        (ThresholdRule("max_fbeta"), "max_fbeta (beta 2)"),
        (ThresholdRule("net_benefit"), "net_benefit at probability 0.1"),
    ],
)
def test_a_rule_says_what_it_is(rule, words):
    assert str(rule) == words


def test_the_curve_holds_all_decision_metrics_by_ascending_threshold():
    labels, probabilities = np.array([1, 0, 1, 0, 0]), np.array([0.8, 0.6, 0.4, 0.2, 0.2])
    curve = threshold_curve(labels, probabilities)
    assert list(curve) == ["threshold", *DECISION_METRICS]
    assert curve["threshold"].is_monotonic_increasing
    assert len(curve) == 5
    for row in curve.itertuples():
        called = probabilities >= row.threshold
        assert row.f1 == pytest.approx(f1_score(labels, called, zero_division=0))
        assert row.mcc == pytest.approx(matthews_corrcoef(labels, called))
