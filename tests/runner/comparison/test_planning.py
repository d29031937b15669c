"""How many more splits: the power against SciPy's noncentral t and against simulated comparisons, and the words."""

import numpy as np
import pytest
from scipy import stats

from runner.comparison.corrected_t import CorrectedT
from runner.comparison.planning import MOST_SPLITS, SplitsNeeded, power, splits_needed

RATIO = 0.25


@pytest.mark.parametrize("splits", [5, 10, 30])
@pytest.mark.parametrize("standardised", [0.5, 1.0, 2.0])
def test_the_power_to_find_a_difference_is_that_of_the_noncentral_t(splits, standardised):
    limit = stats.t.ppf(0.975, splits - 1) * np.sqrt(1 + splits * RATIO)
    expected = stats.nct.sf(limit, splits - 1, np.sqrt(splits) * standardised)
    estimate = CorrectedT(-0.01 * standardised, 0.01, 5, RATIO)
    assert power(estimate, 0.05, 0.0, splits) == pytest.approx(expected, abs=0.03)


@pytest.mark.parametrize(("mean", "rope"), [(0.02, 0.005), (-0.02, 0.005), (0.0, 0.01), (0.003, 0.012)])
@pytest.mark.parametrize("splits", [8, 25])
def test_the_power_is_how_often_simulated_splits_decide(mean, rope, splits):
    spread, rng = 0.012, np.random.default_rng(0)
    gains = rng.normal(mean, spread, size=(20_000, splits))
    half = stats.t.ppf(0.975, splits - 1) * gains.std(1, ddof=1) * np.sqrt(1 / splits + RATIO)
    means = gains.mean(1)
    decided = (np.abs(means) > half) | (np.abs(means) + half < rope)
    estimate = CorrectedT(mean, spread, 5, RATIO)
    # a tie's estimated spread is taken for the true one
    assert power(estimate, 0.05, rope, splits) == pytest.approx(decided.mean(), abs=0.03 if abs(mean) > rope else 0.12)


@pytest.mark.parametrize("mean", [0.02, 0.03, 0.0005])
def test_the_range_spans_what_the_spread_may_be(mean):
    estimate = CorrectedT(mean, 0.014, 15, 0.05)
    found = splits_needed(estimate, 0.05, 0.012)
    spreads = [0.014, *(0.014 * np.sqrt(14 / stats.chi2.ppf(level, 14)) for level in (0.9, 0.1))]
    for least, spread in zip((found.about, found.low, found.high), spreads, strict=True):
        real = CorrectedT(mean, spread, 15, 0.05)
        counts = range(16, MOST_SPLITS + 1)
        assert least == next((j for j in counts if power(real, 0.05, 0.012, j) >= 0.8), None)


WORDS = [
    (
        SplitsNeeded(20, 7, 40, 5),
        "about 15 more splits are needed for 80% power, if the mean stays (2 to 35, as the spread may be)",
    ),
    (
        SplitsNeeded(20, 7, None, 5),
        "about 15 more splits are needed for 80% power, if the mean stays (2 to more than 1000, as the spread may be)",
    ),
    (SplitsNeeded(6, 6, 6, 5), "about 1 more split is needed for 80% power, if the mean stays"),
    (
        SplitsNeeded(None, 7, None, 5),
        "at least about 2 more splits are needed if the mean stays, and perhaps more rows",
    ),
    (SplitsNeeded(None, None, None, 5), "5 splits do not show how many it takes; 10 say more"),
    (
        SplitsNeeded(None, None, None, 10),
        "even 1000 splits of these rows would hardly do if the mean stays, it takes more rows",
    ),
]


@pytest.mark.parametrize(("needed", "words"), WORDS, ids=range(len(WORDS)))
def test_the_words_claim_no_more_than_the_splits_seen_can_say(needed, words):
    assert str(needed) == words
