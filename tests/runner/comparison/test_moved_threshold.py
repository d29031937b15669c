"""How much of a difference at 0.5 is a moved threshold."""

import numpy as np
import pandas as pd
import pytest
from comparison_tables import one_seed

from runner.comparison.moved_threshold import AT_HALF, RANKING, TUNED, moved_threshold


def table(at_half, tuned, ranking, dataset="pima"):
    """Losses with one value a metric, on two splits around it."""
    runs = one_seed({loss: [value - 0.01, value + 0.01] for loss, value in at_half.items()}, dataset, AT_HALF)
    for metric, values in ((TUNED, tuned), (RANKING, ranking)):
        runs[metric] = runs["loss"].map(values) + np.where(runs["split"] == 0, -0.01, 0.01)
    return runs


RUNS = table({"builtin": 0.3, "weighted": 0.6, "focal": 0.4}, {"builtin": 0.62, "weighted": 0.6, "focal": 0.61},
             {"builtin": 0.7, "weighted": 0.7, "focal": 0.69})  # fmt: skip


def test_ranges_between_the_losses():
    found = moved_threshold(RUNS, "builtin")
    assert (found.at_half, found.tuned, found.ranking) == pytest.approx((0.3, 0.02, 0.01))
    assert found.explains


def test_a_difference_that_stays_is_none_of_the_threshold():
    runs = RUNS.assign(**{TUNED: RUNS[AT_HALF]})
    assert not moved_threshold(runs, "builtin").explains


def test_a_difference_too_small_to_matter_needs_no_explanation():
    runs = RUNS.assign(**{AT_HALF: RUNS[AT_HALF] / 20, TUNED: 0.5})
    found = moved_threshold(runs, "builtin")
    assert found.at_half == pytest.approx(0.015)
    assert not found.explains


def test_ranges_are_averaged_over_datasets():
    """A dataset that is harder for all losses adds nothing to their range."""
    harder = RUNS.assign(dataset="ada", **{AT_HALF: RUNS[AT_HALF] / 2 - 0.1})
    assert moved_threshold(pd.concat([RUNS, harder]), "builtin").at_half == pytest.approx((0.3 + 0.15) / 2)


def test_a_split_that_one_loss_misses_is_left_out_for_all():
    extra = RUNS[(RUNS["loss"] == "builtin") & (RUNS["split"] == 0)].assign(split=7, **{AT_HALF: 0.0})
    assert moved_threshold(pd.concat([RUNS, extra]), "builtin").at_half == pytest.approx(0.3)


def test_metrics_that_are_not_recorded():
    found = moved_threshold(RUNS.drop(columns=RANKING), "builtin")
    assert np.isnan(found.ranking)
    assert found.explains
    assert not moved_threshold(RUNS.drop(columns=TUNED), "builtin").explains
    assert not moved_threshold(RUNS.drop(columns=AT_HALF), "builtin").explains
