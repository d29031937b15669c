"""Losses over datasets: clusters, scores, and what too few datasets can show."""

import numpy as np
import pandas as pd
import pytest
from comparison_tables import METRIC, one_split, results
from demsar import AUC, GAINS_M

from runner.comparison import pair, several_datasets
from runner.comparison.ranks import rank
from runner.comparison.signed_rank import bayesian_signed_rank, signed_rank_interval, wilcoxon_p

INDEPENDENT = [f"{letter}set" for letter in "abcdefghijklmnopqrst"]


def compare(table, metric=METRIC, baseline="builtin", **limits):
    return several_datasets(pair(table, metric, baseline), **limits)


def demsar(**limits):
    table = one_split({str(loss): AUC[loss].tolist() for loss in AUC}, INDEPENDENT[:14])
    return compare(table, baseline="C4.5", **limits)


def test_demsars_example_end_to_end():
    found = demsar(rope=0.01)
    tuned = found.compared[0]
    assert (tuned.loss, tuned.n) == ("C4.5+m", 14)
    assert tuned.p == wilcoxon_p(GAINS_M)
    assert tuned.p_holm == pytest.approx(3 * tuned.p)  # the smallest of three
    assert tuned.gain == pytest.approx(np.median([(a + b) / 2 for k, a in enumerate(GAINS_M) for b in GAINS_M[k:]]))
    assert tuned.interval == signed_rank_interval(GAINS_M, 0.05)
    assert tuned.adjusted_interval == signed_rank_interval(GAINS_M, 0.05 / 3)
    assert tuned.probabilities == bayesian_signed_rank(GAINS_M, 0.01)
    assert [one.verdict for one in found.compared] == ["better", "cannot tell", "better"]  # as Holm's test there
    pd.testing.assert_series_equal(found.ranks.average, rank(AUC).average)
    assert found.ranks.groups == rank(AUC).groups
    assert found.too_few == ""


def test_a_datasets_score_is_the_mean_over_splits_of_the_means_over_seeds():
    table = results(
        {
            ("builtin", "ada", 0, 0): 0.1,
            ("builtin", "ada", 0, 1): 0.3,
            ("builtin", "ada", 1, 0): 0.6,
            ("focal", "ada", 0, 0): 0.2,
            ("focal", "ada", 0, 1): 0.6,
            ("focal", "ada", 1, 0): 0.6,
        }
    )
    found = compare(table)
    assert found.scores.loc["ada"].to_dict() == pytest.approx({"builtin": 0.4, "focal": 0.5})
    assert found.compared[0].gain == pytest.approx(0.1)
    assert found.ranks is None


def test_datasets_cut_from_the_same_rows_count_once():
    datasets = ["yeast1", "yeast3", "yeast_1_vs_7", "pima", "ada"]
    table = one_split({"builtin": [0.5] * 5, "focal": [0.6, 0.7, 0.8, 0.51, 0.52]}, datasets)
    found = compare(table)
    assert found.parents == {"yeast": ["yeast1", "yeast3", "yeast_1_vs_7"], "pima": ["pima"], "ada": ["ada"]}
    assert found.compared[0].n == found.ranks.n == 3
    assert found.scores["focal"].to_dict() == pytest.approx({"yeast": 0.7, "pima": 0.51, "ada": 0.52})
    assert found.compared[0].p == wilcoxon_p(np.array([0.2, 0.01, 0.02]))


def test_three_datasets_can_show_nothing_and_it_says_so():
    table = one_split({"builtin": [0.5] * 3, "focal": [0.9] * 3, "dice": [0.1] * 3}, INDEPENDENT[:3])
    found = compare(table)
    assert found.too_few == (
        "With 3 independent datasets Wilcoxon's p cannot fall below 0.25; "
        "to compare 2 losses with the baseline takes at least 7."
    )
    for one in found.compared:
        assert (one.verdict, one.n_more) == ("cannot tell", 4)
        assert one.adjusted_interval == (-np.inf, np.inf)
        assert one.reason == "at least 7 independent datasets are needed, there are 3"
        assert one.probabilities is not None


@pytest.mark.parametrize("losses", [1, 2, 5, 14])
def test_as_many_datasets_as_it_says_do_suffice(losses):
    few = one_split({"builtin": [0.5] * 2} | {f"loss{k}": [0.9, 0.8] for k in range(losses)}, INDEPENDENT[:2])
    needed = 2 + compare(few).compared[0].n_more
    gains = np.linspace(0.1, 0.2, needed)
    enough = {"builtin": [0.5] * needed} | {f"loss{k}": list(0.5 + gains) for k in range(losses)}
    found = compare(one_split(enough, INDEPENDENT[:needed]))
    assert found.too_few == ""
    assert {one.verdict for one in found.compared} == {"better"}


def test_small_gains_on_many_datasets_are_tied():
    rng = np.random.default_rng(0)
    table = one_split({"builtin": [0.5] * 12, "focal": list(0.5 + rng.normal(0, 0.001, 12))}, INDEPENDENT[:12])
    assert compare(table).compared[0].verdict == "tied"


def test_the_same_loss_twice_is_tied_where_there_are_enough_datasets():
    scores = list(np.linspace(0.5, 0.9, 8))
    found = compare(one_split({"builtin": scores, "custom": scores, "other": scores}, INDEPENDENT[:8]))
    assert {(one.gain, one.p, one.verdict) for one in found.compared} == {(0, 1, "tied")}
    assert found.ranks.friedman_p == 1


def test_wide_gains_cannot_tell():
    gains = [0.2, -0.3, 0.1, -0.1, 0.25, -0.2, 0.15, -0.05]
    found = compare(one_split({"builtin": [0.5] * 8, "focal": [0.5 + gain for gain in gains]}, INDEPENDENT[:8]))
    (focal,) = found.compared
    assert (focal.verdict, focal.n_more) == ("cannot tell", None)
    assert focal.reason == "gains differ too much between datasets"


def test_a_loss_without_a_dataset_is_compared_on_the_others_and_ranked_on_what_all_have():
    scores = {"builtin": [0.5] * 8, "focal": [0.6] * 8, "dice": [0.4] * 7 + [np.nan]}
    found = compare(one_split(scores, INDEPENDENT[:8]))
    assert [one.n for one in found.compared] == [8, 7]
    assert found.ranks.n == 7
    assert [gap.dataset for gap in found.missing] == [INDEPENDENT[7]]
    never = compare(one_split(scores | {"gone": [np.nan] * 8}, INDEPENDENT[:8])).compared[-1]
    assert (never.loss, never.n, never.verdict) == ("gone", 0, "cannot tell")
    assert never.reason == "no dataset that it and the baseline both have"


def test_a_lower_log_loss_ranks_first():
    metric = "test/log_loss"
    scores = {"builtin": [0.5] * 6, "focal": list(np.linspace(0.1, 0.2, 6)), "dice": [0.9] * 6}
    found = compare(one_split(scores, INDEPENDENT[:6], metric), metric)
    assert found.ranks.average.index.tolist() == ["focal", "builtin", "dice"]
    assert found.compared[0].gain > 0 > found.compared[1].gain
    assert found.scores["builtin"].tolist() == [0.5] * 6  # as measured


def test_arguments_that_mean_nothing():
    table = one_split({"builtin": [0.5] * 3, "focal": [0.9] * 3}, INDEPENDENT[:3])
    with pytest.raises(ValueError, match="rope"):
        compare(table, rope=-1)
    with pytest.raises(ValueError, match="alpha"):
        compare(table, alpha=1.5)
