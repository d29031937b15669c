"""A stream looked at after every row: false alarms stay below the level, and what moved is found."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit

from runner.evaluation.prevalence import estimated_prevalence, with_prevalence
from runner.evaluation.sequential import STEPS, SequentialTest


def test_evidence_is_the_mean_likelihood_ratio_of_the_alternatives():
    happened, least = np.array([1, 0, 0, 1, 0], bool), 0.6
    test = SequentialTest()
    test.see(happened[:2], least=least)
    test.see(happened[2:], least=least)
    paths = []
    for step in STEPS:
        other = expit(logit(least) - step)
        paths.append(np.cumprod(np.where(happened, other / least, (1 - other) / (1 - least))))
    expected = (np.sum(paths, axis=0) + len(STEPS)) / (2 * len(STEPS))  # the other side says nothing: it stays at 1
    assert test.highest == pytest.approx(max(1.0, expected.max()))
    assert test.rows == 5


@pytest.mark.parametrize("side", ["least", "most"])
def test_false_alarms_however_long_one_looks(side):
    rng, alarms, level, draws = np.random.default_rng(0), 0, 0.05, 600
    for _ in range(draws):
        test = SequentialTest()
        test.see(rng.random(500) < 0.1, **{side: 0.1})
        alarms += test.highest >= 1 / level
    assert alarms / draws <= level


def test_what_moved_is_found_and_bounds_may_differ_from_row_to_row():
    rng = np.random.default_rng(1)
    chances = rng.uniform(0.01, 0.2, 5000)
    for true, found in ((chances, False), (2 * chances, True), (chances / 2, True)):
        test = SequentialTest()
        test.see(rng.random(5000) < true, least=0.8 * chances, most=1.2 * chances)
        assert (test.highest >= 100) is found, test.highest


def test_the_share_of_positives_is_found_without_labels():
    rng = np.random.default_rng(2)
    before, now = 0.2, 0.03
    positive = rng.random(40000) < now
    scores = rng.normal(size=40000) + 2 * positive
    odds = before / (1 - before) * np.exp(2 * scores - 2)  # likelihood ratio of two normal distributions
    probabilities = odds / (1 + odds)
    assert estimated_prevalence(probabilities, np.ones(40000), before) == pytest.approx(positive.mean(), abs=0.004)
    moved = with_prevalence(probabilities, before, now)
    assert moved.mean() == pytest.approx(positive.mean(), abs=0.004)
