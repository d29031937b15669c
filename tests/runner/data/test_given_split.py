"""Parts that the data name, in a column or in files of their own."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from runner.data import Dataset, GivenSplit, check, make_splits
from runner.data.sources import load_file
from runner.errors import InputError


def dataset(parts, groups=None) -> Dataset:
    rows = np.arange(len(parts))
    frame = pd.DataFrame({"x": rows.astype(float)})
    return check(Dataset("d", frame, rows % 2, "test", groups=groups, split_by=np.array(parts, dtype=object)))


def test_the_parts_are_those_that_the_column_names():
    parts = ["Train", "val", " test ", "training", "DEV", "Testing"] * 10
    train, held_out, test = GivenSplit("part", 0, 0.2).rows(dataset(parts))
    np.testing.assert_array_equal(train, np.flatnonzero(np.arange(60) % 3 == 0))
    np.testing.assert_array_equal(held_out, np.flatnonzero(np.arange(60) % 3 == 1))
    np.testing.assert_array_equal(test, np.flatnonzero(np.arange(60) % 3 == 2))


def test_without_validation_a_share_of_train_is_taken_and_groups_stay_together():
    groups = np.arange(200) // 4
    data = dataset(np.where(np.arange(200) < 160, "train", "test"), groups)
    train, held_out, test = GivenSplit("part", 0, 0.25).rows(data)
    np.testing.assert_array_equal(test, np.arange(160, 200))
    assert (len(train), len(held_out)) == (120, 40)
    assert not set(groups[train]) & set(groups[held_out])
    other = GivenSplit("part", 1, 0.25).rows(data)
    assert (other[2] == test).all()
    assert set(other[1]) != set(held_out)


@pytest.mark.parametrize(
    ("parts", "named"),
    [
        (["train", "holdout"] * 20, ["'holdout'", "row 2", "split.column=part", "train, validation or test"]),
        (["train", None] * 20, ["row 2"]),
        (["train", "validation"] * 20, ["no row is called 'test'"]),
        (["validation", "test"] * 20, ["no row is called 'train'"]),
        (["train"] * 3 + ["test"] * 40, ["too few for train and validation"]),
        (["train"] * 20 + ["validation"] * 20 + ["test"], ["no positive rows in the test part"]),
    ],
)
def test_refusals(parts, named):
    with pytest.raises(InputError) as refused:
        make_splits(dataset(parts), GivenSplit("part", 0, 0.2))
    assert "\n" not in str(refused.value)
    for text in named:
        assert text in str(refused.value)


@pytest.fixture
def files(tmp_path):
    table = pd.DataFrame({"a": np.arange(90) / 7, "b": list("xyz") * 30, "y": np.arange(90) % 2})
    parts = {"train": table[:50], "validation": table[50:70], "test": table[70:][["y", "b", "a"]]}
    for part, rows in parts.items():
        rows.to_csv(tmp_path / f"{part}.csv", index=False)
        rows.to_parquet(tmp_path / f"{part}.parquet", index=False)
    return {part: tmp_path / f"{part}.csv" for part in parts}


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_files_of_their_own_are_the_parts(files, ending):
    train, held_out, test = (files[part].with_suffix(f".{ending}") for part in ("train", "validation", "test"))
    data = load_file(train, "y", test_path=test, validation_path=held_out)
    assert list(data.features) == ["a", "b"]
    np.testing.assert_allclose(data.features["a"], np.arange(90) / 7)
    sides = GivenSplit(None, 0, 0.2).rows(data)
    assert [(rows.min(), rows.max(), len(rows)) for rows in sides] == [(0, 49, 50), (50, 69, 20), (70, 89, 20)]

    without = load_file(train, "y", test_path=[str(test)])
    sides = GivenSplit(None, 0, 0.2).rows(without)
    assert list(map(len, sides)) == [40, 10, 20]
    assert data.digest != load_file([str(train), str(held_out), str(test)], "y").digest


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"test_path": "unlabelled.csv"}, ["unlabelled.csv", "has no 'y'", "train.csv"]),
        ({"test_path": "none.csv"}, ["none.csv", "no such file"]),
        ({"test_path": "train.csv"}, ["train.csv", "both of train and of test"]),
        ({"validation_path": "validation.csv"}, ["dataset.validation_path", "dataset.test_path"]),
        ({"test_path": "test.csv", "split_column": "b"}, ["dataset.test_path", "split.column=b", "leave one out"]),
        ({"split_column": "c"}, ["split.column", "no column 'c'"]),
        ({"split_column": "y"}, ["split.column=y is the target"]),
    ],
)
def test_files_that_do_not_fit_are_refused(files, arguments, named):
    folder = files["train"].parent
    pd.read_csv(files["test"]).drop(columns="y").to_csv(folder / "unlabelled.csv", index=False)
    given: dict[str, Any] = {
        key: str(folder / value) if key.endswith("path") else value for key, value in arguments.items()
    }
    with pytest.raises(InputError) as refused:
        load_file(files["train"], "y", **given)
    assert "\n" not in str(refused.value)
    for text in named:
        assert text in str(refused.value)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_the_column_of_a_split_is_no_feature_unless_it_is_named(tmp_path, ending):
    table = pd.DataFrame(
        {
            "when": pd.date_range("2024-01-01", periods=80),
            "part": ["train", "test"] * 40,
            "a": range(80),
            "y": [0, 1] * 40,
        }
    )
    path = tmp_path / f"t.{ending}"
    table.to_csv(path, index=False) if ending == "csv" else table.to_parquet(path, index=False)
    data = load_file(path, "y", drop=["part"], split_column="when")
    assert list(data.features) == ["a"]
    assert data.split_by is not None
    assert pd.to_datetime(pd.Series(data.split_by)).tolist() == table["when"].tolist()
    assert list(data.dates) == []
    data = load_file(path, "y", drop=["when"], split_column="part")
    assert list(data.dates) == ["when"]
    assert list(load_file(path, "y", features=["a", "part"], split_column="part").features) == ["a", "part"]
