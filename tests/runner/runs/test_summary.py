"""The result in words."""

from runner.evaluation.budgets import Budget
from runner.metrics import FINAL_METRICS
from runner.runs.summary import result_rows

METRICS = {f"test/{name}": 0.5 for name in FINAL_METRICS}


def table(prevalence, **intervals):
    ends = {
        f"test/{name}.{end}": value
        for name, pair in intervals.items()
        for end, value in zip(("low", "high"), pair, strict=True)
    }
    rows = result_rows({**METRICS, "test/prevalence": prevalence, **ends}, Budget(0.02, 0.005))
    return {name: interval for name, _, interval in rows}


def test_an_interval_stands_beside_its_metric():
    assert table(0.1, roc_auc=(0.25, 0.75))["ROC AUC"] == "0.2500 to 0.7500"


def test_where_a_class_is_too_scarce_it_says_so_instead():
    shown = table(0.001, specificity=(0.4, 0.6))
    assert shown["specificity"] == "0.4000 to 0.6000"
    assert shown["average precision"] == shown["recall"] == "too few positives to say"
    assert shown["calibration error"] == ""  # it never has one
    assert table(0.999, recall=(0.4, 0.6))["specificity"] == "too few negatives to say"


def test_metrics_at_a_budget_say_which():
    named = {"precision at k = 2%", "lift at k = 2%", "recall at FPR 0.5%", "partial ROC AUC to FPR 0.5%"}
    assert named <= set(table(0.1))


def test_no_intervals_were_asked_for():
    assert set(table(0.1).values()) == {""}
