"""The digest notices any change; the check refuses what a loader of one's own may get wrong."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.data import Dataset, check
from runner.errors import InputError


def table(rows: int = 12) -> Dataset:
    frame = pd.DataFrame(
        {
            "x": np.linspace(0, 1, rows),
            "n": np.arange(rows),
            "flag": np.arange(rows) % 3 == 0,
            "text": [f"t{row % 4}" for row in range(rows)],
            "kind": pd.Categorical([row % 2 for row in range(rows)]),
        }
    )
    return Dataset("d", frame, np.arange(rows) % 2, "test", weights=np.ones(rows), groups=np.arange(rows) // 3)


def test_the_digest_is_the_same_for_the_same_content():
    assert check(table()).digest == check(table()).digest
    assert len(check(table()).digest) == 64
    assert check(replace(table(), name="other", source="elsewhere")).digest == check(table()).digest


@settings(max_examples=50, deadline=None)
@given(row=st.integers(0, 11), column=st.sampled_from(["x", "n", "flag", "text", "kind"]))
def test_the_digest_notices_any_cell(row, column):
    other = {"x": 0.123, "n": -1, "flag": None, "text": "t9", "kind": None}[column]
    changed = table()
    if column == "flag":
        changed.features.loc[row, column] = not changed.features.loc[row, column]
    else:
        changed.features.loc[row, column] = other
    assert check(changed).digest != check(table()).digest


@pytest.mark.parametrize(
    "changed",
    [
        replace(table(), labels=np.array([1, 1] + [0, 1] * 5)),
        replace(table(), weights=np.array([2.0] + [1.0] * 11)),
        replace(table(), weights=None),
        replace(table(), groups=None),
        replace(table(), groups=np.arange(12) // 4),
        replace(table(), features=table().features.rename(columns={"x": "y"})),
        replace(table(), features=table().features[["n", "x", "flag", "text", "kind"]]),
        replace(table(), features=table().features.drop(columns="n")),
        replace(table(), features=table().features.astype({"n": float})),
        replace(table(), features=table().features.assign(text=table().features["text"].iloc[::-1].to_numpy())),
    ],
)
def test_the_digest_notices_everything_else(changed):
    assert check(changed).digest != check(table()).digest


def test_the_digest_tells_where_one_text_ends():
    frames = [pd.DataFrame({"a": texts}) for texts in (["ab", "c"], ["a", "bc"], ["a", None], [None, "a"])]
    assert len({check(Dataset("d", frame, np.array([0, 1]), "s")).digest for frame in frames}) == 4


def test_the_check_makes_plain_types():
    frame = pd.DataFrame(
        {
            "nullable": pd.array([1, None, 3, 4], "Int64"),
            "whole": pd.array([1, 2, 3, 4], "Int64"),
            "maybe": pd.array([True, None, False, True], "boolean"),
            "objects": np.array([1, 2.5, None, 4], dtype=object),
            "texts": np.array(["a", None, "b", "b"], dtype=object),
            "mixed": np.array([True, None, "b", 3], dtype=object),
            "arrow": pd.array([1.5, None, 2.0, 3.0], "float64[pyarrow]"),
        },
        index=[5, 6, 7, 8],
    )
    checked = check(Dataset("d", frame, np.array([True, False, True, False]), "s", weights=np.array([1, 2, 3, 0])))
    kinds = {name: str(dtype) for name, dtype in checked.features.dtypes.items()}
    floats = dict.fromkeys(["nullable", "maybe", "objects", "arrow"], "float64")
    assert kinds == {**floats, "whole": "int64", "texts": "str", "mixed": "str"}
    assert checked.features.index.tolist() == [0, 1, 2, 3]
    assert checked.features["maybe"].tolist()[::2] == [1.0, 0.0]
    assert checked.labels.dtype == np.int8
    assert checked.labels.tolist() == [1, 0, 1, 0]
    assert checked.weights is not None
    assert checked.weights.dtype == np.float64


def test_columns_without_a_value_are_left_out_and_named(caplog):
    dataset = table()
    dataset.features["hollow"] = np.nan
    assert "hollow" not in check(dataset).features
    assert "'hollow'" in caplog.text


def _with(**columns) -> Dataset:
    return replace(table(), features=table().features.assign(**columns))


def _of_another_type(**attributes: Any) -> Dataset:
    """What a user's own source may hand over."""
    return replace(table(), **attributes)


FRAME = table().features


@pytest.mark.parametrize(
    ("dataset", "named"),
    [
        ((FRAME, np.ones(12)), ["tuple", "Dataset"]),
        (_of_another_type(features=FRAME.to_numpy()), ["ndarray", "DataFrame"]),
        (replace(table(), features=FRAME.iloc[:0]), ["no rows"]),
        (replace(table(), labels=np.ones(7)), ["labels", "(7,)", "12 rows"]),
        (replace(table(), labels=np.ones((12, 1))), ["labels", "(12, 1)"]),
        (replace(table(), labels=np.zeros(12)), ["labels", "one class only", "0"]),
        (replace(table(), labels=np.arange(12)), ["labels", "12 different values"]),
        (replace(table(), labels=np.array([np.nan] + [0, 1] * 5 + [1])), ["labels", "1 of 12", "row 1"]),
        (replace(table(), weights=np.ones(3)), ["weights", "(3,)"]),
        (replace(table(), weights=np.array([1.0] * 11 + [-2.0])), ["weights", "negative", "row 12", "-2.0"]),
        (replace(table(), weights=np.zeros(12)), ["weights", "positive", "weighs 0"]),
        (replace(table(), weights=np.arange(12) % 2), ["weights", "negative row weighs 0"]),
        (replace(table(), groups=np.array([None] * 12)), ["groups", "missing", "row 1"]),
        (replace(table(), features=FRAME.rename(columns={"x": 3})), ["column names", "3"]),
        (replace(table(), features=FRAME.rename(columns={"x": "n"})), ["more than one column", "'n'"]),
        (_with(x=[1.0] * 3 + [-np.inf] + [2.0] * 8), ["'x'", "infinite", "row 4", "dataset.drop=[x]"]),
        (_with(when=pd.date_range("2020", periods=12)), ["'when'", "datetime64", "dataset.drop=[when]"]),
        (_with(when=pd.date_range("2020", periods=12).date), ["'when'", "date"]),
        (_with(took=pd.to_timedelta(range(12), "s")), ["'took'", "timedelta"]),
        (_with(z=np.ones(12) * 1j), ["'z'", "complex"]),
        (_with(cells=[[1, 2]] * 12), ["'cells'", "row 1", "list"]),
        (replace(table(), features=FRAME[["x"]] * np.nan), ["no feature columns left"]),
        (replace(table(), image_shape=(2, 2, 1)), ["image_shape=[2, 2, 1]", "4 pixel columns", "5"]),
        (replace(table(), image_shape=(5, 1, 1)), ["image_shape", "'text'", "not a pixel"]),
        (_of_another_type(image_shape=(5,)), ["image_shape=(5,)", "[8, 8, 1]"]),
        (_of_another_type(image_shape="wide"), ["image_shape=wide"]),
    ],
)
def test_refusals(dataset, named):
    with pytest.raises(InputError) as refused:
        check(dataset)
    message = str(refused.value)
    assert "\n" not in message
    for text in named:
        assert text in message
