"""Parquet files that are read block by block: the same rows, splits and inputs as read as a whole."""

import logging

import numpy as np
import pandas as pd
import psutil
import pyarrow as pa
import pytest
from pyarrow import parquet

from runner.data import Dataset, HashSplit, KFoldSplit, RandomSplit, Splits, StreamedDataset, check, make_splits
from runner.data.sources import load_file, streamed_file
from runner.data.sources.parquet_files import ParquetFiles
from runner.errors import InputError
from runner.terms.findings import collected

ROWS = 600


def frame(rows: int = ROWS, seed: int = 0) -> pd.DataFrame:
    """Numbers with and without gaps, true/false, texts, categories; a fifth positive; some rows twice."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "a": rng.normal(3, 2, rows).astype(np.float32),
            "b": rng.exponential(5, rows),
            "whole": rng.integers(0, 50, rows),
            "few": pd.array(rng.integers(0, 9, rows), dtype="Int64"),
            "ok": rng.random(rows) < 0.3,
            "town": rng.choice(["x", "y", "z"], rows),
            "kind": pd.Categorical(rng.choice(["p", "q"], rows)),
            "y": (rng.random(rows) < 0.2).astype(np.int8),
            "who": rng.integers(0, 200, rows),
            "w": rng.random(rows) + 0.5,
        }
    )
    table.loc[rng.random(rows) < 0.1, ["b", "few", "town"]] = None
    return pd.concat([table[:-10], table[:10].assign(who=np.arange(1000, 1010))], ignore_index=True)


@pytest.fixture
def folder(tmp_path):
    """Two files of two row groups each."""
    table = frame()
    for number, rows in enumerate(np.array_split(np.arange(ROWS), 2)):
        table.iloc[rows].to_parquet(tmp_path / f"{number}.parquet", row_group_size=160, index=False)
    return tmp_path


def load(path, **asked):
    return load_file(path, "y", **{"drop": ["who", "w"], **asked})


def streamed(path, **asked) -> StreamedDataset:
    loaded = load(path, streaming=True, **asked)
    assert isinstance(loaded, StreamedDataset)
    return loaded


def rows_of(splits: Splits) -> list[list[int]]:
    return [part.rows.tolist() for part in (splits.train, splits.validation, splits.test)]


def test_the_same_rows_labels_and_sample_as_read_as_a_whole(folder):
    whole, blocks = check(load(folder)), streamed(folder)
    np.testing.assert_array_equal(blocks.labels, whole.labels)
    pd.testing.assert_frame_equal(blocks.features, whole.features, check_dtype=False, check_categorical=False)
    assert blocks.features.shape == (ROWS, 7)
    assert "streamed in 4 row groups" in blocks.summary
    assert "categories of all rows" in blocks.summary


@pytest.mark.parametrize("asked", [{}, {"group": "who", "drop": ["w"]}, {"sample_weight": "w", "drop": ["who"]}])
def test_a_split_by_hash_has_the_same_rows_either_way(folder, asked):
    split = HashSplit(3, 0.25, 0.2)
    whole, blocks = (make_splits(load(folder, streaming=streaming, **asked), split) for streaming in (False, True))
    assert rows_of(whole) == rows_of(blocks)
    for part, other in ((whole.train, blocks.train), (whole.validation, blocks.validation), (whole.test, blocks.test)):
        np.testing.assert_array_equal(part.labels, other.labels)
        assert (part.weights is None) == (other.weights is None) == ("sample_weight" not in asked)
        if part.weights is not None and other.weights is not None:
            np.testing.assert_allclose(part.weights, other.weights, rtol=1e-6)


def test_which_part_a_row_is_in_depends_neither_on_files_nor_on_blocks(folder, tmp_path):
    table = frame()
    order = np.random.default_rng(1).permutation(ROWS)
    shuffled = tmp_path / "shuffled" / "one.parquet"
    shuffled.parent.mkdir()
    columns = list(table.columns[::-1])
    table.iloc[order][columns].to_parquet(shuffled, row_group_size=350, index=False)
    split = HashSplit(0, 0.2, 0.2)
    first, other = rows_of(make_splits(streamed(folder), split)), rows_of(make_splits(streamed(shuffled), split))
    assert first == [sorted(order[rows].tolist()) for rows in other]
    assert first != rows_of(make_splits(streamed(folder), HashSplit(1, 0.2, 0.2)))


def test_equal_rows_and_rows_of_a_group_are_in_one_part(folder):
    sides = np.empty(ROWS, int)
    for number, rows in enumerate(rows_of(make_splits(streamed(folder), HashSplit(0, 0.3, 0.3)))):
        sides[rows] = number
    np.testing.assert_array_equal(sides[:10], sides[-10:])
    grouped = streamed(folder, group="who", drop=["w"])
    for number, rows in enumerate(rows_of(make_splits(grouped, HashSplit(0, 0.3, 0.3)))):
        sides[rows] = number
    assert (pd.Series(sides).groupby(frame()["who"]).nunique() == 1).all()


def test_shares_are_those_asked_for_up_to_chance():
    table = pd.DataFrame({"x": np.arange(40_000.0), "t": np.arange(40_000).astype(str)})
    sides = HashSplit(5, 0.25, 0.1).rows(check(_dataset(table)))
    got = np.array([len(side) for side in sides]) / 40_000
    # Five standard deviations of a binomial share.
    np.testing.assert_allclose(got, [0.65, 0.25, 0.1], atol=5 * np.sqrt(0.25 / 40_000))


def _dataset(table):
    return Dataset("d", table, np.arange(len(table)) % 2, "test")


@pytest.mark.parametrize("preprocessing", ["standard", "robust", "quantile", "piecewise_linear"])
def test_inputs_are_those_of_the_table_read_as_a_whole(folder, preprocessing):
    split = HashSplit(0, 0.2, 0.2)
    whole = make_splits(load(folder), split, preprocessing)
    blocks = make_splits(streamed(folder), split, preprocessing)
    for part, other in ((whole.train, blocks.train), (whole.validation, blocks.validation), (whole.test, blocks.test)):
        assert other.inputs.shape == part.inputs.shape
        np.testing.assert_allclose(other.inputs[:], part.inputs, atol=1e-6)
        np.testing.assert_allclose(other.inputs[30:110], part.inputs[30:110], atol=1e-6)
        some = np.array([0, 1, 50, len(part.rows) - 1])
        np.testing.assert_allclose(other.inputs_of(some), part.inputs[some], atol=1e-6)
    assert blocks.preprocessing.get_feature_names_out().tolist() == whole.preprocessing.get_feature_names_out().tolist()


def test_means_are_of_all_training_rows_and_medians_of_the_sample(folder, monkeypatch):
    monkeypatch.setattr(streamed_file, "SAMPLED_ROWS", 200)
    monkeypatch.setattr(streamed_file, "LEAST_SAMPLED", 1)
    dataset = streamed(folder)
    assert (len(dataset.features), len(dataset.sampled), len(dataset.labels)) == (200, 200, ROWS)
    assert "categories of a sample of 200 rows" in dataset.summary
    splits = make_splits(dataset, HashSplit(0, 0.2, 0.2))
    fitted = splits.preprocessing.named_transformers_["values"]
    trained = frame().iloc[splits.train.rows]
    sample = trained.loc[trained.index.isin(dataset.sampled)]
    np.testing.assert_allclose(fitted[1].statistics_[1], sample["b"].median())
    filled = trained["b"].fillna(sample["b"].median()).to_numpy(np.float64)
    np.testing.assert_allclose(fitted[-1].mean_[1], filled.mean(), rtol=1e-12)
    np.testing.assert_allclose(fitted[-1].scale_[1], filled.std(), rtol=1e-12)
    np.testing.assert_array_equal(dataset.features_of(splits.train.rows)["b"], sample["b"])


def test_the_digest_is_of_the_content(folder, tmp_path):
    other = tmp_path / "renamed" / "all.parquet"
    other.parent.mkdir()
    table = frame()
    table.to_parquet(other, index=False)
    assert streamed(folder).digest == streamed(other).digest
    for column, value in (("a", 9.0), ("town", "v"), ("y", 1 - table["y"].iloc[5])):
        changed = table.copy()
        changed.loc[5, column] = value
        changed.to_parquet(other, index=False)
        assert streamed(folder).digest != streamed(other).digest


def test_auto_goes_by_the_memory_that_is_free(folder, monkeypatch, caplog):
    memory = psutil.virtual_memory()
    assert not isinstance(load(folder, streaming="auto"), StreamedDataset)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory._replace(available=100_000))
    with caplog.at_level(logging.INFO, "runner.data"):
        assert isinstance(load(folder, streaming="auto"), StreamedDataset)
    assert "streamed: as a whole it would take some" in caplog.text
    assert not isinstance(load(folder, streaming=False), StreamedDataset)


def test_rows_in_the_order_of_the_target_are_warned_of(folder, tmp_path, caplog):
    table = frame().sort_values("y")
    table.to_parquet(tmp_path / "sorted.parquet", row_group_size=160, index=False)
    make_splits(streamed(tmp_path / "sorted.parquet"), HashSplit(0, 0.2, 0.2))
    assert "have no positive training row" in caplog.text
    caplog.clear()
    make_splits(streamed(folder / "0.parquet"), HashSplit(0, 0.2, 0.2))
    assert "have no positive training row" not in caplog.text


def test_findings_are_of_the_sample(tmp_path):
    table = frame()
    table["leak"] = table["y"] * 2.5
    table.to_parquet(tmp_path / "t.parquet", index=False)
    with collected([]) as found:
        streamed(tmp_path / "t.parquet")
    assert [finding.code for finding in found] == ["LEAK01"]


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"target": "z"}, ["no column 'z'"]),
        ({"group": "nobody"}, ["dataset.group", "'nobody'"]),
        ({"cost_fn": 3.0}, ["dataset.cost_fn=3.0", "dataset.streaming=false"]),
        ({"split_column": "w"}, ["split.column=w", "leave it out"]),
        ({"numeric": ["town"]}, ["dataset.numeric", "'town'", "texts"]),
        ({"sample_weight": "b"}, ["weight column 'b'", "are missing"]),
        ({"target": "town", "positive_label": "x"}, ["target column 'town'", "values are missing", "row"]),
        ({"target": "whole"}, ["holds 50 different values", "dataset.positive_label"]),
    ],
)
def test_refusals(folder, asked, named):
    with pytest.raises(InputError) as refused:
        load_file(folder, **{"target": "y", "streaming": True, "drop": ["who"], **asked})
    assert "\n" not in str(refused.value)
    for text in named:
        assert text in str(refused.value)


def test_what_needs_all_rows_is_refused_with_the_way_out(folder, tmp_path, monkeypatch):
    dataset = streamed(folder)
    with pytest.raises(InputError, match=r"KFoldSplit looks at all rows at once.*split=hash"):
        make_splits(dataset, KFoldSplit(5, 1, 0, 0, 0, 0.2, "together"))
    with pytest.raises(InputError, match=r"split.duplicates=drop .*together"):
        make_splits(dataset, RandomSplit(0, 0.2, 0.2, "drop"))
    assert rows_of(make_splits(dataset, RandomSplit(0, 0.2, 0.2))) == rows_of(
        make_splits(dataset, HashSplit(0, 0.2, 0.2))
    )
    (tmp_path / "t.csv").write_text("a,y\n1,0\n2,1\n")
    with pytest.raises(InputError, match=r"reads Parquet files, and .*t.csv is none"):
        load_file(tmp_path / "t.csv", "y", streaming=True)
    monkeypatch.setattr("runner.data.sources.parquet_files.MOST_BYTES", 1000)
    with pytest.raises(InputError, match=r"0.parquet, row group 0: takes .* row_group_size=100_000"):
        streamed(folder)


def test_infinite_numbers_and_overflow_are_refused_by_name(tmp_path):
    table = frame()
    table.loc[500, "b"] = np.inf
    table.to_parquet(tmp_path / "t.parquet", index=False, row_group_size=400)
    with pytest.raises(InputError, match="row group 1: column 'b': 1 infinite values"):
        streamed(tmp_path / "t.parquet")


@pytest.mark.parametrize("streaming", [False, True])
def test_files_that_do_not_fit_together_are_refused(folder, streaming):
    table = frame(50)
    table.assign(whole="a").to_parquet(folder / "2.parquet", index=False)
    with pytest.raises(InputError, match=r"2.parquet: column 'whole' holds texts, and numbers in .*0.parquet"):
        load(folder, streaming=streaming)
    table.drop(columns="a").to_parquet(folder / "2.parquet", index=False)
    with pytest.raises(InputError, match=r"2.parquet: has no 'a', unlike .*0.parquet"):
        load(folder, streaming=streaming)


@pytest.mark.parametrize("streaming", [False, True])
def test_folders_patterns_and_files(folder, streaming):
    (folder / "_SUCCESS").touch()
    (folder / ".part.crc").touch()
    every = load(folder, streaming=streaming)
    assert every.digest == load(f"{folder}/*.parquet", streaming=streaming).digest
    assert len(load(folder / "1.parquet", streaming=streaming).labels) == ROWS // 2
    (folder / "deep" / "deeper").mkdir(parents=True)
    with pytest.raises(InputError, match=r"deep: is a folder without Parquet files.*deep/\*.csv"):
        load(folder / "deep", streaming=streaming)
    (folder / "0.parquet").rename(folder / "deep" / "deeper" / "0.parquet")
    with pytest.raises(InputError, match=r"deep/\*\*/\*.parquet"):
        load(folder / "deep", streaming=streaming)
    (folder / "1.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(InputError, match=r"1.parquet: cannot be read"):
        load(folder, streaming=streaming)


def test_new_rows_are_read_as_the_whole_table_says(folder):
    whole, blocks = load(folder, categorical=["few"]), streamed(folder, categorical=["few"])
    assert dict(blocks.reading) == dict(whole.reading)
    assert blocks.features["few"].dtype == "str"
    split = HashSplit(0, 0.2, 0.2)
    np.testing.assert_allclose(
        make_splits(blocks, split).test.inputs[:], make_splits(whole, split).test.inputs, atol=1e-6
    )


def test_estimated_memory_counts_numbers_and_texts(tmp_path):
    table = pa.table({"a": np.zeros(1000, np.float32), "t": ["some text"] * 1000})
    parquet.write_table(table, tmp_path / "t.parquet", use_dictionary=False)
    size = ParquetFiles.open([tmp_path / "t.parquet"]).column_bytes
    assert 8000 + 1000 * len("some text") <= size <= 8000 + 2000 * len("some text")
