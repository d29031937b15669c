"""The costs of each row's decisions: the threshold that follows, and what decisions are worth."""

import numpy as np
import pytest

from runner.evaluation.costs import cost_metrics
from runner.terms.costs import Costs

RNG = np.random.default_rng(0)
ROWS = 400
LABELS = (RNG.random(ROWS) < 0.3).astype(int)
PROBABILITIES = np.clip(0.25 + 0.3 * LABELS + RNG.normal(0, 0.2, ROWS), 0, 1)
COSTS = Costs(RNG.lognormal(1, 1, ROWS), RNG.uniform(0, 3, ROWS), RNG.uniform(-2, 2, ROWS))


def of_decision(label: int, called: bool, row: int, costs: Costs = COSTS) -> float:
    """Bahnsen's matrix, written out."""
    if label:
        return -costs.gain_tp[row] if called else costs.cost_fn[row]
    return costs.cost_fp[row] if called else 0.0


def test_the_threshold_of_a_row_is_where_both_decisions_are_expected_to_cost_the_same():
    alone = 0
    for row, threshold in enumerate(COSTS.thresholds):
        alone += threshold == 1
        around = ((threshold - 1e-6, False), (threshold + 1e-6, True)) if threshold < 1 else ((0.01, False), (1, False))
        for p, better in around:
            left, called = [
                p * of_decision(1, decision, row) + (1 - p) * of_decision(0, decision, row)
                for decision in (False, True)
            ]
            assert (called < left) == better
    assert 0 < alone < ROWS / 2


def test_a_row_whose_errors_cost_nothing_is_left_alone():
    costs = Costs(np.array([0.0, 2.0, 0.0]), np.array([0.0, 0.0, 1.0]), np.zeros(3))
    assert costs.thresholds.tolist() == [1, 0, 1]


def test_a_positive_that_costs_more_to_find_than_to_miss_is_left_alone():
    """Bahnsen et al.'s own matrix: a hit costs the investigation, a miss the amount, which may be less."""
    amounts, investigation = np.array([4.0, 5.0, 20.0]), np.full(3, 5.0)
    costs = Costs(amounts, investigation, -investigation)
    assert costs.thresholds.tolist() == [1, 1, 0.25]
    found = cost_metrics(np.ones(3, int), np.ones(3), costs)
    assert found["expected_cost"] == pytest.approx((4 + 5 + 5) / 3)


def test_the_metrics_are_those_of_the_matrix():
    called = COSTS.thresholds < PROBABILITIES

    def total(decisions: np.ndarray) -> float:
        pairs = enumerate(zip(LABELS, decisions, strict=True))
        return sum(of_decision(label, bool(decision), row) for row, (label, decision) in pairs) / ROWS

    found = cost_metrics(LABELS, PROBABILITIES, COSTS)
    base = min(total(np.zeros(ROWS)), total(np.ones(ROWS)))
    assert found["expected_cost"] == pytest.approx(total(called))
    assert base > 0
    assert found["savings"] == pytest.approx((base - total(called)) / base)
    worth = (COSTS.cost_fn + COSTS.gain_tp)[LABELS == 1].mean()
    assert found["net_benefit"] == pytest.approx((total(np.zeros(ROWS)) - total(called)) / worth)


def test_with_equal_costs_the_net_benefit_is_that_of_vickers_and_elkin():
    costs = Costs(np.full(ROWS, 6.0), np.full(ROWS, 2.0), np.full(ROWS, 2.0))
    t = 2 / (2 + 6 + 2)
    called = t < PROBABILITIES
    tp, fp = (called & (LABELS == 1)).sum(), (called & (LABELS == 0)).sum()
    expected = tp / ROWS - fp / ROWS * t / (1 - t)
    assert cost_metrics(LABELS, PROBABILITIES, costs)["net_benefit"] == pytest.approx(expected)


def test_savings_are_left_out_where_hits_pay_for_all_false_alarms():
    costs = Costs(np.ones(ROWS), np.full(ROWS, 0.1), np.full(ROWS, 50.0))
    found = cost_metrics(LABELS, PROBABILITIES, costs)
    assert found["expected_cost"] < 0
    assert "savings" not in found


def test_right_probabilities_cost_least_with_the_thresholds_of_rows():
    """Of rows with known probabilities, no other rule costs less on average."""
    rng = np.random.default_rng(1)
    p = rng.beta(1, 4, 20_000)
    costs = Costs(rng.lognormal(1, 1, len(p)), np.ones(len(p)), np.zeros(len(p)))
    labels = (rng.random(len(p)) < p).astype(int)
    own = cost_metrics(labels, p, costs)["expected_cost"]
    others = [costs.mean(labels, p > threshold) for threshold in np.linspace(0.02, 0.98, 49)]
    assert own < min(others)
