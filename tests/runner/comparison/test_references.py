"""Networks against what is no network: a family of its own, and one sentence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from comparison_tables import METRIC, one_seed, one_split, results

from runner.comparison import (
    beside_the_best,
    compare_references,
    leaderboard,
    one_dataset,
    pair,
    several_datasets,
    verdict,
)
from runner.comparison.holm import holm

WAVE = np.array([0.01, -0.01, 0.005, -0.005, 0.0])
BASE = np.array([0.70, 0.72, 0.71, 0.73, 0.70])
LOGISTIC, BOOSTING = "logistic (scikit-learn)", "gradient_boosting (scikit-learn)"


def compared(losses, references):
    table = one_seed({"builtin": list(BASE)} | {name: list(BASE + gain) for name, gain in losses.items()}, "wine")
    beside = one_seed({name: list(BASE + gain) for name, gain in references.items()}, "wine")
    comparison = one_dataset(pair(table, METRIC, "builtin"), "wine")
    found: Any = compare_references(table, beside, comparison)
    return table, beside, comparison, found


def test_references_are_a_family_of_their_own():
    losses = {"focal": 0.02 + WAVE, "dice": 0.015 - WAVE}
    _, _, alone, found = compared(losses, {LOGISTIC: -0.03 + WAVE, BOOSTING: 0.01 + np.roll(WAVE, 1)})
    _, _, without, nothing = compared(losses, {})

    assert nothing is None
    assert alone.compared == without.compared  # the words on losses do not depend on the references
    p = np.array([one.p for one in found.compared])
    np.testing.assert_allclose([one.p_holm for one in found.compared], holm(p))
    assert [one.loss for one in found.compared] == [LOGISTIC, BOOSTING]


def test_a_network_that_loses_is_told_so_first_and_in_the_headline():
    table, beside, comparison, found = compared(
        {"focal": WAVE}, {LOGISTIC: -0.05 + WAVE / 2, BOOSTING: 0.05 + WAVE / 2}
    )
    words = verdict(table, comparison, found)

    assert words.headline == f"Cannot tell any loss from builtin on wine; builtin loses to {BOOSTING}"
    assert words.sentences[0] == (
        f"Against the references, builtin loses to {BOOSTING} by 0.050 (95% interval 0.042 to 0.058, "
        f"Holm p below 0.001, 5 splits) and beats {LOGISTIC} by 0.050 (95% interval 0.040 to 0.060, "
        "Holm p below 0.001, 5 splits); p-values are adjusted for these comparisons alone."
    )
    board, references = leaderboard(table, comparison), leaderboard(beside, found)
    assert beside_the_best(board, references, METRIC) == (
        f"No loss comes to the mean of {BOOSTING}, 0.762; the best, builtin, has 0.712."
    )
    assert list(references.index) == [BOOSTING, LOGISTIC]
    assert list(references["verdict"]) == ["better", "worse"]


def test_one_that_does_not_lose_is_told_later_and_the_headline_is_of_losses():
    table, _, comparison, found = compared({"focal": 0.05 + WAVE / 2}, {LOGISTIC: WAVE / 50, BOOSTING: 0.01 + 2 * WAVE})
    words = verdict(table, comparison, found)

    assert words.headline == "focal beats builtin on wine by 0.050 average precision"
    assert words.sentences[-1] == (
        f"Against the references, builtin is tied with {LOGISTIC} (+0.000) within 0.005 and cannot be told from "
        f"{BOOSTING} (+0.010); p-values are adjusted for these comparisons alone."
    )
    assert verdict(table, comparison).sentences == words.sentences[:-1]


def test_a_loss_above_the_reference_is_called_the_best_of_many():
    table, beside, comparison, found = compared({"focal": 0.1 + WAVE}, {BOOSTING: 0.05 + WAVE / 2})
    assert beside_the_best(leaderboard(table, comparison), leaderboard(beside, found), METRIC) == (
        f"focal has a better mean than {BOOSTING}, 0.812 beside 0.762, but is the best of 2 losses on these test rows."
    )


def test_lower_is_better_for_log_loss():
    metric = "test/log_loss"
    table = one_seed({"builtin": list(BASE), "focal": list(BASE + WAVE)}, "wine", metric)
    beside = one_seed({BOOSTING: list(BASE - 0.05 + WAVE / 2)}, "wine", metric)
    comparison = one_dataset(pair(table, metric, "builtin"), "wine")
    found: Any = compare_references(table, beside, comparison)

    assert "builtin loses to gradient_boosting" in verdict(table, comparison, found).headline
    assert beside_the_best(leaderboard(table, comparison), leaderboard(beside, found), metric).startswith("No loss")


def test_several_datasets_and_several_seeds():
    names = ["wine", "glass", "ecoli", "yeast", "pima", "iris", "haberman", "vehicle"]
    scores = {"builtin": [0.5] * 8, "focal": [0.51] * 8}
    table = one_split(scores, names)
    beside = one_split({BOOSTING: [0.6 + number / 100 for number in range(8)]}, names)
    over_all = several_datasets(pair(table, METRIC, "builtin"))
    found = compare_references(table, beside, over_all)
    words = verdict(table, over_all, found)
    assert "8 independent datasets)" in words.sentences[0]
    assert f"builtin loses to {BOOSTING}" in words.sentences[0]

    seeds = {("builtin", "wine", split, seed): 0.7 + seed / 10 for split in (0, 1) for seed in (0, 1)}
    same = {(LOGISTIC, "wine", split, seed): 0.7 for split in (0, 1) for seed in (0, 1)}
    paired = pair(pd.concat([results(seeds), results(same)]), METRIC, "builtin")
    assert paired.pairs[0].gains == pytest.approx([-0.05, -0.05])
