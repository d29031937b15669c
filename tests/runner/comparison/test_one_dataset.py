"""Losses on one dataset, against SciPy and by brute force."""

import numpy as np
import pytest
from comparison_tables import METRIC, one_seed
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from runner.comparison import Missing, one_dataset, pair
from runner.comparison.corrected_t import CorrectedT
from runner.comparison.holm import holm
from runner.comparison.planning import splits_needed

RATIO = 1 / 3


def compare(scores, **limits):
    return one_dataset(pair(one_seed(scores), METRIC, "builtin"), "pima", **limits)


def judged(gains, baseline=0.8, **limits):
    """Losses with a list of gains each, on splits of their own difficulty."""
    splits = max(len(row) for row in gains.values())
    difficulty = np.linspace(0, 0.1, splits)
    scores = {"builtin": list(baseline - difficulty)}
    scores |= {
        loss: list(baseline - difficulty[: len(row)] + row) + [np.nan] * (splits - len(row))
        for loss, row in gains.items()
    }
    return {found.loss: found for found in compare(scores, **limits).compared}


def noise(mean, spread, splits=10, seed=0):
    """Gains with exactly this mean and standard deviation."""
    draws = np.random.default_rng(seed).normal(size=splits)
    return mean + spread * (draws - draws.mean()) / draws.std(ddof=1)


def test_every_number_equals_a_computation_by_hand():
    gains = {"focal": noise(0.03, 0.01), "dice": noise(0.008, 0.01, seed=1), "ldam": noise(0.001, 0.02, seed=2)}
    found = judged(gains, rope=0.005)
    error = {loss: np.std(row, ddof=1) * np.sqrt(1 / 10 + RATIO) for loss, row in gains.items()}
    p = {loss: 2 * stats.t.sf(abs(np.mean(row) / error[loss]), 9) for loss, row in gains.items()}
    adjusted = dict(zip(gains, holm(np.array(list(p.values()))), strict=True))
    for loss, row in gains.items():
        assert found[loss].n == 10
        assert found[loss].gain == pytest.approx(np.mean(row))
        assert found[loss].p == pytest.approx(p[loss])
        assert found[loss].p_holm == pytest.approx(adjusted[loss])
        expected = stats.t.interval(0.95, 9, np.mean(row), error[loss])
        assert found[loss].interval == pytest.approx(expected)
        assert sum(found[loss].probabilities) == pytest.approx(1)
    # focal is Holm's first step of three; dice does not pass the second, and ldam keeps dice's level
    for loss, level in {"focal": 0.05 / 3, "dice": 0.05 / 2, "ldam": 0.05 / 2}.items():
        expected = stats.t.interval(1 - level, 9, np.mean(gains[loss]), error[loss])
        assert found[loss].adjusted_interval == pytest.approx(expected)
    assert [one.verdict for one in found.values()] == ["better", "cannot tell", "cannot tell"]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-0.03, 0.03), st.floats(0.0001, 0.03)), min_size=1, max_size=6),
    st.sampled_from([2, 3, 5, 10]),
    st.sampled_from([0.0, 0.005, 0.02]),
)
def test_the_interval_the_p_value_and_the_word_never_contradict_each_other(losses, splits, rope):
    gains = {f"loss{number}": noise(mean, spread, splits, number) for number, (mean, spread) in enumerate(losses)}
    for found in judged(gains, rope=rope).values():
        low, high = found.adjusted_interval
        assert low <= found.interval[0] + 1e-12
        assert high >= found.interval[1] - 1e-12
        if abs(found.p_holm - 0.05) > 1e-9:
            assert (found.p_holm < 0.05) == (not low <= 0 <= high)
        if found.verdict in ("better", "worse"):
            assert found.p_holm <= 0.05
            assert (low > 0) == (found.verdict == "better")
            assert max(abs(low), abs(high)) > rope
        assert (found.verdict == "tied") == (-rope <= low and high <= rope)
        assert (found.reason != "") == (found.verdict == "cannot tell")


def test_significant_but_inside_the_rope_is_tied():
    found = judged({"focal": noise(0.002, 0.0005)}, rope=0.005)["focal"]
    assert found.p_holm < 0.001
    assert found.verdict == "tied"


