"""Pairing against hand-computed means, and tables that cannot be paired."""

import numpy as np
import pandas as pd
import pytest
from comparison_tables import METRIC, one_seed, results

from runner.comparison import Missing, pair


def test_seeds_are_averaged_within_a_split_before_anything_else():
    """Split 0 has three seeds, split 1 one: each split counts once."""
    table = results(
        {
            ("builtin", "pima", 0, 0): 0.1,
            ("builtin", "pima", 0, 1): 0.2,
            ("builtin", "pima", 0, 2): 0.3,
            ("builtin", "pima", 1, 0): 0.5,
            ("focal", "pima", 0, 0): 0.4,
            ("focal", "pima", 0, 1): 0.5,
            ("focal", "pima", 0, 2): 0.9,
            ("focal", "pima", 1, 0): 0.4,
        }
    )
    (found,) = pair(table, METRIC, "builtin").pairs
    assert found.splits.tolist() == [0, 1]
    assert found.seeds.tolist() == [3, 1]
    assert found.scores == pytest.approx([0.6, 0.4])
    assert found.baseline_scores == pytest.approx([0.2, 0.5])
    assert found.gains == pytest.approx([0.4, -0.1])
    assert found.test_ratio == pytest.approx(1 / 3)


def test_a_loss_is_compared_on_the_cells_it_shares_with_the_baseline_and_others_are_not_affected():
    scores = {
        (loss, "pima", split, seed): split + seed / 10
        for loss in ("builtin", "focal", "dice")
        for split in range(3)
        for seed in range(2)
    }
    del scores["focal", "pima", 0, 1]
    scores["focal", "pima", 2, 0] = scores["focal", "pima", 2, 1] = np.nan
    paired = pair(results(scores), METRIC, "builtin")
    focal, dice = paired.on("pima")
    assert focal.splits.tolist() == [0, 1]
    assert focal.seeds.tolist() == [1, 2]
    assert focal.baseline_scores == pytest.approx([0.0, 1.05])  # the baseline's seed 1 of split 0 is left out too
    assert dice.splits.tolist() == [0, 1, 2]
    assert dice.seeds.tolist() == [2, 2, 2]
    assert paired.missing == (
        Missing("focal", "pima", 0, 1, "no run"),
        Missing("focal", "pima", 2, 0, f"{METRIC} is nan"),
        Missing("focal", "pima", 2, 1, f"{METRIC} is nan"),
    )
    assert str(paired.missing[0]) == "focal on pima, split 0, seed 1: no run"
    assert paired.scores["pima"].index.tolist() == [0, 1]  # what all three have
    assert paired.scores["pima"].loc[0].to_numpy().tolist() == [0.0, 0.0, 0.0]


def test_folds_are_paired_by_name_and_their_test_ratio_is_one_of_the_other_folds():
    """Validation counts as training: four of five folds are not tested."""
    folds = [f"repeat {repeat}, fold {fold}" for repeat in (0, 1) for fold in range(5)]
    losses = ("builtin", "focal")
    scores: dict = {(loss, "pima", fold, 0): number / 10 for loss in losses for number, fold in enumerate(folds)}
    del scores["focal", "pima", "repeat 1, fold 3", 0]
    table = results(scores).assign(n_train=400, n_test=100)
    paired = pair(table, METRIC, "builtin")
    (found,) = paired.pairs
    assert found.splits.tolist() == [fold for fold in folds if fold != "repeat 1, fold 3"]
    assert found.test_ratio == pytest.approx(1 / (5 - 1))
    assert str(paired.missing[0]) == "focal on pima, repeat 1, fold 3, seed 0: no run"


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, None])
def test_a_value_that_is_not_finite_is_missing(value):
    table = one_seed({"builtin": [0.1, 0.2], "focal": [0.3, 0.4]})
    table[METRIC] = table[METRIC].astype(object)
    table.loc[2, METRIC] = value
    paired = pair(table, METRIC, "builtin")
    assert paired.pairs[0].splits.tolist() == [1]
    (missing,) = paired.missing
    assert (missing.loss, missing.split, missing.seed) == ("focal", 0, 0)
    assert METRIC in missing.reason


