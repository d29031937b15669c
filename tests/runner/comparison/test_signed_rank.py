"""The signed-rank test against SciPy and Demšar's example, its interval by brute force, its Bayesian version."""

from itertools import product

import numpy as np
import pytest
from demsar import GAINS_CF, GAINS_M
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata, wilcoxon

from runner.comparison.signed_rank import (
    bayesian_signed_rank,
    datasets_needed,
    hodges_lehmann,
    signed_rank_interval,
    smallest_p,
    wilcoxon_p,
)


def all_arrangements(gains):
    """Two-sided p-value over all 2^n signs; a zero counts half to either sign, whichever it gets."""
    ranks = np.where(gains == 0, 0, rankdata(np.abs(gains)))
    sums = np.array(list(product([-1, 1], repeat=len(gains)))) @ ranks
    return np.mean(np.abs(sums) >= abs(np.sum(np.sign(gains) * ranks)) - 1e-9)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(-8, 8), min_size=1, max_size=8))
def test_the_p_value_is_that_of_all_arrangements_of_signs(gains):
    gains = np.array(gains, float)
    assert wilcoxon_p(gains) == pytest.approx(all_arrangements(gains) if gains.any() else 1.0)


def test_demsars_example():
    """Section 3.1.3: rank sums 93 and 12 over 14 datasets, significant at 0.05 (critical value 21)."""
    assert wilcoxon(GAINS_M, zero_method="zsplit").statistic == 12
    assert 0.005 < wilcoxon_p(GAINS_M) < 0.05


def test_no_gain_anywhere_is_no_difference():
    assert wilcoxon_p(np.zeros(8)) == 1
    assert hodges_lehmann(np.zeros(8)) == 0
    assert signed_rank_interval(np.zeros(8), 0.05) == (0, 0)


def test_hodges_lehmann_of_three_numbers():
    """Walsh averages of 1, 2, 6: 1, 1.5, 2, 3.5, 4, 6."""
    assert hodges_lehmann(np.array([1.0, 2.0, 6.0])) == pytest.approx(2.75)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(-1000, 1000), min_size=2, max_size=11, unique_by=abs), st.sampled_from([0.05, 0.2, 0.01]))
def test_the_interval_holds_the_shifts_that_the_test_does_not_reject(gains, alpha):
    """Brute force: shifts just beside every Walsh average, at each of which the gains have no ties."""
    gains = np.array(gains) + np.linspace(0.001, 0.0137, len(gains)) ** 2  # no two Walsh averages alike
    first, second = np.triu_indices(len(gains))
    walsh = np.sort((gains[first] + gains[second]) / 2)
    low, high = signed_rank_interval(gains, alpha)
    shifts = np.r_[walsh[0] - 1, (walsh[1:] + walsh[:-1]) / 2, walsh[-1] + 1]
    for shift in shifts:
        assert (wilcoxon(gains - shift).pvalue > alpha) == (low <= shift <= high)


def test_the_smallest_p_value_is_reached_where_all_gains_have_one_sign():
    for n in range(1, 12):
        assert wilcoxon_p(np.arange(1.0, n + 1)) == pytest.approx(smallest_p(n))


@pytest.mark.parametrize(("losses", "alpha"), [(1, 0.05), (2, 0.05), (5, 0.05), (14, 0.05), (15, 0.01), (1, 0.0625)])
def test_the_datasets_needed_are_the_fewest_that_can_be_significant_after_holm(losses, alpha):
    expected = next(n for n in range(1, 60) if losses * smallest_p(n) <= alpha)
    assert datasets_needed(losses, alpha) == expected
    assert np.isfinite(signed_rank_interval(np.arange(1.0, expected + 1), alpha / losses)).all()
    assert np.isinf(signed_rank_interval(np.arange(1.0, expected), alpha / losses)).all()


@pytest.mark.parametrize(
    ("gains", "rope", "expected"),
    [
        (GAINS_M, 0.0, (0.0009, 0.0, 0.9991)),
        (GAINS_M, 0.0052, (0.0000, 0.0507, 0.9493)),
        (GAINS_M, 0.0102, (0.0, 0.3294, 0.6706)),
        (GAINS_M, 0.0202, (0.0, 0.8951, 0.1049)),
        (GAINS_CF, 0.0, (0.4206, 0.0, 0.5794)),
        (GAINS_CF, 0.0102, (0.0688, 0.7818, 0.1494)),
        (GAINS_CF, 0.0202, (0.0027, 0.9857, 0.0116)),
    ],
)
def test_probabilities_equal_those_of_baycomp(gains, rope, expected):
    """baycomp 1.0.3, the authors' package: SignedRankTest.probs, the mean of two runs of 200,000 draws.

    No pair of gains lies on the edge of these ropes: there the last digit of a sum decides for baycomp.
    """
    found = bayesian_signed_rank(gains, rope)
    assert found == pytest.approx(expected, abs=0.008)  # three standard errors of 50,000 draws
    assert sum(found) == pytest.approx(1)


def test_probabilities_of_one_dataset_by_hand():
    """With weight w on the gain and 1 - w ~ on the pseudo-observation at 0, w ~ Beta(1, 1/2).

    A gain of 1 is above a rope of 0.6 only paired with itself, share w^2; the rest is within it. w^2 > 1/2 has
    probability sqrt(1 - sqrt(1/2)), because P(w > x) = sqrt(1 - x).
    """
    found = bayesian_signed_rank(np.array([1.0]), 0.6)
    assert found.better == pytest.approx(np.sqrt(1 - np.sqrt(0.5)), abs=0.007)
    assert found.worse == 0


def test_the_seed_decides_and_signs_are_symmetric():
    assert bayesian_signed_rank(GAINS_CF, 0.01, seed=1) == bayesian_signed_rank(GAINS_CF, 0.01, seed=1)
    assert bayesian_signed_rank(GAINS_CF, 0.01, seed=1) != bayesian_signed_rank(GAINS_CF, 0.01, seed=2)
    forward, back = bayesian_signed_rank(GAINS_CF, 0.01), bayesian_signed_rank(-GAINS_CF, 0.01)
    assert forward == pytest.approx((back.better, back.equivalent, back.worse), abs=1e-12)
