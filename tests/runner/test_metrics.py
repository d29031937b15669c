"""Which way a metric is better."""

import pytest

from runner.metrics import (
    BUDGET_METRICS,
    COST_METRICS,
    DECISION_METRICS,
    FINAL_METRICS,
    LOWER_IS_BETTER,
    PROBABILITY_METRICS,
    RANKING_METRICS,
    metric_name,
    name_at_budget,
    sign,
)


def test_every_metric_of_the_probabilities_and_a_cost_is_better_lower_and_no_other():
    assert set(LOWER_IS_BETTER) == {*PROBABILITY_METRICS, "expected_cost"}
    assert [sign(f"test/{metric}") for metric in COST_METRICS] == [-1, 1, 1]
    assert all(sign(f"test/{metric}") == 1 for metric in (*RANKING_METRICS, *DECISION_METRICS))


@pytest.mark.parametrize("metric", ["log_loss", "test/log_loss", "test_debiased/ece", "val/brier"])
def test_the_prefix_does_not_matter(metric):
    assert sign(metric) == -1


def test_only_metrics_at_a_budget_are_named_with_it():
    assert name_at_budget("test/precision_at_k", 50, 0.1) == "precision at k = 50 rows"
    for metric in FINAL_METRICS:
        assert (name_at_budget(metric, 0.05, 0.1) != metric_name(metric)) is (metric in BUDGET_METRICS)
