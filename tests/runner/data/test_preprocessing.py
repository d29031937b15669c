"""The preprocessing against values computed by hand, and against tables that differ from the training one."""

import pickle
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from runner.config.schemas import PREPROCESSING
from runner.data import Dataset, RandomSplit, check, make_preprocessing, make_splits

EVERY = pytest.mark.parametrize("numbers_by", PREPROCESSING)


def transformed(train: pd.DataFrame, other: pd.DataFrame, numbers_by: str = "standard") -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return make_preprocessing(train, numbers_by).fit(train).transform(other)


def test_numbers_are_filled_with_the_median_and_standardised():
    train = pd.DataFrame({"a": [1.0, 2.0, np.nan, 9.0], "b": [1, 2, 3, 4]})
    inputs = transformed(train, train)
    a = np.array([1.0, 2.0, 2.0, 9.0])  # median of 1, 2, 9
    b = np.array([1.0, 2.0, 3.0, 4.0])
    expected = np.stack([(a - a.mean()) / a.std(), (b - b.mean()) / b.std(), [0, 0, 1, 0]], axis=1)
    np.testing.assert_allclose(inputs, expected, atol=1e-12)


SKEWED = np.random.default_rng(0).lognormal(0, 2, 500)


def test_robust_is_logarithmic_beyond_the_quartiles():
    low, middle, high = np.quantile(SKEWED, [0.25, 0.5, 0.75])
    expected = np.arcsinh((SKEWED - middle) / (high - low))
    expected = (expected - expected.mean()) / expected.std()
    frame = pd.DataFrame({"x": SKEWED})
    np.testing.assert_allclose(transformed(frame, frame, "robust")[:, 0], expected, rtol=1e-9)


def test_quantile_makes_any_distribution_normal():
    frame = pd.DataFrame({"x": SKEWED})
    found = transformed(frame, frame, "quantile")[:, 0]
    ranks = stats.rankdata(SKEWED) - 1
    expected = stats.norm.ppf(np.clip(ranks / 499, 1e-7, 1 - 1e-7))
    np.testing.assert_allclose(found, (expected - expected.mean()) / expected.std(), rtol=1e-6, atol=1e-9)
    assert stats.skew(found) == pytest.approx(0, abs=0.05) != stats.skew(SKEWED)


def test_quantile_leaves_two_values_what_they_are_standardised():
    frame = pd.DataFrame({"x": [0.0] * 95 + [1e6] * 5, "flag": [True] * 3 + [False] * 97})
    by_quantile = transformed(frame, frame, "quantile")
    np.testing.assert_allclose(by_quantile, transformed(frame, frame), rtol=1e-9)


def test_piecewise_linear_is_linear_between_quantiles():
    frame = pd.DataFrame({"x": SKEWED})
    knots = np.quantile(SKEWED, np.linspace(0, 1, 9))
    expected = np.stack([np.interp(SKEWED, knots, hat) for hat in np.eye(9)], axis=1)
    np.testing.assert_allclose(transformed(frame, frame, "piecewise_linear"), expected, atol=1e-9)


@EVERY
def test_awkward_numbers_are_finite_and_few(numbers_by):
    """Constant, mostly zero, empty, with gaps; and values that training has not seen."""
    train = pd.DataFrame(
        {
            "constant": 7.0,
            "mostly zero": [0.0] * 190 + list(np.logspace(0, 6, 10)),
            "never": np.nan,
            "gaps": [np.nan, 1.0, 5.0, 1e4] * 50,
            "flag": [True, False] * 100,
        }
    )
    other = pd.DataFrame(
        {"constant": [-1e9, 8.0], "mostly zero": [1e12, -3.0], "never": 5.0, "gaps": [np.nan, -1e9], "flag": True}
    )
    for frame in (train, other):
        found = transformed(train, frame, numbers_by)
        assert np.isfinite(found).all()
    if numbers_by != "standard":  # which is linear: a value far outside is far outside
        assert np.abs(transformed(train, other, numbers_by)).max() < 100


