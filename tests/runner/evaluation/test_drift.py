"""Two samples compared: by their counts in cells, and by a classifier."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2_contingency, ks_2samp

from runner.data.profile import column_profile
from runner.evaluation.drift import categories_p_value, numbers_p_value, stability_index, two_sample_classifier

RNG = np.random.default_rng(0)


def counts(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    profile = column_profile(pd.Series(first))
    return np.array(profile.counts), profile.counted(pd.Series(second))


@pytest.mark.parametrize("shift", [0.0, 0.1, 0.5])
def test_the_test_of_numbers_is_kolmogorov_s_at_the_edges_and_no_smaller_than_of_the_samples(shift):
    first, second = RNG.normal(size=3000), RNG.normal(size=2000) + shift
    found = numbers_p_value(*counts(first, second))
    exact = ks_2samp(first, second, method="asymp")
    assert found >= min(1, 2 * exact.pvalue) * 0.5
    assert found < 1e-3 or exact.pvalue > 1e-6
    if shift == 0.5:
        assert found < 1e-30


def test_false_alarms_of_numbers_are_no_more_than_they_may():
    p = [numbers_p_value(*counts(RNG.normal(size=400), RNG.normal(size=300))) for _ in range(400)]
    assert np.mean(np.array(p) < 0.05) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)


def test_gaps_alone_are_seen():
    first, second = RNG.normal(size=2000), RNG.normal(size=2000)
    second[:200] = np.nan
    assert numbers_p_value(*counts(first, second)) < 1e-20


def test_categories_are_pearson_s_test():
    before, now = np.array([500, 300, 100, 40, 60]), np.array([210, 180, 60, 20, 30])
    assert categories_p_value(before, now) == pytest.approx(chi2_contingency(np.stack([before, now])).pvalue)
    assert categories_p_value(before, np.zeros(5, int)) == 1.0


def test_the_stability_index_is_the_sum_over_tenths():
    first, second = RNG.normal(size=20000), RNG.normal(size=20000) + 0.3
    edges = np.quantile(first, np.arange(0.1, 1, 0.1))
    p, q = (np.bincount(np.searchsorted(edges, each), minlength=10) / len(each) for each in (first, second))
    expected = np.sum((q - p) * np.log(q / p))
    assert stability_index(*counts(first, second), ordered=True) == pytest.approx(expected, rel=0.02)
    assert stability_index(np.array([5, 5, 0]), np.array([5, 5, 0]), ordered=False) == 0


def test_a_classifier_sees_what_no_column_alone_shows():
    first = RNG.multivariate_normal([0, 0], [[1, 0.9], [0.9, 1]], 3000)
    apart = RNG.normal(size=(2000, 2))
    same = RNG.multivariate_normal([0, 0], [[1, 0.9], [0.9, 1]], 2000)
    moved, still = (
        two_sample_classifier(pd.DataFrame(first, columns=["a", "b"]), pd.DataFrame(each, columns=["a", "b"]))
        for each in (apart, same)
    )
    assert moved is not None
    assert still is not None
    assert (moved.auc > 0.75, moved.p < 1e-10) == (True, True)
    assert abs(still.auc - 0.5) < 0.05
    flags = [pd.DataFrame({"flag": np.resize([1, 0, 0], 300).astype(kind)}) for kind in (bool, float)]
    alike = two_sample_classifier(*flags)  # as true/false is read from a Parquet file, and from a CSV file
    assert alike is not None
    assert alike.auc < 0.6
    words = pd.DataFrame({"word": RNG.choice(np.array(["a", "b", None], object), 400)})
    other = pd.DataFrame({"word": RNG.choice(["a", "c", "d"], 400)})
    found = two_sample_classifier(words, other)
    assert found is not None
    assert found.auc > 0.7
    assert two_sample_classifier(words, other.head(5)) is None
