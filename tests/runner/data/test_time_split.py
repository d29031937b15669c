"""A split by time: the newest rows are tested, and nothing newer was trained on; beside scikit-learn's."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import TimeSeriesSplit

from runner.data import Dataset, TimeSplit, check
from runner.data.split.time_order import time_order
from runner.errors import InputError


def dataset(times, labels=None, groups=None) -> Dataset:
    labels = np.arange(len(times)) % 2 if labels is None else labels
    frame = pd.DataFrame({"x": np.arange(len(times), dtype=float)})
    return check(Dataset("d", frame, labels, "test", groups=groups, split_by=np.asarray(times)))


def split(validation=0.2, test=0.2, folds=1, fold=0, window="expanding", gap=0):
    return TimeSplit("when", validation, test, folds, fold, window, gap)


@settings(max_examples=80, deadline=None)
@given(
    rows=st.integers(60, 300),
    values=st.integers(20, 400),
    folds=st.integers(1, 4),
    gap=st.integers(0, 5),
    window=st.sampled_from(["expanding", "rolling"]),
    seed=st.integers(0, 99),
)
def test_parts_follow_each_other_and_ties_stay_on_one_side(rows, values, folds, gap, window, seed):
    times = np.random.default_rng(seed).integers(0, values, rows)
    data, tested = dataset(times), []
    for fold in range(folds):
        try:
            train, held_out, test = split(test=0.4, folds=folds, fold=fold, window=window, gap=gap).rows(data)
        except InputError:
            return
        assert times[train].max() < times[held_out].min()
        assert times[held_out].max() < times[test].min()
        between = [
            (times > times[a].max()) & (times < times[b].min()) for a, b in ((train, held_out), (held_out, test))
        ]
        assert all(left_out.sum() >= gap for left_out in between)
        tested.append(test)
    together = np.sort(np.concatenate(tested))
    assert len(together) == len(set(together))
    np.testing.assert_array_equal(together, np.flatnonzero(times >= times[together].min()))


@pytest.mark.parametrize("folds", [2, 3, 4])
def test_blocks_are_those_of_time_series_split(folds):
    """scikit-learn's k folds are the last k of k + 1 equal blocks."""
    rows, order = 240, np.random.default_rng(0).permutation(240)
    data = dataset(order)
    for fold, (before, test) in enumerate(TimeSeriesSplit(folds).split(np.arange(rows))):
        train, held_out, tested = split(test=folds / (folds + 1), folds=folds, fold=fold).rows(data)
        np.testing.assert_array_equal(np.sort(order[tested]), test)
        np.testing.assert_array_equal(np.sort(order[np.concatenate([train, held_out])]), before)
        assert len(held_out) == round(0.2 * len(before))


def test_a_rolling_window_has_as_many_rows_for_each_fold():
    data = dataset(np.arange(200))
    sides = [split(test=0.5, folds=5, fold=fold, window="rolling").rows(data) for fold in range(5)]
    assert [len(train) + len(held_out) for train, held_out, _ in sides] == [100] * 5
    assert [train.min() for train, _, _ in sides] == [0, 20, 40, 60, 80]


DAYS = pd.date_range("2023-12-20", periods=60)


@pytest.mark.parametrize(
    "times",
    [
        DAYS,
        DAYS.tz_localize("Europe/Berlin"),
        DAYS.date,
        DAYS.strftime("%Y-%m-%d"),
        DAYS.strftime("%Y-%m-%dT%H:%M:%SZ"),
        DAYS.strftime("%d.%m.%Y"),
        DAYS.strftime("%d/%m/%Y %H:%M"),
        DAYS.strftime("%m/%d/%Y"),
        DAYS.strftime("%B %d, %Y"),
        DAYS.strftime("%Y%m%d"),
        DAYS.year * 1000.0 + DAYS.dayofyear,
    ],
)
def test_numbers_and_dates_however_written(times):
    order = np.random.default_rng(0).permutation(60)
    np.testing.assert_array_equal(time_order(np.asarray(times)[order], "d"), order)


@pytest.mark.parametrize(
    ("times", "named"),
    [
        (["2024-01-01", None, "2024-01-03"] * 10, ["10 of 30 values are missing", "row 2"]),
        (["monday", "tuesday"] * 10, ["'monday'", "2024-01-31"]),
        ([f"0{1 + row % 9}/0{1 + row // 9 % 9}/2024" for row in range(60)], ["date in two ways"]),
        ([True, False] * 10, ["true and false"]),
        ([5] * 20, ["same value in every row"]),
    ],
)
def test_a_column_that_has_no_order_is_refused(times, named):
    with pytest.raises(InputError) as refused:
        split().rows(dataset(np.array(times, dtype=object)))
    assert "\n" not in str(refused.value)
    for text in ["d: split.column=when", *named]:
        assert text in str(refused.value)


EARLY = (np.arange(50) < 40) & (np.arange(50) % 2 == 0)


@pytest.mark.parametrize(
    ("make", "data", "named"),
    [
        (lambda: split(test=0), dataset(np.arange(50)), ["split.test=0"]),
        (lambda: split(folds=2, fold=2), dataset(np.arange(50)), ["split.fold=2", "0 to 1"]),
        (lambda: split(window="sliding"), dataset(np.arange(50)), ["split.window=sliding", "rolling"]),
        (lambda: split(gap=-1), dataset(np.arange(50)), ["split.gap=-1"]),
        (lambda: split(gap=30), dataset(np.arange(50)), ["split.gap=30", "lower split.gap"]),
        (lambda: split(folds=5), dataset(np.arange(50) // 10), ["5 different values", "split.folds=5"]),
        (lambda: split(), dataset(np.arange(50) // 25), ["do not make a train and a validation part"]),
        (
            lambda: split(),
            dataset(np.arange(50), (np.arange(50) < 40) & (np.arange(50) % 2 == 0)),
            ["no positive rows", "test part", "split.test"],
        ),
        (lambda: split(), dataset(np.arange(50), np.arange(50) > 20), ["negative", "raise split.validation"]),
        (lambda: split(), Dataset("d", pd.DataFrame({"x": [1.0]}), np.array([1]), "t"), ["split.column="]),
    ],
)
def test_refusals(make, data, named):
    with pytest.raises(InputError) as refused:
        make().rows(data)
    assert "\n" not in str(refused.value)
    for text in named:
        assert text in str(refused.value)


def test_groups_on_both_sides_are_told(caplog):
    split().rows(dataset(np.arange(100), groups=np.arange(100) % 5))
    assert "5 of the 5 groups in the test have rows in train or validation too" in caplog.text
