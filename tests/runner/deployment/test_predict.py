"""Files scored in chunks: the same scores as of the whole, bad rows by number, nothing half done."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from runner.deployment import find_model, tables
from runner.deployment.predict import PredictOptions, predict_file
from runner.errors import InputError
from runner.evaluation.prevalence import with_prevalence
from runner.tracking.loaded_model import LoadedModel

SKIP = PredictOptions(skip=True)


@pytest.fixture(scope="module")
def model(swept) -> LoadedModel:
    return find_model(str(swept.runs(with_model=True)[0]), swept.uri)


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(tables, "BLOCK", 700)
    monkeypatch.setattr(tables, "ROWS", 64)


def written(table: pd.DataFrame, path: Path, kind: str) -> Path:
    """The table as a file of a kind, with a column that no model needs, the columns in another order."""
    frame = table[["colour", "member", "amount", "visits"]].assign(extra="x, y")
    path = path / f"new.{kind}"
    if kind == "parquet":
        frame.to_parquet(path)
    elif kind == "csv.gz":
        path.write_bytes(gzip.compress(frame.to_csv(index=False).encode()))
    else:
        frame.to_csv(path, index=False, sep={"csv": ",", "tsv": "\t", "txt": ";"}[kind])
    return path


@pytest.mark.parametrize("kind", ["csv", "tsv", "txt", "csv.gz", "parquet"])
@pytest.mark.parametrize("target", ["scores.parquet", "scores.csv"])
def test_a_file_in_chunks_scores_as_the_whole_table(model, swept, tmp_path, small_chunks, kind, target):
    found = predict_file(model, written(swept.table, tmp_path, kind), tmp_path / target, PredictOptions())
    scores = pd.read_parquet(tmp_path / target) if target.endswith("t") else pd.read_csv(tmp_path / target)
    expected = model.score(swept.table)

    assert list(scores.columns) == ["row", "probability", "raw_probability", "label"]
    assert scores["row"].tolist() == list(range(1, 401))
    np.testing.assert_allclose(scores["probability"], expected["probability"], rtol=1e-5)
    np.testing.assert_array_equal(scores["label"], expected["label"])
    assert (found.rows, found.positives, found.skipped) == (400, expected["label"].sum(), [])


BAD = """amount,visits,member,colour
1.5,3,True,red
oops,3,True,red
2.5,3
, ,NA,violet
1.5,3,True,red,9
0.5, 4 ,false,
"""


def test_bad_rows_end_it_by_their_number_and_leave_what_was_there(model, tmp_path):
    (tmp_path / "bad.csv").write_text(BAD)
    (tmp_path / "scores.csv").write_text("as before")

    with pytest.raises(InputError, match=r"bad.csv: row 2: amount='oops' is no number; --on-error skip"):
        predict_file(model, tmp_path / "bad.csv", tmp_path / "scores.csv", PredictOptions())
    assert (tmp_path / "scores.csv").read_text() == "as before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.csv", "scores.csv"]


def test_bad_rows_are_left_out_and_told_by_their_number(model, tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "BLOCK", 45)
    (tmp_path / "bad.csv").write_text(BAD)
    found = predict_file(model, tmp_path / "bad.csv", tmp_path / "scores.csv", SKIP)
    scores = pd.read_csv(tmp_path / "scores.csv")

    assert scores["row"].tolist() == [1, 4, 6]
    assert [str(row) for row in found.skipped] == [
        "row 2: amount='oops' is no number",
        "row 3: 2 cells where the header has 4",
        "row 5: 5 cells where the header has 4",
    ]
    frame = pd.DataFrame(
        {"amount": [1.5, np.nan, 0.5], "visits": [3, np.nan, 4], "member": [1, np.nan, 0], "colour": ["red", "x", None]}
    )
    np.testing.assert_allclose(scores["probability"], model.score(frame)["probability"], rtol=1e-6)


def test_rows_that_the_model_refuses_are_found_by_halves(model, swept, tmp_path):
    """What a Parquet file holds is looked at by the model alone."""
    amounts = swept.table["amount"].astype(object).where(swept.table.index % 150 != 7, other={"a": 1})
    asked: list[int] = []

    def score(frame: pd.DataFrame) -> pd.DataFrame:
        asked.append(len(frame))
        return model.score(frame)

    watched = LoadedModel(model.name, model.columns, model.reading, model.prevalence, score)
    frame = swept.table.drop(columns="y").assign(amount=[{"a": 1.0} if isinstance(v, dict) else None for v in amounts])
    frame.to_parquet(tmp_path / "odd.parquet")
    found = predict_file(watched, tmp_path / "odd.parquet", tmp_path / "scores.parquet", SKIP)

    assert [row.number for row in found.skipped] == [8, 158, 308]
    assert "amount must hold numbers" in found.skipped[0].reason
    assert found.rows == 397
    assert len(asked) < 70  # 3 rows of 400, each by halves


def test_a_file_without_a_good_row_is_refused(model, tmp_path):
    (tmp_path / "bad.csv").write_text("amount,visits,member,colour\nx,1,1,red\n")
    with pytest.raises(InputError, match=r"no row could be scored: row 1: amount='x'"):
        predict_file(model, tmp_path / "bad.csv", tmp_path / "scores.csv", SKIP)
    (tmp_path / "bad.csv").write_text("amount,visits,member,colour\n")
    with pytest.raises(InputError, match=r"no row could be scored$"):
        predict_file(model, tmp_path / "bad.csv", tmp_path / "scores.csv", SKIP)
    assert not (tmp_path / "scores.csv").exists()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("new.csv", "amount,visit,member,colour\n1,2,1,red\n", "no column 'visits', .* did you mean 'visit'"),
        ("new.csv", "1.5,3,1,red\n2.5,3,0,blue\n", "no column 'amount' and 3 more, .*first line must name the columns"),
        ("new.csv", "amount,visits,member,colour,amount\n", "two columns are called 'amount'"),
        ("new.csv", "", "the file is empty"),
        ("new.csv", b"amount,visits,member,colour\n1,2,1,\xff\n", "no UTF-8 text"),
        ("new.parquet", "amount", "no Parquet file"),
        ("new.xlsx", "amount", "a CSV file .* or a Parquet file is needed"),
    ],
)
def test_files_that_cannot_be_scored_are_refused_in_a_line(model, tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError, match=message) as refusal:
        predict_file(model, tmp_path / name, tmp_path / "scores.parquet", PredictOptions())
    assert "\n" not in str(refusal.value)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_the_prevalence_of_the_rows_moves_probabilities_and_no_label(model, swept, tmp_path):
    path = written(swept.table, tmp_path, "parquet")
    predict_file(model, path, tmp_path / "plain.parquet", PredictOptions())
    predict_file(model, path, tmp_path / "rare.parquet", PredictOptions(prevalence=0.002))
    plain, rare = (pd.read_parquet(tmp_path / f"{name}.parquet") for name in ("plain", "rare"))
    p, b, now = plain["probability"], model.prevalence, 0.002
    assert b is not None

    # Elkan (2001), theorem 2, as it is printed
    expected = now * (p - p * b) / (b - p * b + now * p - b * now)
    np.testing.assert_allclose(rare["probability"], expected, rtol=1e-9)
    pd.testing.assert_frame_equal(rare.drop(columns="probability"), plain.drop(columns="probability"))
    assert with_prevalence(np.array([0.0, 1.0]), 0.2, 0.01).tolist() == [0.0, 1.0]


def test_a_prevalence_needs_a_share_and_a_calibrated_model(model, swept, tmp_path):
    path = written(swept.table, tmp_path, "csv")
    old = LoadedModel("old", model.columns, {}, None, model.score)
    for asked, share, message in ((model, 1.5, "between 0 and 1"), (old, 0.1, "not calibrated: train it again")):
        with pytest.raises(InputError, match=message):
            predict_file(asked, path, tmp_path / "scores.csv", PredictOptions(prevalence=share))


def test_a_model_of_an_older_version_has_no_raw_probability(model, swept, tmp_path):
    old = LoadedModel("old", model.columns, {}, None, lambda frame: model.score(frame)[["probability", "label"]])
    predict_file(old, written(swept.table, tmp_path, "csv"), tmp_path / "scores.csv", PredictOptions())
    assert list(pd.read_csv(tmp_path / "scores.csv")) == ["row", "probability", "label"]


def test_the_command_scores_a_run_whose_model_was_not_kept(module_command, swept, tmp_path):
    """By its id: the model is made from the weights, and is the run's own."""
    (folder,) = swept.runs(with_model=False)
    saved = pd.read_parquet(folder / "predictions" / "test.parquet")
    swept.table.iloc[saved["row"]].to_csv(tmp_path / "new.csv", index=False)
    kept = shutil.copytree(folder, tmp_path / "kept")
    scores = tmp_path / "scores.parquet"
    done = module_command("predict", str(kept), str(tmp_path / "new.csv"), "-o", str(scores))

    assert done.status == 0, done.err
    assert f"{len(saved)} rows scored" in done.out
    np.testing.assert_allclose(pd.read_parquet(scores)["raw_probability"], saved["probability"], rtol=1e-5)
    assert swept.runs(with_model=False) == [folder]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("0123456789abcdef0123456789abcdef", "neither a folder nor a run of sqlite:///"),
        ("models:/nothing@champion", "no model can be loaded in sqlite:///"),
        ("SWEEP", "a sweep has many models"),
        ("FOLDER", "neither a model nor the folder of a finished run"),
        ("WEIGHTLESS", "neither a model nor weights were kept: train it with tracking.models=all"),
    ],
)
def test_models_that_are_not_there_are_refused_in_a_line(swept, tmp_path, name, message):
    if name == "WEIGHTLESS":
        shutil.copytree(swept.runs(with_model=False)[0], tmp_path / "run")
        (tmp_path / "run" / "weights.npz").unlink()
    places = {"SWEEP": swept.sweep_id, "FOLDER": str(tmp_path), "WEIGHTLESS": str(tmp_path / "run")}
    with pytest.raises(InputError, match=message) as refusal:
        find_model(places.get(name, name), swept.uri)
    assert "\n" not in str(refusal.value)


def test_a_run_is_found_by_its_id_and_a_store_that_is_not_there_is_not_made(swept, tmp_path):
    from runner import tracking

    tracker = tracking.MlflowTracker(tracking.Store(swept.uri, "", ""))
    of_sweep, _ = tracking.recorded_sweep(swept.uri, swept.sweep_id)
    children = of_sweep.children(swept.sweep_id)
    (run,) = [each for each in children if tracker.has_model(each)]
    assert find_model(run.run_id, swept.uri).columns == {
        "amount": "number", "visits": "number", "member": "number", "colour": "category",
    }  # fmt: skip
    with pytest.raises(InputError, match="is not there"):
        find_model(run.run_id, f"sqlite:///{tmp_path / 'mlflow.db'}")
    assert list(tmp_path.iterdir()) == []
