"""What is kept of training data: counts in cells, no row, the same after JSON."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from runner.data.profile import MOST_WORDS, Profile, column_profile, profile_of


def test_numbers_are_counted_between_quantiles_and_extremes_are_not_kept():
    values = pd.Series([*range(1000), None], dtype=float)
    profile = column_profile(values)
    assert len(profile.points) == 49
    assert (min(profile.points), max(profile.points)) == (19, 979)
    assert np.allclose(profile.counts[:-1], 20, atol=1)
    assert profile.counts[-1] == 1
    shifted = profile.counted(values + 500)
    assert shifted.sum() == 1001
    assert shifted[-2] == (values + 500 > 979).sum()


def test_categories_are_counted_by_name_the_rare_ones_together():
    words = pd.Series([*["a"] * 5, *["b"] * 3, None, *(f"w{number:02d}" for number in range(40))])
    profile = column_profile(words)
    assert list(profile.words[:2]) == ["a", "b"]
    assert len(profile.words) == MOST_WORDS
    assert list(profile.counts[-2:]) == [42 - MOST_WORDS, 1]
    assert profile.counted(pd.Series(["b", "new", None])).tolist() == [0, 1, *[0] * (MOST_WORDS - 2), 1, 1]


def test_a_profile_is_the_same_after_json_and_columns_may_be_empty():
    frame = pd.DataFrame(
        {"x": [1.5, 2.5, np.nan], "yes": [True, False, True], "none": [np.nan] * 3, "w": ["a", "b", None]}
    )
    profile = profile_of(frame, np.array([0, 1, 0]), np.array([0.1, 0.2, 0.9]), ["recall>=0.9"])
    again = Profile.of_json(json.loads(json.dumps(profile.as_json())))
    assert again == profile
    assert profile.prevalence == 1 / 3
    assert profile.columns["yes"].counted(pd.Series([1.0, 0.0, 0.0])).tolist() == [2, 1, 0, 0]
    assert profile.columns["none"].counts == [0, 3]
    assert profile.columns["none"].counted(pd.Series([1.0, np.nan])).tolist() == [1, 1]