@EVERY
def test_no_rescaling_sees_labels_or_other_rows(numbers_by):
    frame = pd.DataFrame({"x": SKEWED, "kind": ["a", "b"] * 250})
    labels = (np.arange(500) % 5 == 0).astype("int8")
    splits = make_splits(
        check(Dataset("d", frame, labels, "test")),
        RandomSplit(seed=1, validation=0.2, test=0.2),
        preprocessing=numbers_by,
    )
    rows = splits.train.rows
    by_hand = make_preprocessing(frame.iloc[rows], numbers_by).fit(frame.iloc[rows])
    expected = by_hand.transform(frame.iloc[splits.test.rows])
    np.testing.assert_allclose(splits.test.inputs, expected, rtol=1e-5, atol=1e-6)


def test_one_hot_pools_the_rare_and_keeps_gaps_apart():
    colours = ["red"] * 20 + ["blue"] * 15 + [None] * 12 + ["jade"] * 2 + ["plum"]
    train = pd.DataFrame({"colour": pd.Series(colours, dtype="str")})
    seen = pd.DataFrame({"colour": pd.Series(["blue", "red", None, "jade", "plum", "never seen"], dtype="str")})
    inputs = transformed(train, seen)
    assert inputs.shape == (6, 4)
    assert (inputs.sum(axis=1) == 1).all()
    columns = inputs.argmax(axis=1)
    assert len(set(columns[:3])) == 3, "blue, red and a gap are three categories"
    assert columns[3] == columns[4] == columns[5], "rare and unknown ones share one input"


def test_unknown_category_without_a_pool_scores_as_none_of_the_known():
    train = pd.DataFrame({"x": ["a", "b"] * 20})
    assert transformed(train, pd.DataFrame({"x": ["c", None]})).tolist() == [[0, 0], [0, 0]]


def test_an_identifier_does_not_explode():
    train = pd.DataFrame({"id": [f"customer {row}" for row in range(500)], "x": np.arange(500.0)})
    assert transformed(train, train).shape == (500, 2)
    fairly_many = pd.DataFrame({"town": [f"town {row % 200}" for row in range(4000)]})
    assert transformed(fairly_many, fairly_many).shape[1] == 30


def test_the_training_part_alone_decides_the_width():
    train = pd.DataFrame({"a": [1.0, 2.0, 3.0], "never": [np.nan] * 3, "flag": [True, False, True]})
    other = pd.DataFrame({"a": [np.nan, 1.0], "never": [np.nan, np.nan], "flag": [True, True]})
    assert transformed(train, train).shape[1] == transformed(train, other).shape[1] == 4
    assert np.isfinite(transformed(train, other)).all()


