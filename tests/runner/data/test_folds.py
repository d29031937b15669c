"""Folds: every row is tested once, classes in equal shares, nothing torn apart; beside scikit-learn's."""

import logging
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import LeaveOneGroupOut, StratifiedKFold

from runner.data import Dataset, GroupSplit, KFoldSplit, check
from runner.data.sources import load_keel, load_synthetic
from runner.errors import InputError


def dataset(values, labels, groups=None) -> Dataset:
    return check(Dataset("d", pd.DataFrame({"x": np.asarray(values, dtype=float)}), labels, "test", groups=groups))


def kfold(fold, folds=5, repeats=1, repeat=0, seed=0, validation=0.2, duplicates="together"):
    return KFoldSplit(folds, repeats, fold, repeat, seed, validation, duplicates)


def folds_of(data: Dataset, folds: int, **arguments):
    return [kfold(fold, folds, **arguments).rows(data) for fold in range(folds)]


@settings(max_examples=40, deadline=None)
@given(
    negatives=st.integers(10, 200),
    positives=st.integers(10, 60),
    folds=st.integers(2, 7),
    validation=st.floats(0.05, 0.5),
    seed=st.integers(0, 2**40),
)
def test_single_rows_give_the_folds_of_stratified_k_fold(negatives, positives, folds, validation, seed):
    labels = np.repeat([0, 1], [negatives, positives])
    parts = folds_of(dataset(np.arange(len(labels)), labels), folds, seed=seed, validation=validation)
    np.testing.assert_array_equal(np.sort(np.concatenate([test for _, _, test in parts])), np.arange(len(labels)))
    theirs = [test for _, test in StratifiedKFold(folds, shuffle=True, random_state=0).split(labels, labels)]
    for train, held_out, test in parts:
        np.testing.assert_array_equal(np.sort(np.concatenate([train, held_out, test])), np.arange(len(labels)))
        for label in (0, 1):
            left = int((np.delete(labels, test) == label).sum())
            wanted = max(1, min(left * validation, left - (2 if label else 1)))
            assert abs((labels[held_out] == label).sum() - wanted) <= 0.5 + 1e-9
    for label in (0, 1):
        ours = sorted(int((labels[test] == label).sum()) for _, _, test in parts)
        assert ours == sorted(int((labels[test] == label).sum()) for test in theirs)
    assert np.ptp([len(test) for _, _, test in parts]) <= 1


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_groups_and_duplicates_stay_in_one_fold(draw):
    rows = draw.draw(st.integers(60, 200))
    values = draw.draw(st.lists(st.integers(0, rows * 2), min_size=rows, max_size=rows))
    groups = np.array(draw.draw(st.lists(st.integers(0, rows * 4), min_size=rows, max_size=rows)))
    data = dataset(values, np.arange(rows) % 3 == 0, groups)
    try:
        parts = folds_of(data, 3, seed=draw.draw(st.integers(0, 99)))
    except InputError:
        return
    np.testing.assert_array_equal(np.sort(np.concatenate([test for _, _, test in parts])), np.arange(rows))
    for sides in parts:
        side = np.repeat(np.arange(3), [len(part) for part in sides])
        for linked in (np.asarray(values), groups):
            assert pd.Series(side).groupby(linked[np.concatenate(sides)]).nunique().max() == 1


def test_real_duplicates_stay_in_one_fold_or_are_dropped():
    data = load_keel("winequality_red_4")  # 240 of 1599 rows repeat another
    texts = data.features.astype(str).agg("|".join, axis=1)
    for train, held_out, test in folds_of(data, 5):
        assert not set(texts[test]) & set(texts[np.concatenate([train, held_out])])
        assert len(test) == pytest.approx(1599 / 5, abs=8)
    assert sum(len(test) for _, _, test in folds_of(data, 5, duplicates="drop")) == 1599 - 240


def test_repeats_and_seeds_are_other_folds_and_a_fold_alone_is_the_same():
    data = load_synthetic(rows=300, prevalence=0.2)
    first, again = folds_of(data, 5, repeats=2), folds_of(data, 5, repeats=7)
    assert all((a == b).all() for one, other in zip(first, again, strict=True) for a, b in zip(one, other, strict=True))
    tests = {
        tuple(parts[2])
        for repeat, seed in ((0, 0), (1, 0), (0, 1))
        for parts in folds_of(data, 5, repeats=2, repeat=repeat, seed=seed)
    }
    assert len(tests) == 15


