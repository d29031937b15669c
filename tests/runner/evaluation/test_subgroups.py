"""Metrics of groups: scikit-learn's on the rows of each, worst first, small ones told and not ranked."""

from typing import Any

import numpy as np
import pytest
from scipy.special import expit
from sklearn import metrics as sklearn_metrics

from runner.evaluation import EvaluationOptions, Predictions, evaluate
from runner.evaluation.intervals import intervals
from runner.evaluation.subgroups import subgroup_table, worst_of_groups
from runner.evaluation.thresholds import ThresholdRule
from runner.metrics import SUBGROUP_METRICS, metric_label
from runner.terms.subgroups import Subgroups

NAMES = ("good", "bad", "no positives", "few", "all positive", "not in this part")
SIZES = (150, 120, 30, 20, 7, 0)
POSITIVES = (30, 24, 0, 4, 7, 0)


@pytest.fixture(scope="module")
def part() -> Any:
    """(labels, logits, groups); the scores of the group bad hold little."""
    rng = np.random.default_rng(0)
    codes = np.repeat(np.arange(len(SIZES)), SIZES)
    labels = np.concatenate([np.arange(size) < ones for size, ones in zip(SIZES, POSITIVES, strict=True)]).astype(float)
    strength = np.array([2.5, 0.5, 2, 2, 2, 2])[codes]
    order = rng.permutation(len(codes))
    logits = rng.normal(-1 + strength * labels, 1)
    return labels[order], logits[order], Subgroups("site", codes[order], NAMES)


def test_each_group_has_scikit_learns_metrics_of_its_rows_and_the_worst_is_first(part):
    labels, logits, groups = part
    table = subgroup_table(labels, logits, 0.4, groups, draws=50)
    assert table["group"].tolist() == ["bad", "good", "no positives", "few", "all positive"]  # then by rows
    assert table["reason"].tolist() == ["", "", "no positives", "too few positives (4)", "no negatives"]
    assert table["rows"].tolist() == [120, 150, 30, 20, 7]
    assert table["positives"].tolist() == [24, 30, 0, 4, 7]
    for _, row in table.iterrows():
        own = groups.codes == NAMES.index(row["group"])
        y, p = labels[own], expit(logits[own])
        called = p >= 0.4
        assert row["log_loss"] == pytest.approx(sklearn_metrics.log_loss(y, p, labels=[0, 1]))
        assert row["brier"] == pytest.approx(np.mean((p - y) ** 2))
        expected = {
            "roc_auc": lambda y, p, called: sklearn_metrics.roc_auc_score(y, p),
            "average_precision": lambda y, p, called: sklearn_metrics.average_precision_score(y, p),
            "f1": lambda y, p, called: sklearn_metrics.f1_score(y, called),
            "recall": lambda y, p, called: sklearn_metrics.recall_score(y, called),
        }
        for name, of in expected.items():
            if 0 < y.sum() < len(y):
                assert row[name] == pytest.approx(of(y, p, called)), name
        assert np.isnan(row["roc_auc"]) == (row["reason"].startswith("no "))
        assert np.isnan(row["recall"]) == (row["reason"] == "no positives")
        assert np.isnan(row["specificity"]) == (row["reason"] == "no negatives")
        if row["reason"]:
            assert np.isnan([row[f"{name}.low"] for name in SUBGROUP_METRICS]).all()
        else:
            found = intervals(y, logits[own], 0.4, draws=50)
            assert {name: (row[f"{name}.low"], row[f"{name}.high"]) for name in SUBGROUP_METRICS} == found


def test_each_metric_is_told_of_the_group_where_it_is_worst(part):
    labels, logits, groups = part
    table: Any = subgroup_table(labels, logits, 0.4, groups, draws=50).set_index("group")
    worst = worst_of_groups(table.reset_index())
    assert worst["roc_auc"] == table.loc["bad", "roc_auc"] < table.loc["good", "roc_auc"]
    assert worst["roc_auc.high"] == table.loc["bad", "roc_auc.high"]
    assert worst["log_loss"] == table.loc[["bad", "good"], "log_loss"].max()
    assert worst["recall"] == table.loc[["bad", "good"], "recall"].min()  # few has a recall, and is not ranked
    assert worst_of_groups(table.loc[["few", "no positives"]].reset_index()) == {}


def test_rows_that_belong_together_count_as_one(part):
    labels, logits, groups = part
    alone: Any = subgroup_table(labels, logits, 0.4, groups, draws=50).set_index("group")
    together: Any = subgroup_table(labels, logits, 0.4, groups, draws=50, units=np.arange(len(labels)) // 40)
    together = together.set_index("group")
    assert together.loc["bad", "roc_auc"] == alone.loc["bad", "roc_auc"]
    assert together.loc["few", "reason"] == "too few groups with positives (3)"  # two of them share one
    own, units = groups.codes == NAMES.index("good"), np.arange(len(labels)) // 40
    found = intervals(labels[own], logits[own], 0.4, draws=50, groups=units[own])
    assert found["roc_auc"] == (together.loc["good", "roc_auc.low"], together.loc["good", "roc_auc.high"])
    assert found["roc_auc"] != (alone.loc["good", "roc_auc.low"], alone.loc["good", "roc_auc.high"])


def test_an_evaluation_reports_them_and_changes_nothing_else(part):
    labels, logits, groups = part
    validation = Predictions(np.arange(len(labels)), labels[::-1].copy(), logits[::-1].copy())
    test = Predictions(np.arange(len(labels)), labels, logits)
    options = EvaluationOptions(ThresholdRule("max_f1"), draws=0)
    plain = evaluate(validation, test, options)
    found = evaluate(validation, test, EvaluationOptions(options.rule, draws=0, subgroups=groups))
    assert plain.by_group is None
    assert found.by_group is not None
    assert found.by_group.column == "site"
    added = found.metrics.keys() - plain.metrics.keys()
    assert added == {f"test_worst_group/{name}" for name in SUBGROUP_METRICS}
    assert {key: found.metrics[key] for key in plain.metrics} == plain.metrics
    assert metric_label("test_worst_group/recall") == "recall on test, in the group where it is worst"
