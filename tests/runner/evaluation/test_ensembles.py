"""Ensembles: the mean of logits, and Caruana's selection beside the same written out with scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import average_precision_score, log_loss

from runner.evaluation.ensembles import greedy_selection, mean_logits


def members(count: int, rows: int = 200, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = (rng.random(rows) < 0.2).astype(int)
    return labels, rng.normal(size=(count, rows)) * 2 + labels


def by_hand(labels: np.ndarray, logits: np.ndarray, score, rounds: int) -> np.ndarray:
    """The algorithm of the paper, word for word, on a list of members."""
    taken: list[int] = []
    best, kept = -np.inf, []
    for _ in range(rounds):
        scores = [score(labels, logits[[*taken, each]].mean(axis=0)) for each in range(len(logits))]
        taken.append(int(np.argmax(scores)))
        if max(scores) > best + 1e-15:
            best, kept = max(scores), list(taken)
    return np.bincount(kept, minlength=len(logits))


@pytest.mark.parametrize(
    ("metric", "score"),
    [
        ("average_precision", average_precision_score),
        ("log_loss", lambda labels, logits: -log_loss(labels, expit(logits))),
    ],
)
def test_selection_is_the_paper_s(metric, score):
    labels, logits = members(6)
    counts = greedy_selection(labels, logits, metric, rounds=12)
    np.testing.assert_array_equal(counts, by_hand(labels, logits, score, 12))
    assert 1 < counts.sum() <= 12
    best_alone = max(score(labels, each) for each in logits)
    assert score(labels, mean_logits(list(logits), counts)) > best_alone


def test_a_member_that_nothing_improves_is_taken_alone():
    labels = np.array([0, 0, 1, 1])
    logits = np.array([[0.0, 1.0, 2.0, 3.0], [3.0, 2.0, 1.0, 0.0]])
    np.testing.assert_array_equal(greedy_selection(labels, logits, "average_precision"), [1, 0])


def test_a_mean_weighs_each_member_as_often_as_it_is_taken():
    logits = [np.array([0.0, 3.0]), np.array([3.0, 0.0])]
    np.testing.assert_allclose(mean_logits(logits), [1.5, 1.5])
    np.testing.assert_allclose(mean_logits(logits, np.array([1, 2])), [2.0, 1.0])
