"""Costs of rows: from columns and numbers, out of the inputs, kept with their rows, refused in one line."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from runner.data import Dataset, RandomSplit, check, make_splits, with_costs
from runner.data.sources import load_file
from runner.errors import InputError
from runner.terms.costs import Costs

COSTS: list[dict[str, Any]] = [{}, {"cost_fn": 1, "cost_fp": 2}, {"cost_fn": 1, "cost_fp": 3}]
TABLE = "a,amount,fee,y\n1,10,1,0\n2,20.5,2,1\n3,0,3,0\n4,7,4,1\n"


def test_columns_and_numbers_of_a_file(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(TABLE)
    loaded = load_file(path, "y", cost_fn="amount", cost_fp=2, gain_tp="fee")
    assert loaded.features.columns.tolist() == ["a"]
    assert loaded.costs is not None
    assert loaded.costs.cost_fn.tolist() == [10, 20.5, 0, 7]
    assert loaded.costs.cost_fp.tolist() == [2, 2, 2, 2]
    assert loaded.costs.gain_tp.tolist() == [1, 2, 3, 4]
    named = load_file(path, "y", features=["a", "amount"], cost_fn="amount", cost_fp=2, gain_tp="fee")
    assert named.features.columns.tolist() == ["a", "amount"]
    digests = {load_file(path, "y", features=["a"], **costs).digest for costs in COSTS}
    assert len(digests) == 3
    assert load_file(path, "y").costs is None


@pytest.mark.parametrize(
    ("text", "asked", "named"),
    [
        (TABLE, {"cost_fn": "amonut", "cost_fp": 1}, ["dataset.cost_fn", "'amonut'", "did you mean 'amount'?"]),
        (TABLE, {"cost_fn": "amount"}, ["dataset.cost_fn without dataset.cost_fp"]),
        (TABLE, {"gain_tp": 3}, ["dataset.gain_tp without dataset.cost_fn"]),
        (TABLE, {"cost_fn": "amount", "cost_fp": -1}, ["dataset.cost_fp=-1", "negative", "from 0 up"]),
        (TABLE, {"cost_fn": "amount", "cost_fp": float("nan")}, ["dataset.cost_fp=nan", "missing"]),
        (TABLE, {"cost_fn": "amount", "cost_fp": True}, ["dataset.cost_fp", "'True'"]),
        (TABLE.replace("20.5", "-3"), {"cost_fn": "amount", "cost_fp": 1}, ["'amount'", "negative", "row 2"]),
        (TABLE.replace("20.5", "much"), {"cost_fn": "amount", "cost_fp": 1}, ["'amount'", "not numbers", "row 2"]),
        (TABLE.replace("20.5", ""), {"cost_fn": "amount", "cost_fp": 1}, ["'amount'", "missing", "row 2"]),
        (TABLE.replace("20.5", "inf"), {"cost_fn": "amount", "cost_fp": 1}, ["'amount'", "infinite", "row 2"]),
        (TABLE, {"cost_fn": "fee", "cost_fp": 1, "gain_tp": -4}, ["a miss costs more than a hit on no row", "gain_tp"]),
        (TABLE, {"cost_fn": "amount", "cost_fp": 0}, ["a false alarm costs nothing on any row"]),
        (TABLE, {"cost_fn": 0, "cost_fp": 1}, ["cost_fn + gain_tp is at most 0"]),
    ],
)
def test_refusals(tmp_path, text, asked, named):
    path = tmp_path / "table.csv"
    path.write_text(text)
    with pytest.raises(InputError) as refused:
        load_file(path, "y", **asked)
    message = str(refused.value)
    assert "\n" not in message
    for part in [str(path), *named]:
        assert part in message


def some_dataset(rows: int = 60) -> Dataset:
    numbers = np.arange(rows, dtype=float)
    frame = pd.DataFrame({"x": numbers, "amount": numbers + 1})
    return Dataset("some", frame, (np.arange(rows) % 3 == 0).astype(np.int8), "some")


def test_columns_of_any_dataset_are_taken_out_of_the_inputs_and_stay_with_their_rows():
    dataset = check(with_costs(some_dataset(), {"cost_fn": "amount", "cost_fp": 1.5}))
    assert dataset.costs is not None
    splits = make_splits(dataset, RandomSplit(seed=0, validation=0.2, test=0.2))
    assert splits.train.inputs.shape[1] == 1
    for part in (splits.train, splits.validation, splits.test):
        own = dataset.costs.of(part.rows)
        assert own.cost_fn.tolist() == (dataset.features["x"].to_numpy()[part.rows] + 1).tolist()
    assert with_costs(some_dataset(), {}).costs is None
    with pytest.raises(InputError, match=r"dataset.cost_fp: some has no column 'fee': there are: 'x', 'amount'"):
        with_costs(some_dataset(), {"cost_fn": 1, "cost_fp": "fee"})
    with pytest.raises(InputError, match="all columns are costs"):
        with_costs(some_dataset(), {"cost_fn": "x", "cost_fp": "amount"})


def test_the_costs_of_a_loader_of_ones_own_are_held_to_the_same_rules():
    ones = np.ones(60)
    with pytest.raises(InputError, match="cost_fp of shape"):
        check(replace(some_dataset(), costs=Costs(ones, ones[1:], ones)))
    with pytest.raises(InputError, match="cost_fn: 60 of 60 values are negative"):
        check(replace(some_dataset(), costs=Costs(-ones, ones, ones)))
