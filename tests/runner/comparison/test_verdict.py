"""The words, on tables made for them."""

import numpy as np
import pandas as pd
import pytest
from comparison_tables import METRIC, one_seed, one_split

from runner.comparison import Verdict, one_dataset, pair, several_datasets, verdict

WAVE = np.array([0.01, -0.01, 0.005, -0.005, 0.0])
BASE = np.array([0.70, 0.72, 0.71, 0.73, 0.70])


def say(gains, **limits):
    table = one_seed({"builtin": list(BASE)} | {loss: list(BASE + row) for loss, row in gains.items()}, "page_blocks")
    return verdict(table, one_dataset(pair(table, METRIC, "builtin"), "page_blocks", **limits))


def test_a_loss_that_is_better():
    found = say({"focal gamma=2": 0.05 + WAVE / 2})
    assert found == Verdict(
        "focal gamma=2 beats builtin on page_blocks by 0.050 average precision",
        ("focal gamma=2 is better than builtin by 0.050 (95% interval 0.042 to 0.058, Holm p below 0.001, 5 splits).",),
    )


def test_a_loss_that_is_worse_by_a_positive_number():
    found = say({"ldam": -0.05 - WAVE / 2})
    assert found.headline == "No loss beats builtin on page_blocks: 1 worse"
    assert found.sentences == (
        "ldam is worse than builtin by 0.050 (95% interval 0.042 to 0.058, Holm p below 0.001, 5 splits).",
    )


def test_losses_that_are_tied_share_a_sentence():
    found = say({"weighted": WAVE / 50, "smoothed": -WAVE / 50, "custom": 0 * WAVE})
    assert found.headline == "No loss beats builtin on page_blocks: 3 tied"
    assert found.sentences[0] == "weighted, smoothed and custom are tied with builtin within 0.005."
    assert say({"weighted": WAVE / 50}).sentences[0] == "weighted is tied with builtin within 0.005."


def test_losses_that_cannot_be_told_name_the_splits_that_are_needed():
    found = say({"ldam": 0.014 + 2 * WAVE / 2})
    assert found.headline == "Cannot tell any loss from builtin on page_blocks"
    (sentence,) = found.sentences
    assert sentence == (
        "Cannot tell for ldam: about 7 more splits are needed for 80% power, if the mean stays "
        "(1 to more than 1000, as the spread may be)."
    )
    too_early = say({"ldam": 5 * WAVE})
    assert too_early.sentences == ("Cannot tell for ldam: 5 splits do not show how many it takes; 10 say more.",)


def test_many_losses_are_adjusted_and_it_says_so():
    nulls = {f"null{number}": np.roll(WAVE, number) for number in range(1, 5)}
    found = say({"focal": 0.05 + WAVE / 2, "dice": 0.018 + WAVE} | nulls)
    assert found.headline == "focal beats builtin on page_blocks by 0.050 average precision; 5 cannot tell"
    assert found.sentences[-1] == (
        "Intervals and p-values are adjusted for comparing 6 losses (Holm); alone dice looks different: "
        "1 of 6, where chance gives 0.3 if no loss differs."
    )


def test_several_losses_that_are_better_are_counted_in_the_headline():
    found = say({"focal": 0.05 + WAVE / 4, "dice": 0.08 + WAVE / 4, "ldam": -0.05 + WAVE / 4, "custom": 0 * WAVE})
    assert found.headline == (
        "2 losses beat builtin on page_blocks, most of all dice by 0.080 average precision; 1 tied, 1 worse"
    )
    assert [sentence.split()[0] for sentence in found.sentences] == ["dice", "focal", "ldam", "custom", "Intervals"]


def test_a_lower_log_loss_is_told_as_better():
    metric = "test/log_loss"
    table = one_seed({"builtin": list(BASE), "focal": list(BASE - 0.05 + WAVE / 4)}, metric=metric)
    found = verdict(table, one_dataset(pair(table, metric, "builtin"), "pima"))
    assert found.headline == "focal beats builtin on pima by 0.050 log loss"


def test_missing_runs_are_named_and_many_counted():
    table = one_seed({"builtin": list(BASE), "focal": [*(BASE[:4] + 0.05 + WAVE[:4] / 4), np.nan]})
    comparison = one_dataset(pair(table, METRIC, "builtin"), "pima")
    assert verdict(table, comparison).sentences[-1] == (
        "1 run is missing, so fewer splits or seeds are compared: "
        "focal on pima, split 4, seed 0: test/average_precision is nan."
    )
    many = table[(table["loss"] == "builtin") | (table["split"] == 0)]
    more = pd.concat([many, one_seed({"dice": [0.5]}), one_seed({"ldam": [0.5]})])
    last = verdict(more, one_dataset(pair(more, METRIC, "builtin"), "pima")).sentences[-1]
    assert last.startswith("12 runs are missing")
    assert last.count("no run") == 5
    assert last.endswith("; and 7 more.")


def test_a_moved_threshold_is_told():
    table = one_seed({"builtin": list(BASE), "weighted": list(BASE + 0.001 + WAVE / 50)})
    table["test_at_half/f1"] = np.where(table["loss"] == "builtin", 0.3, 0.61)
    table["test/f1"] = np.where(table["loss"] == "builtin", 0.62, 0.60)
    found = verdict(table, one_dataset(pair(table, METRIC, "builtin"), "pima"))
    assert found.sentences[-1] == (
        "Most of the difference at 0.5 is a moved threshold: the best and the worst F1 of the losses lie 0.310 apart "
        "at 0.5, and 0.020 at thresholds chosen on validation; their average precisions 0.001."
    )


def test_too_few_datasets_are_told_first():
    table = one_split({"builtin": [0.5] * 3, "focal": [0.9] * 3, "dice": [0.4] * 3}, ["ada", "pima", "haberman"])
    found = verdict(table, several_datasets(pair(table, METRIC, "builtin")))
    assert found.headline == "Cannot tell any loss from builtin over 3 independent datasets"
    assert found.sentences[:2] == (
        "With 3 independent datasets Wilcoxon's p cannot fall below 0.25; "
        "to compare 2 losses with the baseline takes at least 7.",
        "Cannot tell for focal and dice: at least 7 independent datasets are needed, there are 3.",
    )


def test_enough_datasets_are_counted():
    datasets = [f"{letter}set" for letter in "abcdefgh"]
    table = one_split({"builtin": [0.5] * 8, "focal": list(np.linspace(0.6, 0.7, 8))}, datasets)
    found = verdict(table, several_datasets(pair(table, METRIC, "builtin")))
    assert found.headline == "focal beats builtin over 8 independent datasets by 0.150 average precision"
    assert found.sentences[0].endswith("Holm p 0.008, 8 independent datasets).")


def test_only_the_baseline():
    assert say({}) == Verdict("Nothing to compare with builtin on page_blocks", ())


@pytest.mark.parametrize(("gain", "words"), [(0.0003, "by 0.0003 "), (0.0149, "by 0.015 ")])
def test_a_small_difference_is_not_rounded_to_nothing(gain, words):
    assert words in say({"focal": gain + WAVE / 1000}, rope=0.0).sentences[0]
