"""The leaderboard against hand-computed means."""

import numpy as np
import pandas as pd
import pytest
from comparison_tables import METRIC, one_seed, one_split, results
from scipy import stats

from runner.comparison import leaderboard, one_dataset, pair, several_datasets
from runner.comparison.leaderboard import SHOWN

SCORES = {
    "builtin": [0.70, 0.72, 0.71, 0.73, 0.70],
    "focal": [0.80, 0.83, 0.80, 0.84, 0.81],
    "dice": [0.60, 0.65, 0.70, 0.61, 0.66],
}


def board(table, metric=METRIC, dataset="pima"):
    return leaderboard(table, one_dataset(pair(table, metric, "builtin"), dataset))


def test_one_row_a_loss_best_first_with_what_the_comparison_found():
    table = one_seed(SCORES)
    found = board(table)
    assert found.index.tolist() == ["focal", "builtin", "dice"]
    assert found.index.name == "loss"
    compared = {one.loss: one for one in one_dataset(pair(table, METRIC, "builtin"), "pima").compared}
    for loss in ("focal", "dice"):
        row = found.loc[loss]
        assert (row["gain"], row["p_holm"], row["verdict"]) == (
            compared[loss].gain,
            compared[loss].p_holm,
            compared[loss].verdict,
        )
        assert (row["gain_low"], row["gain_high"]) == compared[loss].adjusted_interval
    assert found.loc["builtin", "verdict"] == "baseline"
    assert found.loc["builtin", ["gain", "gain_low", "gain_high", "p_holm"]].isna().all()
    assert (found["runs"] == 5).all()
    assert (found["splits"] == 5).all()


def test_the_mean_and_its_interval_corrected_for_overlapping_splits():
    row = board(one_seed(SCORES)).loc["dice"]
    assert row["mean"] == pytest.approx(np.mean(SCORES["dice"]))
    half = stats.t.ppf(0.975, 4) * np.std(SCORES["dice"], ddof=1) * np.sqrt(1 / 5 + 1 / 3)
    assert (row["mean_low"], row["mean_high"]) == pytest.approx((row["mean"] - half, row["mean"] + half))


def test_metrics_not_recorded_are_nan_and_the_gain_of_tuning_is_a_difference():
    table = one_seed(SCORES).assign(**{"test/f1": 0.7, "test_at_half/f1": 0.4, "test/log_loss": 0.3})
    found = board(table)
    assert (found["f1"] == 0.7).all()
    assert found["f1_gain_of_tuning"].tolist() == pytest.approx([0.3] * 3)
    assert (found["log_loss"] == 0.3).all()
    assert (found["seconds"] == 2.0).all()
    assert found[["roc_auc", "mcc", "g_mean", "log_loss_calibrated", "ece", "ece_calibrated"]].isna().all(axis=None)
    assert set(SHOWN) < set(found.columns)
    assert not board(one_seed(SCORES)).empty


def test_a_lower_log_loss_is_first():
    metric = "test/log_loss"
    assert board(one_seed(SCORES, metric=metric), metric).index.tolist() == ["dice", "builtin", "focal"]


def test_seeds_then_splits_are_averaged_and_values_that_are_not_finite_left_out():
    table = results(
        {
            ("builtin", "pima", 0, 0): 0.0,
            ("builtin", "pima", 0, 1): 0.2,
            ("builtin", "pima", 1, 0): 0.5,
            ("builtin", "pima", 1, 1): np.inf,
            ("focal", "pima", 0, 0): 0.1,
            ("focal", "pima", 1, 0): np.nan,
        }
    )
    found = board(table)
    assert found["mean"].to_dict() == pytest.approx({"builtin": 0.3, "focal": 0.1})
    assert found["runs"].to_dict() == {"builtin": 4, "focal": 2}
    assert found["splits"].to_dict() == {"builtin": 2, "focal": 2}
    assert found.loc["focal", ["mean_low", "mean_high"]].isna().all()  # one split


def test_other_datasets_stay_out_of_a_board_of_one():
    table = pd.concat([one_seed(SCORES), one_seed({loss: [0.0] * 5 for loss in SCORES}, "ada")])
    pd.testing.assert_frame_equal(board(table), board(one_seed(SCORES)))


def test_a_loss_without_any_value_is_last():
    found = board(one_seed(SCORES | {"gone": [np.nan] * 5}))
    assert found.index.tolist() == ["focal", "builtin", "dice", "gone"]
    assert np.isnan(found.loc["gone", "mean"])
    assert found.loc["gone", "verdict"] == "cannot tell"


def test_several_datasets_weigh_each_parent_once():
    datasets = ["yeast1", "yeast3", "pima", "ada"]
    table = one_split({"builtin": [0.1, 0.3, 0.5, 0.6], "focal": [0.2, 0.4, 0.6, 0.8]}, datasets)
    comparison = several_datasets(pair(table, METRIC, "builtin"))
    found = leaderboard(table, comparison)
    parents = np.array([0.3, 0.6, 0.8])
    row = found.loc["focal"]
    assert row["mean"] == pytest.approx(parents.mean())
    expected = stats.t.interval(0.95, 2, parents.mean(), stats.sem(parents))
    assert (row["mean_low"], row["mean_high"]) == pytest.approx(expected)
    assert (row["runs"], row["splits"], row["verdict"]) == (4, 4, "cannot tell")
    assert row["gain"] == comparison.compared[0].gain
