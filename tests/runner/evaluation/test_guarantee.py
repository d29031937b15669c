"""Guaranteed thresholds: exact p-values, the sequence, and how often a promise is broken."""

from __future__ import annotations

import logging
import math

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import binomtest, norm

from runner.evaluation import EvaluationOptions, Predictions, ThresholdRule, evaluate
from runner.evaluation.guarantee import LOGITS, guaranteed_threshold, p_values
from runner.terms.promises import promises


def sample(seed: int, rows: int, prevalence: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = (rng.random(rows) < prevalence).astype(int)
    return labels, rng.normal(-2 + 2.5 * labels)


@pytest.mark.parametrize("written", ["recall>=0.8", "precision>=0.4", "fpr<=0.1", "recall>=0.6,precision>=0.3"])
def test_p_values_are_scipy_s_binomial_tests(written):
    labels, logits = sample(0, 300, 0.2)
    found = p_values(labels == 1, logits, promises(written))

    for place in range(0, len(LOGITS), 40):
        called = logits >= LOGITS[place]
        tp, fp = int(called[labels == 1].sum()), int(called[labels == 0].sum())
        expected = []
        for promise in promises(written):
            count, trials = {"recall": (tp, labels.sum()), "precision": (tp, tp + fp), "fpr": (fp, (1 - labels).sum())}[
                promise.rate
            ]
            beyond = "less" if promise.rate == "fpr" else "greater"
            p = binomtest(count, int(trials), promise.bound, beyond).pvalue if trials else 1.0
            expected.append(p)
        assert found[place] == pytest.approx(max(expected), rel=1e-9, abs=1e-300)


def test_recall_has_the_highest_threshold_of_the_unbroken_sequence():
    labels, logits = sample(1, 2000, 0.1)
    found = guaranteed_threshold(labels, logits, promises("recall>=0.8"), 0.95)
    p = p_values(labels == 1, logits, promises("recall>=0.8"))
    place = int(np.argmin(np.abs(LOGITS - logit(found.threshold))))

    assert (p[: place + 1] <= 0.05).all()
    assert p[place + 1] > 0.05
    assert found.p == p[place]
    assert (logits[labels == 1] >= LOGITS[place]).mean() > 0.8  # with a margin, which is what confidence costs


def test_a_false_positive_rate_has_the_lowest_threshold():
    labels, logits = sample(2, 2000, 0.1)
    found = guaranteed_threshold(labels, logits, promises("fpr<=0.05"), 0.95)
    below = guaranteed_threshold(labels, logits, promises("fpr<=0.2"), 0.95)
    assert found.threshold is not None
    assert below.threshold is not None
    assert below.threshold < found.threshold
    assert (logits[labels == 0] >= logit(found.threshold)).mean() < 0.05


@pytest.mark.parametrize(("positives", "holds"), [(28, False), (29, True)])
def test_recall_of_nine_tenths_takes_29_positives(positives, holds):
    """0.9^29 is the first below 0.05: all of them found, a recall of 0.9 or less would still be rare enough."""
    assert (0.9**positives <= 0.05) is holds
    labels = np.array([1] * positives + [0] * 100)
    found = guaranteed_threshold(labels, 4.0 * labels - 2, promises("recall>=0.9"), 0.95)

    assert (found.threshold is not None) is holds
    if not holds:
        assert found.positives_needed == pytest.approx(29, abs=3)  # sizes are tried in steps of a tenth
        assert f"about {found.positives_needed} validation positives, and there are 28" in found.reason(
            promises("recall>=0.9"), 0.95, 28
        )


def test_a_network_that_cannot_keep_it_is_told_apart_from_too_few_rows():
    labels, logits = sample(3, 3000, 0.1)
    found = guaranteed_threshold(labels, -logits, promises("recall>=0.9,fpr<=0.1"), 0.95)
    assert (found.threshold, found.positives_needed) == (None, None)
    assert "more rows would not change that" in found.reason(promises("recall>=0.9,fpr<=0.1"), 0.95, 300)
    few, of_few = sample(3, 120, 0.1)
    found = guaranteed_threshold(few, of_few, promises("recall>=0.6,fpr<=0.15"), 0.95)
    assert found.threshold is None
    assert found.positives_needed is not None
    assert found.positives_needed > few.sum()


@pytest.mark.parametrize("written", ["recall>=0.8", "fpr<=0.05", "precision>=0.4", "recall>=0.5,precision>=0.4"])
def test_promises_are_broken_no_more_often_than_is_said(written):
    """300 parts of 400 rows at confidence 0.8, the rates of the population being known."""
    asked, broken, prevalence = promises(written), 0, 0.2
    for seed in range(300):
        labels, logits = sample(seed, 400, prevalence)
        found = guaranteed_threshold(labels, logits, asked, 0.8)
        if found.threshold is None:
            continue
        z = logit(found.threshold)
        recall, fpr = norm.sf(z, 0.5), norm.sf(z, -2)
        precision = prevalence * recall / (prevalence * recall + (1 - prevalence) * fpr)
        rates = {"recall": recall, "precision": precision, "fpr": fpr}
        kept = [
            rates[each.rate] <= each.bound if each.rate == "fpr" else rates[each.rate] >= each.bound for each in asked
        ]
        broken += not all(kept)
    assert broken <= 300 * 0.2 + 3 * math.sqrt(300 * 0.2 * 0.8)


def predictions(seed: int, rows: int) -> Predictions:
    labels, logits = sample(seed, rows, 0.2)
    return Predictions(np.arange(rows), labels, logits)


def test_an_evaluation_takes_the_guaranteed_threshold_and_says_so(caplog):
    rule = ThresholdRule("youden", promised=promises("recall>=0.8"), confidence=0.9)
    found = evaluate(predictions(0, 1000), predictions(1, 400), EvaluationOptions(rule, draws=0))
    assert found.metrics["guarantee/holds"] == 1
    assert found.metrics["guarantee/p"] <= 0.1
    assert found.threshold == found.metrics["threshold"]
    assert found.threshold in expit(LOGITS)
    assert str(found.rule) == "recall>=0.8 guaranteed with confidence 0.9"

    with caplog.at_level(logging.WARNING, "runner.evaluation"):
        rule = ThresholdRule("youden", promised=promises("recall>=0.99"))
        none = evaluate(predictions(0, 200), predictions(1, 400), EvaluationOptions(rule, draws=0))
    plain = evaluate(predictions(0, 200), predictions(1, 400), EvaluationOptions(ThresholdRule("youden"), draws=0))
    assert (none.threshold, str(none.rule)) == (plain.threshold, "youden")
    assert none.metrics["guarantee/holds"] == 0
    assert none.metrics["guarantee/positives_needed"] >= 299  # 0.99^299 is the first below 0.05
    assert "no threshold can be guaranteed to have recall>=0.99 with confidence 0.95: it would take" in caplog.text