def test_a_loss_or_baseline_without_a_run_on_a_dataset_is_listed_once():
    table = pd.concat(
        [
            one_seed({"builtin": [0.1, 0.2], "focal": [0.3, 0.4]}),
            one_seed({"builtin": [0.1, 0.2]}, "iris0"),
            one_seed({"focal": [0.1, 0.2]}, "ada"),
        ]
    )
    paired = pair(table, METRIC, "builtin")
    assert paired.datasets == ("pima", "iris0", "ada")
    assert [len(found.splits) for found in paired.pairs] == [2, 0, 0]
    assert [str(gap) for gap in paired.missing] == [
        "focal on iris0: no run on this dataset",
        "builtin on ada: no run on this dataset",
    ]


def test_a_gain_is_positive_where_the_loss_is_better_whichever_way_the_metric_is():
    scores = {"builtin": [0.5, 0.4], "focal": [0.3, 0.1]}
    assert pair(one_seed(scores), METRIC, "builtin").pairs[0].gains == pytest.approx([-0.2, -0.3])
    lower = pair(one_seed(scores, metric="test/log_loss"), "test/log_loss", "builtin")
    assert lower.pairs[0].gains == pytest.approx([0.2, 0.3])


def test_scores_equal_but_for_the_last_digit_have_no_gain():
    table = one_seed({"builtin": [0.1 + 0.2, 0.5], "custom": [0.3, 0.5]})
    assert pair(table, METRIC, "builtin").pairs[0].gains.tolist() == [0.0, 0.0]


def test_losses_and_datasets_keep_the_tables_order_and_splits_ascend():
    table = one_seed({"zeta": [3.0, 2.0], "builtin": [1.0, 1.0], "alpha": [5.0, 4.0]}).iloc[::-1]
    paired = pair(table, METRIC, "builtin")
    assert paired.losses == ("alpha", "zeta")
    assert [found.loss for found in paired.pairs] == ["alpha", "zeta"]
    assert paired.pairs[1].scores.tolist() == [3.0, 2.0]


def test_a_cell_with_two_runs_is_an_error_that_names_it():
    table = one_seed({"builtin": [0.1, 0.2], "focal": [0.3, 0.4]})
    with pytest.raises(ValueError, match="more than one run of focal on pima, split 1, seed 0"):
        pair(pd.concat([table, table.iloc[[3]]]), METRIC, "builtin")


def test_runs_of_one_split_with_other_sizes_are_an_error():
    table = one_seed({"builtin": [0.1, 0.2], "focal": [0.3, 0.4]})
    table.loc[3, "n_train"] = 299
    with pytest.raises(ValueError, match="pima, split 1 differ in n_train or n_test"):
        pair(table, METRIC, "builtin")


def test_what_is_not_in_the_table_is_named():
    table = one_seed({"builtin": [0.1, 0.2], "focal": [0.3, 0.4]})
    with pytest.raises(ValueError, match="no column test/mcc"):
        pair(table, "test/mcc", "builtin")
    with pytest.raises(ValueError, match="no column split, n_test"):
        pair(table.drop(columns=["split", "n_test"]), METRIC, "builtin")
    with pytest.raises(ValueError, match="no run of the baseline bce; the losses are builtin, focal"):
        pair(table, METRIC, "bce")


def test_the_test_share_is_the_mean_over_the_splits_used():
    table = one_seed({"builtin": [0.1, 0.2, 0.3], "focal": [0.3, 0.4, np.nan]})
    table.loc[table["split"] == 1, "n_test"] = 200
    table.loc[table["split"] == 2, "n_test"] = 900
    assert pair(table, METRIC, "builtin").pairs[0].test_ratio == pytest.approx((1 / 3 + 2 / 3) / 2)
