"""Which way a metric is better."""

import pytest

from runner.metrics import COST_METRICS, DECISION_METRICS, LOWER_IS_BETTER, PROBABILITY_METRICS, RANKING_METRICS, sign


def test_every_metric_of_the_probabilities_and_a_cost_is_better_lower_and_no_other():
    assert set(LOWER_IS_BETTER) == {*PROBABILITY_METRICS, "expected_cost"}
    assert [sign(f"test/{metric}") for metric in COST_METRICS] == [-1, 1, 1]
    assert all(sign(f"test/{metric}") == 1 for metric in (*RANKING_METRICS, *DECISION_METRICS))


@pytest.mark.parametrize("metric", ["log_loss", "test/log_loss", "test_debiased/ece", "val/brier"])
def test_the_prefix_does_not_matter(metric):
    assert sign(metric) == -1
