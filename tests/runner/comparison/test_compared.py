"""The word for an interval beside zero and the rope."""

import numpy as np
import pytest

from runner.comparison.compared import interval_verdict

ROPE = 0.01


@pytest.mark.parametrize(
    ("interval", "word"),
    [
        ((0.02, 0.05), "better"),
        ((0.002, 0.05), "better"),  # the least gain it leaves open is below the rope, the difference is shown
        ((-0.05, -0.02), "worse"),
        ((-0.05, -0.002), "worse"),
        ((0.002, 0.008), "tied"),  # significant, but too small to matter
        ((-0.008, -0.002), "tied"),
        ((-0.008, 0.008), "tied"),
        ((-0.01, 0.01), "tied"),
        ((-0.002, 0.05), "cannot tell"),
        ((-0.05, 0.002), "cannot tell"),
        ((-0.05, 0.05), "cannot tell"),
        ((0.0, 0.05), "cannot tell"),
        ((-np.inf, np.inf), "cannot tell"),
        ((np.nan, np.nan), "cannot tell"),
    ],
)
def test_the_four_cases(interval, word):
    low, _ = interval
    assert interval_verdict(interval, ROPE, significant=not low <= 0 <= interval[1]) == word


def test_better_and_worse_need_holm_as_well():
    assert interval_verdict((0.002, 0.05), ROPE, significant=False) == "cannot tell"
    assert interval_verdict((-0.05, -0.002), ROPE, significant=False) == "cannot tell"


def test_without_a_rope_only_a_point_at_zero_is_tied():
    assert interval_verdict((0.0, 0.0), 0.0, significant=False) == "tied"
    assert interval_verdict((1e-9, 2e-9), 0.0, significant=True) == "better"
    assert interval_verdict((-1e-9, 1e-9), 0.0, significant=False) == "cannot tell"
