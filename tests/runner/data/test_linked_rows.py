"""Duplicates: found exactly, in a table of any types."""

import numpy as np
import pandas as pd
import pytest

from runner.data import duplicate_rows
from runner.data import linked_rows as module
from runner.data.linked_rows import row_keys, units
from runner.data.sources import load_keel


@pytest.mark.parametrize("name", ["kc1", "winequality_red_4", "kddcup_buffer_overflow_vs_back", "abalone19"])
def test_as_many_as_pandas_finds(name):
    features = load_keel(name).features
    assert duplicate_rows(features) == features.duplicated().sum()


def test_all_kinds_of_columns():
    frame = pd.DataFrame(
        {
            "x": [1.0, 1.0, np.nan, np.nan, 1.0, 1.0, 1.0],
            "n": [1, 1, 2, 2, 1, 1, 3],
            "flag": [True, True, False, False, True, False, True],
            "text": ["a", "a", None, None, "b", "a", "a"],
            "kind": pd.Categorical([1, 1, None, None, 1, 1, 1]),
        }
    )
    assert row_keys(frame).tolist() == [0, 0, 1, 1, 2, 3, 4]
    assert duplicate_rows(frame) == 2


def test_large_whole_numbers_are_told_apart():
    frame = pd.DataFrame({"n": np.array([2**53, 2**53 + 1, 2**53], dtype=np.int64)})
    assert row_keys(frame).tolist() == [0, 1, 0]


def test_a_collision_of_hashes_is_noticed(monkeypatch):
    right = module._hashes
    seeds = []

    def colliding(features, seed):
        seeds.append(seed)
        return right(features, seed) if seed == 2 else np.zeros(len(features), dtype=np.uint64)

    monkeypatch.setattr(module, "_hashes", colliding)
    assert row_keys(pd.DataFrame({"x": [3.0, 4.0, 3.0]})).tolist() == [0, 1, 0]
    assert seeds == [0, 1, 2]


def test_units_without_groups_are_the_keys():
    assert units(np.array([0, 1, 0]), None).tolist() == [0, 1, 0]


def test_units_link_through_keys_and_groups():
    found = units(np.array([0, 1, 1, 2, 3]), np.array(["a", "a", "b", "c", "b"]))
    assert len(set(found[[0, 1, 2, 4]])) == 1
    assert found[3] != found[0]
