"""Metrics at a budget against scikit-learn, and against every way to break ties."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from sklearn.metrics import precision_score, roc_auc_score, roc_curve

from runner.evaluation.budgets import Budget, budget_metrics, rows_of


def sample(seed: int, rows: int = 300, decimals: int = 8) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = (rng.random(rows) < 0.2).astype(int)
    return labels, np.round(rng.normal(size=rows) + labels, decimals)


@pytest.mark.parametrize("decimals", [8, 1, 0], ids=["no ties", "ties", "many ties"])
@pytest.mark.parametrize("max_fpr", [0.004, 0.05, 0.1, 0.5])
@pytest.mark.parametrize("seed", range(5))
def test_partial_auc_and_recall_at_fpr_are_scikit_learns(seed, max_fpr, decimals):
    labels, scores = sample(seed, decimals=decimals)
    found = budget_metrics(labels, scores, Budget(max_fpr=max_fpr))
    fpr, tpr, _ = roc_curve(labels, scores, drop_intermediate=False)

    assert found["partial_roc_auc"] == pytest.approx(roc_auc_score(labels, scores, max_fpr=max_fpr), abs=1e-12)
    assert found["recall_at_fpr"] == pytest.approx(tpr[fpr <= max_fpr].max())


@pytest.mark.parametrize("k", [1, 7, 60, 300])
def test_precision_at_k_is_scikit_learns_of_the_k_highest(k):
    labels, scores = sample(1)
    called = np.zeros(len(labels), int)
    called[np.argsort(-scores)[:k]] = 1
    found = budget_metrics(labels, scores, Budget(top_k=k))

    assert found["precision_at_k"] == pytest.approx(precision_score(labels, called))
    assert found["lift_at_k"] == pytest.approx(precision_score(labels, called) / labels.mean())


@pytest.mark.parametrize("k", range(1, 7))
def test_tied_rows_are_taken_in_every_order(k):
    labels, scores = np.array([1, 0, 1, 0, 0, 1]), np.array([3.0, 2.0, 2.0, 2.0, 1.0, 1.0])
    orders = [order for order in itertools.permutations(range(6)) if (np.diff(scores[list(order)]) <= 0).all()]
    expected = np.mean([labels[list(order)][:k].mean() for order in orders])

    assert budget_metrics(labels, scores, Budget(top_k=k))["precision_at_k"] == pytest.approx(expected)


@pytest.mark.parametrize(("top_k", "rows"), [(0.05, 10), (0.5, 100), (1, 1), (50, 50), (1e-9, 1), (1000, 200)])
def test_a_share_below_one_and_a_number_from_one_on(top_k, rows):
    assert rows_of(top_k, 200) == rows


def test_perfect_and_reversed_rankings():
    labels = np.array([0, 0, 1, 1])
    assert budget_metrics(labels, labels, Budget(0.5, 0.5)) == {
        "precision_at_k": 1.0,
        "lift_at_k": 2.0,
        "recall_at_fpr": 1.0,
        "partial_roc_auc": 1.0,
    }
    assert budget_metrics(labels, -labels, Budget(0.5, 0.5))["recall_at_fpr"] == 0
