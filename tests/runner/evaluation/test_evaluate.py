"""From predictions to the verdict."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn import metrics as sklearn_metrics

from runner.evaluation import Evaluation, EvaluationOptions, Predictions, evaluate
from runner.evaluation.costs import cost_metrics
from runner.evaluation.intervals import intervals
from runner.evaluation.metrics import expected_calibration_error
from runner.evaluation.thresholds import ThresholdRule, choose_threshold
from runner.metrics import COST_METRICS, COST_OBJECTIVES, DECISION_METRICS, OBJECTIVES
from runner.terms.costs import Costs

RULES = [
    ThresholdRule(name, min_precision=0.4) for name in ("max_f1", "max_mcc", "youden", "cost", "precision_at_least")
]


def predictions(seed, rows=200):
    rng = np.random.default_rng(seed)
    labels = (rng.uniform(size=rows) < 0.15).astype(int)
    return Predictions(np.arange(rows) + 7, labels, rng.normal(-2 + 2 * labels, 1.3))


VALIDATION, TEST = predictions(0), predictions(1)
NO_INTERVALS = EvaluationOptions(ThresholdRule("max_f1"), draws=0)


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_the_test_part_never_influences_the_threshold(rule):
    found = [evaluate(VALIDATION, predictions(seed), EvaluationOptions(rule, draws=0)).threshold for seed in (1, 2, 3)]
    reversed_test = Predictions(TEST.rows, 1 - TEST.labels, -TEST.logits)
    found.append(evaluate(VALIDATION, reversed_test, EvaluationOptions(rule, draws=0)).threshold)
    assert len(set(found)) == 1
    assert found[0] == choose_threshold(VALIDATION.labels, expit(VALIDATION.logits), rule)
    # while another validation part does
    assert evaluate(predictions(5), TEST, EvaluationOptions(rule, draws=0)).threshold != found[0]


def test_every_metric_is_there_and_is_scikit_learns():
    found = evaluate(VALIDATION, TEST, NO_INTERVALS)
    metrics = found.metrics
    for name, part in (("val", VALIDATION), ("test", TEST)):
        probabilities = expit(part.logits)
        called = probabilities >= found.threshold
        expected = {
            "average_precision": sklearn_metrics.average_precision_score(part.labels, probabilities),
            "roc_auc": sklearn_metrics.roc_auc_score(part.labels, probabilities),
            "log_loss": sklearn_metrics.log_loss(part.labels, probabilities),
            "brier": sklearn_metrics.brier_score_loss(part.labels, probabilities),
            "f1": sklearn_metrics.f1_score(part.labels, called),
            "mcc": sklearn_metrics.matthews_corrcoef(part.labels, called),
            "recall": sklearn_metrics.recall_score(part.labels, called),
        }
        for key, value in expected.items():
            assert metrics[f"{name}/{key}"] == pytest.approx(value, rel=1e-12), key
    at_half = sklearn_metrics.f1_score(TEST.labels, TEST.logits >= 0)
    assert metrics["test_at_half/f1"] == pytest.approx(at_half)
    assert metrics["test_at_half/f1"] != metrics["test/f1"]
    assert metrics["threshold"] == found.threshold
    assert metrics["test/prevalence"] == pytest.approx(TEST.labels.mean())
    objectives = set(OBJECTIVES) - set(COST_OBJECTIVES)
    assert objectives <= set(metrics)
    assert {f"test_at_half/{name}" for name in DECISION_METRICS} <= set(metrics)
    assert {name.replace("val/", "test/") for name in objectives} <= set(metrics)
    assert all(type(value) is float for value in metrics.values())


def test_intervals_are_named_after_their_metric():
    found = evaluate(VALIDATION, TEST, EvaluationOptions(ThresholdRule("max_f1"), draws=200))
    for name in ("average_precision", "roc_auc", "log_loss", "brier", *DECISION_METRICS):
        interval = found.interval(name)
        assert interval is not None
        low, high = interval
        assert low <= found.metrics[f"test/{name}"] <= high
    assert found.interval("ece") is None
    assert evaluate(VALIDATION, TEST, NO_INTERVALS).interval("f1") is None


def test_debiased_probabilities_are_measured_even_where_they_are_zero_and_one():
    debiased = np.clip(expit(TEST.logits) * 1.5 - 0.1, 0, 1)
    assert {0.0, 1.0} <= {*debiased}
    found = evaluate(VALIDATION, TEST, NO_INTERVALS, debiased).metrics
    assert found["test_debiased/log_loss"] == pytest.approx(sklearn_metrics.log_loss(TEST.labels, debiased), rel=1e-9)
    expected = sklearn_metrics.brier_score_loss(TEST.labels, debiased)
    assert found["test_debiased/brier"] == pytest.approx(expected, rel=1e-12)
    assert 0 <= found["test_debiased/ece"] <= 1
    plain = evaluate(VALIDATION, TEST, NO_INTERVALS).metrics
    assert not any(name.startswith("test_debiased") for name in plain)
    assert {name: found[name] for name in plain} == plain


def test_the_confusion_counts_the_test_part_at_the_threshold():
    found = evaluate(VALIDATION, TEST, EvaluationOptions(ThresholdRule("youden"), draws=0))
    counts = found.confusion
    expected = sklearn_metrics.confusion_matrix(TEST.labels, expit(TEST.logits) >= found.threshold)
    np.testing.assert_array_equal([[counts.tn, counts.fp], [counts.fn, counts.tp]], expected)
    assert isinstance(found, Evaluation)


def test_probabilities_keep_their_digits_beyond_float32():
    part = Predictions(np.arange(2), np.array([0, 1]), np.array([20.0, -40.0]))
    np.testing.assert_allclose(1 - part.probabilities[0], np.exp(-20.0), rtol=1e-6)
    assert part.probabilities[1] == pytest.approx(np.exp(-40.0), rel=1e-12)


def test_the_table_has_one_typed_row_a_prediction():
    table = TEST.table()
    assert table.dtypes.astype(str).to_dict() == {
        "row": "int64",
        "label": "int8",
        "logit": "float64",
        "probability": "float64",
    }
    np.testing.assert_array_equal(table["row"], TEST.rows)
    np.testing.assert_array_equal(table["label"], TEST.labels)
    np.testing.assert_array_equal(table["probability"], expit(TEST.logits))


def test_options_and_the_undone_bias_are_handed_on():
    groups = TEST.rows // 5
    options = EvaluationOptions(ThresholdRule("youden"), bins=4, draws=100, groups=groups)
    debiased = expit(TEST.logits - 1)
    found = evaluate(VALIDATION, TEST, options, debiased)
    assert found.rule == options.rule
    assert found.debiased is debiased
    assert (found.validation, found.test) == (VALIDATION, TEST)
    assert found.metrics["test/ece"] == expected_calibration_error(TEST.labels, TEST.probabilities, 4)
    expected = intervals(TEST.labels, TEST.logits, found.threshold, draws=100, groups=groups)
    assert {name: found.interval(name) for name in expected} == expected


def test_costs_of_rows_are_measured_on_validation_and_test_by_the_served_probabilities():
    rng = np.random.default_rng(3)
    parts = [Costs(rng.lognormal(1, 1, 200), np.ones(200), np.zeros(200)) for _ in range(2)]
    options = EvaluationOptions(ThresholdRule("max_f1"), draws=0, costs=(parts[0], parts[1]))
    found = evaluate(VALIDATION, TEST, options)
    for name, part, costs in zip(("val", "test"), (VALIDATION, TEST), parts, strict=True):
        expected = cost_metrics(part.labels, found.calibrator(part.logits), costs)
        assert {key: found.metrics[f"{name}/{key}"] for key in COST_METRICS} == expected
    assert found.costs is parts[1]
