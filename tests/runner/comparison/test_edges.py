"""Values that were swept, and the best of them at their end."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from comparison_tables import results

from runner.comparison import edge_findings

NOISE = np.random.default_rng(0).normal(0, 0.004, (20, 5))


def swept(means: dict[float, float], splits=5, noise=NOISE, key="loss.gamma") -> pd.DataFrame:
    tables = []
    for place, (value, mean) in enumerate(means.items()):
        scores = {(f"focal gamma={value:g}", "wine", split, 0): mean + noise[place, split] for split in range(splits)}
        table = results(scores)
        table[[key, "option"]] = value, "focal"
        table["val/average_precision"] = list(scores.values())
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def test_the_largest_value_is_the_best():
    (finding,) = edge_findings(swept({1: 0.6, 2: 0.65, 4: 0.7}), "test/average_precision")
    assert finding.code == "EDGE01"
    assert finding.sentence == (
        "of loss.gamma for focal, the largest value tried, 4, is the best by average precision on validation: "
        "try higher ones too"
    )
    (finding,) = edge_findings(swept({1: 0.7, 2: 0.65, 4: 0.6}), "test/average_precision")
    assert "the smallest value tried, 1," in finding.sentence


@pytest.mark.parametrize(
    ("means", "splits"),
    [
        ({1: 0.6, 2: 0.7, 4: 0.65}, 5),  # in between
        ({0: 0.7, 2: 0.65, 4: 0.6}, 5),  # nothing is below zero
        ({1: 0.6, 4: 0.7}, 5),  # two values have nothing but ends
        ({1: 0.6, 2: 0.65, 4: 0.7}, 1),  # one split, and three values
        ({1: 0.6, 2: 0.7, 3: 0.65, 4: 0.72}, 1),  # one split, and not in order
    ],
)
def test_what_is_no_end_or_may_be_chance_is_not_told(means, splits):
    assert edge_findings(swept(means, splits), "test/average_precision") == []


def test_on_one_split_four_values_in_order_are_told():
    assert len(edge_findings(swept({1: 0.6, 2: 0.65, 3: 0.7, 4: 0.75}, 1), "test/average_precision")) == 1


def test_values_that_do_not_matter_are_seldom_told():
    rng = np.random.default_rng(1)
    found = sum(
        bool(edge_findings(swept(dict.fromkeys((1, 2, 4), 0.6), 5, rng.normal(0, 0.02, (3, 5))), "test/f1_"))
        for _ in range(3)
    )
    assert found == 0  # no such metric
    found = sum(
        bool(
            edge_findings(
                swept(dict.fromkeys((1, 2, 4), 0.6), 5, rng.normal(0, 0.02, (3, 5))), "test/average_precision"
            )
        )
        for _ in range(60)
    )
    assert found <= 6  # a corrected test at 5% of one side, of the best of three