def test_one_difference_is_judged_more_strictly_among_many_losses():
    alone = judged({"focal": noise(0.02, 0.01)})["focal"]
    among = judged({"focal": noise(0.02, 0.01)} | {f"null{k}": noise(0, 0.01, seed=k) for k in range(1, 15)})["focal"]
    assert alone.p == pytest.approx(among.p)
    assert alone.interval == pytest.approx(among.interval)
    assert alone.verdict == "better"
    assert among.verdict == "cannot tell"
    assert among.p_holm == pytest.approx(15 * alone.p)


def test_the_same_loss_twice_is_tied():
    found = judged({"custom": [0.0] * 5, "focal": noise(0.05, 0.01, 5)})
    custom = found["custom"]
    assert (custom.gain, custom.p, custom.p_holm, custom.verdict) == (0, 1, 1, "tied")
    assert custom.interval == custom.adjusted_interval == (0, 0)
    assert custom.probabilities == (0, 1, 0)
    assert found["focal"].verdict == "better"


def test_a_constant_gain_has_no_variance_to_test_it_against():
    found = judged({"constant": [0.125] * 4, "small": [0.001] * 4, "focal": noise(0.05, 0.01, 4)}, baseline=1.0)
    assert found["constant"].verdict == "cannot tell"
    assert "same on all 4 splits" in found["constant"].reason
    assert np.isnan(found["constant"].p)
    assert found["constant"].n_more is None
    assert found["small"].verdict == "tied"  # it lies inside the rope on every split
    assert found["focal"].p_holm == found["focal"].p  # the constant ones are no tests


def test_one_split_or_none_cannot_tell():
    found = judged({"once": [0.1], "never": [], "focal": noise(0.05, 0.01, 5)})
    assert (found["once"].n, found["once"].verdict, found["once"].reason) == (
        1,
        "cannot tell",
        "one split shows no variance",
    )
    assert found["once"].gain == pytest.approx(0.1)
    assert found["never"].n == 0
    assert np.isnan(found["never"].gain)
    assert found["never"].reason == "no split that it and the baseline both have"
    assert found["never"].probabilities is None
    assert found["focal"].p_holm == found["focal"].p


def test_two_splits_have_one_degree_of_freedom():
    found = judged({"focal": [0.02, 0.03]})["focal"]
    error = np.std([0.02, 0.03], ddof=1) * np.sqrt(1 / 2 + RATIO)
    assert found.p == pytest.approx(2 * stats.cauchy.sf(0.025 / error))


def test_more_splits_are_planned_from_the_adjusted_level():
    gains = {"focal": noise(0.02, 0.02, 12), **{f"null{k}": noise(0, 0.02, 12, seed=k) for k in range(1, 5)}}
    found = judged(gains)["focal"]
    needed = splits_needed(CorrectedT.of(gains["focal"], RATIO), 0.05 / 5, 0.005)
    assert found.verdict == "cannot tell"
    assert found.reason == str(needed)
    assert found.n_more == (None if needed.low is None else needed.low - 12)


def test_a_gain_in_log_loss_is_a_lower_one():
    table = one_seed({"builtin": [0.30, 0.31, 0.32, 0.30], "focal": [0.20, 0.22, 0.21, 0.20]}, metric="test/log_loss")
    (found,) = one_dataset(pair(table, "test/log_loss", "builtin"), "pima").compared
    assert found.gain == pytest.approx(0.1)
    assert found.verdict == "better"


def test_what_was_asked_and_what_is_missing_come_along():
    found = compare({"builtin": [0.1, 0.2, 0.3], "focal": [0.3, np.nan, 0.5]}, rope=0.01, alpha=0.1)
    assert (found.dataset, found.metric, found.baseline) == ("pima", METRIC, "builtin")
    assert (found.rope, found.alpha) == (0.01, 0.1)
    assert found.missing == (Missing("focal", "pima", 1, 0, f"{METRIC} is nan"),)


def test_arguments_that_mean_nothing():
    scores = {"builtin": [0.1, 0.2], "focal": [0.3, 0.5]}
    with pytest.raises(ValueError, match="rope"):
        compare(scores, rope=-0.01)
    for alpha in (0, 1, np.nan):
        with pytest.raises(ValueError, match="alpha"):
            compare(scores, alpha=alpha)
    with pytest.raises(ValueError, match="no run on iris; the datasets are pima"):
        one_dataset(pair(one_seed(scores), METRIC, "builtin"), "iris")
