"""The tables behind the figures of decisions, against counts made row by row."""

from __future__ import annotations

import numpy as np
import pytest

from runner.evaluation.budgets import Budget, budget_metrics
from runner.evaluation.decision_curves import cost_curve, net_benefit_curve, top_rows_curve

RNG = np.random.default_rng(4)
LABELS = (RNG.uniform(size=203) < 0.1).astype(int)
PROBABILITIES = np.round(RNG.beta(1 + 3 * LABELS, 8), 2)  # with ties


def test_the_cost_at_each_threshold_is_that_of_its_decisions():
    curve = cost_curve(LABELS, PROBABILITIES, cost_fp=1, cost_fn=12)
    assert curve["threshold"].is_monotonic_increasing
    for threshold, cost in curve.to_numpy():
        called = threshold <= PROBABILITIES
        assert cost == pytest.approx(np.mean(np.where(called, LABELS == 0, 12 * (LABELS == 1))))
    assert curve["cost"].iloc[0] == pytest.approx(np.mean(LABELS == 0))
    assert curve["cost"].iloc[-1] == pytest.approx(12 * LABELS.mean())


def test_the_net_benefit_is_the_formula_of_vickers_and_elkin():
    for asked, model, everyone in net_benefit_curve(LABELS, PROBABILITIES).to_numpy()[::20]:
        called = asked <= PROBABILITIES
        odds = asked / (1 - asked)
        assert model == pytest.approx((called & (LABELS == 1)).mean() - odds * (called & (LABELS == 0)).mean())
        assert everyone == pytest.approx(LABELS.mean() - odds * (1 - LABELS.mean()))


def test_the_top_rows_are_those_of_the_metrics_at_a_budget():
    curve = top_rows_curve(LABELS, PROBABILITIES)
    assert (curve["share"].iloc[0], curve["share"].iloc[-1]) == (1 / 203, 1)
    for share, precision, recall, lift in curve.to_numpy()[::7]:
        k = round(203 * share)
        found = budget_metrics(LABELS, PROBABILITIES, Budget(top_k=k))
        assert precision == pytest.approx(found["precision_at_k"])
        assert lift == pytest.approx(found["lift_at_k"])
        assert recall == pytest.approx(found["precision_at_k"] * k / LABELS.sum())
    assert curve.iloc[-1][["recall", "lift"]].tolist() == pytest.approx([1, 1])