@pytest.mark.parametrize(
    "other",
    [
        pd.DataFrame({"flag": [True], "x": [2], "n": [3.0], "kind": [7]}),
        pd.DataFrame({"kind": pd.Categorical([7]), "n": [3], "x": [2.0], "flag": [1.0]}),
        pd.DataFrame({"kind": ["7"], "n": pd.array([3], "Int64"), "x": ["2.0"], "flag": pd.array([True], "boolean")}),
        pd.DataFrame({"kind": [7], "n": [3], "x": [2], "flag": [1], "extra": ["ignored"]}),
        pd.DataFrame({"kind": [7], "n": [3], "x": [2], "flag": [True]}, dtype=object),
    ],
    ids=["other order", "category, float flag", "texts and nullable types", "extra column", "objects"],
)
def test_the_same_row_in_other_types_gives_the_same_inputs(other):
    rows = 40
    train = pd.DataFrame(
        {
            "flag": [True, False] * (rows // 2),
            "x": np.linspace(0, 5, rows),
            "n": np.arange(rows),
            "kind": pd.Categorical([7, 8] * (rows // 2)),
        }
    )
    expected = transformed(train, pd.DataFrame({"flag": [True], "x": [2.0], "n": [3], "kind": pd.Categorical([7])}))
    np.testing.assert_allclose(transformed(train, other), expected)
    assert expected[0, -2:].tolist() == [1, 0]


def test_categories_of_numbers_with_gaps():
    train = pd.DataFrame({"kind": pd.Categorical([7, 8, None] * 20), "void": pd.Categorical([None] * 60)})
    other = pd.DataFrame({"kind": pd.Categorical([8, None, 7]), "void": ["new", None, None]})
    inputs = transformed(train, other)
    assert inputs.tolist() == [[0, 1, 0, 0], [0, 0, 1, 1], [1, 0, 0, 1]]


def test_nullable_gaps_are_gaps():
    train = pd.DataFrame({"n": [1.0, np.nan, 3.0], "flag": [True, False, True]})
    other = pd.DataFrame({"n": pd.array([None, 3], "Int64"), "flag": pd.array([None, True], "boolean")})
    inputs = transformed(train, other)
    assert np.isfinite(inputs).all()
    assert inputs[:, 2].tolist() == [1, 0]


def test_boolean_columns_alone():
    train = pd.DataFrame({"p": [True, False, True, True], "q": [False, False, True, True]})
    assert transformed(train, train).mean(axis=0) == pytest.approx([0, 0])


def test_pixels_keep_their_places():
    values = np.random.default_rng(0).normal(size=(50, 6))
    frame = pd.DataFrame(values, columns=[f"pixel_{i}" for i in range(6)])
    np.testing.assert_allclose(transformed(frame, frame), (values - values.mean(0)) / values.std(0))


@EVERY
def test_a_pickle_loads_without_this_package(tmp_path, numbers_by):
    train = pd.DataFrame({"a": [1.0, np.nan, 3.0] * 10, "kind": ["x", "y", "x"] * 10})
    file = tmp_path / "preprocessing.pickle"
    file.write_bytes(pickle.dumps(make_preprocessing(train, numbers_by).fit(train)))
    script = (
        "import pickle, sys, pandas as pd; sys.modules['runner'] = None;"
        f"print(pickle.load(open({str(file)!r}, 'rb')).transform(pd.DataFrame({{'a': [1.0], 'kind': ['x']}})).shape)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.strip() == ("(1, 12)" if numbers_by == "piecewise_linear" else "(1, 4)")


def test_names_of_the_inputs():
    train = pd.DataFrame({"a": [1.0, np.nan, 3.0] * 10, "kind": ["x", "y", "x"] * 10})
    names = make_preprocessing(train).fit(train).get_feature_names_out().tolist()
    assert names == ["values__a", "missing__missingindicator_a", "categories__kind_x", "categories__kind_y"]


def test_nothing_leaks_from_the_held_out_rows():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"a": rng.normal(size=300), "kind": rng.choice(["x", "y"], 300), "row": np.arange(300)})
    frame.loc[::7, "a"] = np.nan
    labels = np.arange(300) % 5 == 0
    before = make_splits(check(Dataset("d", frame, labels, "test")), RandomSplit(seed=1, validation=0.2, test=0.2))
    changed = frame.copy()
    held_out = np.concatenate([before.validation.rows, before.test.rows])
    changed.loc[held_out, "a"] = 1e6 + rng.normal(size=len(held_out))
    changed.loc[held_out, "kind"] = "z"
    after = make_splits(check(Dataset("d", changed, labels, "test")), RandomSplit(seed=1, validation=0.2, test=0.2))
    np.testing.assert_array_equal(before.train.rows, after.train.rows)
    np.testing.assert_array_equal(before.train.inputs, after.train.inputs)
    fitted = after.preprocessing.named_transformers_["values"]
    known = frame["a"].iloc[before.train.rows]
    assert fitted["simpleimputer"].statistics_[0] == known.median()
    assert fitted["standardscaler"].mean_[0] == pytest.approx(known.fillna(known.median()).mean())