def test_one_group_is_left_out_at_a_time_as_by_scikit_learn():
    data = load_synthetic(rows=400, prevalence=0.3)
    names = np.array([f"site {row % 7}" for row in range(400)], dtype=object)
    data = check(replace(data, groups=names))
    theirs = [test for _, test in LeaveOneGroupOut().split(names, groups=names)]
    for fold, expected in enumerate(theirs):
        train, held_out, test = GroupSplit(7, fold, 0, 0.2).rows(data)
        np.testing.assert_array_equal(test, expected)
        assert not set(names[train]) & set(names[held_out])
        assert len(train) + len(held_out) + len(test) == 400


@pytest.mark.parametrize("folds", [2, 3, 5])
def test_folds_of_groups_are_disjoint_and_of_like_size(folds):
    data = load_synthetic(rows=600, prevalence=0.2)
    groups = np.random.default_rng(0).integers(0, 40, 600)
    data = check(replace(data, groups=groups))
    parts = [GroupSplit(folds, fold, 3, 0.25).rows(data) for fold in range(folds)]
    np.testing.assert_array_equal(np.sort(np.concatenate([test for _, _, test in parts])), np.arange(600))
    for sides in parts:
        assert len(set(groups)) == sum(len(set(groups[rows])) for rows in sides)
        assert len(sides[2]) == pytest.approx(600 / folds, rel=0.1)
        assert data.labels[sides[2]].mean() == pytest.approx(data.prevalence, abs=0.03)


def test_rows_of_two_groups_that_are_equal_are_told(caplog):
    values = np.arange(200) % 150
    data = dataset(values, np.arange(200) % 2, groups=np.arange(200) // 10)
    GroupSplit(4, 0, 0, 0.2).rows(data)
    assert "test rows have the features of a row in train or validation" in caplog.text


@pytest.mark.parametrize("split", [kfold(0), GroupSplit(5, 0, 0, 0.2)])
def test_dates_are_told_with_the_split_that_goes_by_them(split, caplog):
    data = replace(load_synthetic(rows=400, prevalence=0.3), groups=np.arange(400) % 20, dates=["sold on"])
    with caplog.at_level(logging.WARNING):
        split.rows(data)
    assert "'sold on' looks like dates" in caplog.text
    assert "split=time split.column='sold on'" in caplog.text.replace('"', "")


FEW = dataset(np.arange(44), np.repeat([0, 1], [40, 4]))


@pytest.mark.parametrize(
    ("make", "data", "named"),
    [
        (lambda: kfold(5), FEW, ["split.fold=5", "split.folds=5", "0 to 4"]),
        (lambda: kfold(-1), FEW, ["split.fold=-1"]),
        (lambda: kfold("all"), FEW, ["split.fold=all", "whole number"]),
        (lambda: kfold(0, folds=1), FEW, ["split.folds=1"]),
        (lambda: kfold(0, repeats=2, repeat=2), FEW, ["split.repeat=2", "0 to 1"]),
        (lambda: kfold(0, validation=1.0), FEW, ["split.validation=1.0"]),
        (lambda: kfold(0, duplicates="keep"), FEW, ["split.duplicates=keep"]),
        (lambda: kfold(0), FEW, ["d: 4 positive rows", "split.folds=5", "lower split.folds"]),
        (lambda: kfold(0, folds=2), FEW, ["2 positive rows", "1 for validation, 2 to train on", "beside the test"]),
        (lambda: GroupSplit(5, 0, 0, 0.2), FEW, ["no groups", "dataset.group=", "split=kfold"]),
        (
            lambda: GroupSplit(5, 0, 0, 0.2),
            dataset(np.arange(40), np.arange(40) % 2, np.arange(40) % 4),
            ["split.folds=5", "4 groups", "lower it to 4"],
        ),
        (
            lambda: GroupSplit(4, 0, 0, 0.2),
            dataset(np.arange(40), np.arange(40) % 4 == 0, np.arange(40) % 4),
            ["10 positive rows, in 1 sets", "lower split.folds"],
        ),
    ],
)
def test_refusals(make, data, named):
    with pytest.raises(InputError) as refused:
        make().rows(data)
    assert "\n" not in str(refused.value)
    for text in named:
        assert text in str(refused.value)
