"""Which way a metric is better."""

import pytest

from runner.metrics import DECISION_METRICS, LOWER_IS_BETTER, PROBABILITY_METRICS, RANKING_METRICS, sign


def test_every_metric_of_the_probabilities_is_better_lower_and_no_other():
    assert set(LOWER_IS_BETTER) == set(PROBABILITY_METRICS)
    assert all(sign(f"test/{metric}") == 1 for metric in (*RANKING_METRICS, *DECISION_METRICS))


@pytest.mark.parametrize("metric", ["log_loss", "test/log_loss", "test_debiased/ece", "val/brier"])
def test_the_prefix_does_not_matter(metric):
    assert sign(metric) == -1
