"""Duplicates: found exactly, in a table of any types."""

import numpy as np
import pandas as pd
import pytest

from runner.data import duplicate_rows
from runner.data.linked_rows import linked_sets, row_hashes, row_keys
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


@pytest.mark.parametrize("seed", range(3))
def test_as_pandas_groups_rows_of_any_types(seed):
    """Columns of every type that a checked dataset may have, with missing values, both zeros and two kinds of NaN."""
    rng = np.random.default_rng(seed)
    other_nan = np.array([0x7FF8000000000001], dtype=np.uint64).view(np.float64)[0]
    rows = 400
    frame = pd.DataFrame(
        {
            "float": rng.choice([0.0, -0.0, 1.5, np.nan, other_nan], rows),
            "float32": rng.choice([0.1, 0.2], rows).astype(np.float32),
            "whole": rng.integers(0, 2, rows, dtype=np.int8),
            "flag": rng.random(rows) < 0.5,
            "text": pd.Series(rng.choice(np.array(["a", "b", None]), rows), dtype="str"),
            "category": pd.Categorical(rng.choice(np.array(["x", "y", None]), rows), categories=["y", "z", "x"]),
            "number": pd.Categorical(rng.choice([1, 2], rows)),
        }
    )
    expected = frame.groupby(list(frame), dropna=False, sort=False, observed=True).ngroup()
    assert 100 < expected.max() < rows - 50
    np.testing.assert_array_equal(row_keys(frame), expected)


@pytest.mark.parametrize("columns", [1, 2, 300])
def test_as_pandas_groups_wide_rows(columns):
    frame = pd.DataFrame(np.random.default_rng(0).integers(0, 3, (200, columns)).astype(float)).add_prefix("x")
    frame = pd.concat([frame, frame.iloc[::3]], ignore_index=True)
    expected = frame.groupby(list(frame), dropna=False, sort=False).ngroup()
    np.testing.assert_array_equal(row_keys(frame), expected)


def test_different_rows_of_one_hash_are_told_apart():
    """The hash of one column is mixed with the next, so a second column can be chosen that makes two hashes equal."""
    first = np.array([3, 4], dtype=np.int64)
    hashes = row_hashes(pd.DataFrame({"a": first}), seed=0)
    second = np.array([7, 7 ^ int(hashes[0] ^ hashes[1])], dtype=np.uint64)
    frame = pd.DataFrame({"a": first, "b": second}).iloc[[0, 1, 0, 1]].reset_index(drop=True)
    assert len(set(row_hashes(frame, seed=0))) == 1
    assert len(set(row_hashes(frame, seed=1))) == 2
    assert row_keys(frame).tolist() == [0, 1, 0, 1]


def test_sets_without_groups_are_those_of_the_keys():
    assert linked_sets(np.array([0, 1, 0]), None).tolist() == [0, 1, 0]


def test_sets_link_through_keys_and_groups():
    found = linked_sets(np.array([0, 1, 1, 2, 3]), np.array(["a", "a", "b", "c", "b"]))
    assert len(set(found[[0, 1, 2, 4]])) == 1
    assert found[3] != found[0]
