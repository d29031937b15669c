"""Whether a classifier tells test rows from training rows: on rows of one distribution it does not, by its own p."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from runner.data import Dataset, GivenSplit, RandomSplit, distribution_shift, make_splits
from runner.terms.findings import collected


def rows(count, seed, move=0.0):
    inputs = np.random.default_rng(seed).normal(size=(count, 4))
    inputs[:, 2] += move
    return inputs


def numbers(*counts):
    return tuple(np.arange(count) for count in counts)


def compared(*arguments) -> Any:
    return distribution_shift(*arguments)


def test_rows_of_one_distribution_give_any_p_value():
    p = [compared(rows(160, seed), rows(60, seed + 1000), numbers(160, 60)).p for seed in range(12)]
    assert min(p) > 0.001
    assert 0.25 < np.mean(p) < 0.75
    assert np.std(p) > 0.15


def test_another_distribution_is_found_with_the_column_that_differs():
    found = compared(rows(200, 0), rows(80, 1, move=1.5), numbers(200, 80))
    assert found.found
    assert found.auc > 0.75
    assert found.columns[0] == 2
    assert not found.sampled


def test_copies_and_groups_count_once():
    """A classifier that remembers rows would know copies again, and rows of a group."""
    train, test = np.repeat(rows(100, 0), 8, axis=0), np.repeat(rows(60, 1), 8, axis=0)
    found = compared(train, test, (np.repeat(np.arange(100), 8), np.repeat(np.arange(60), 8)))
    alone = compared(rows(100, 0), rows(60, 1), numbers(100, 60))
    assert not found.found
    assert (found.auc, found.p) == (alone.auc, alone.p)
    assert distribution_shift(train, test, (np.zeros(800), np.arange(480))) is None  # one set is too few


def dataset(move: float) -> Dataset:
    inputs = np.concatenate([rows(240, 0), rows(80, 1, move)])
    labels = (np.random.default_rng(2).random(320) < 0.4).astype(int)
    part = np.repeat(["train", "test"], [240, 80])
    return Dataset("d", pd.DataFrame(inputs, columns=list("abcd")), labels, "here", split_by=part)


@pytest.mark.parametrize(("move", "found"), [(2.0, True), (0.0, False)])
def test_given_parts_are_looked_at(move, found, caplog):
    with collected(()) as findings:
        make_splits(dataset(move), GivenSplit(None, 0, 0.2))
    assert ["SHIFT01" in {each.code for each in findings}] == [found]
    assert ("most by 'c'" in caplog.text) == found


def test_parts_drawn_at_random_are_of_one_distribution_and_not_looked_at(monkeypatch):
    monkeypatch.setattr("runner.data.splitting.data", SimpleNamespace(make_preprocessing=_preprocessing))
    make_splits(dataset(2.0), RandomSplit(0, 0.2, 0.2))  # would fail


def _preprocessing(*arguments):
    from runner.data.preprocessing import make_preprocessing

    return make_preprocessing(*arguments)


def test_a_column_of_dates_by_which_training_rows_are_newer_than_the_test(caplog):
    days = pd.date_range("2024-01-01", periods=320).strftime("%Y-%m-%d").to_numpy()
    features = pd.DataFrame({"a": rows(320, 0)[:, 0], "day": days})
    labels = (np.random.default_rng(2).random(320) < 0.4).astype(int)
    part = np.where(np.arange(320) % 4 == 0, "test", "train")
    mixed = Dataset("d", features, labels, "here", split_by=part, dates=["day"])
    with collected(()) as findings:
        make_splits(mixed, GivenSplit(None, 0, 0.2))
    (time,) = [each for each in findings if each.code == "TIME01"]
    assert "training rows are newer than the oldest test row" in time.sentence
    assert "split=time split.column=day" in time.sentence

    in_order = Dataset("d", features, labels, "here", split_by=np.sort(part)[::-1], dates=["day"])
    with collected(()) as findings:
        make_splits(in_order, GivenSplit(None, 0, 0.2))
    assert "TIME01" not in {each.code for each in findings}
