"""The logged model: raw frames in, probability and label out, without our package on the path."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.pyfunc.scoring_server import invocations
from scipy.special import expit
from sklearn.metrics import brier_score_loss

from runner.evaluation.calibration import platt_scaling
from runner.evaluation.calibrators import AUTO
from runner.runs.folder import RunFolder
from runner.tracking import ModelPackage, save_model

SCORE = """
import importlib.abc, sys
class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("runner", "losses"):
            raise ImportError(name)
sys.meta_path.insert(0, Refuse())
import mlflow, pandas as pd
mlflow.set_tracking_uri(sys.argv[1])
frame = pd.read_csv(sys.argv[3])
mlflow.pyfunc.load_model(sys.argv[2]).predict(frame).to_csv(sys.argv[4], index=False)
"""


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Numbers with gaps, whole numbers, true/false, categories with gaps, and an all-missing column."""
    rng = np.random.default_rng(0)
    label = rng.random(400) < 0.15
    amount = np.round(rng.normal(size=400) + 2 * label, 3)
    return pd.DataFrame(
        {
            "amount": np.where(rng.random(400) < 0.1, np.nan, amount),
            "visits": rng.integers(0, 9, 400),
            "member": rng.random(400) < 0.5,
            "colour": pd.Series(rng.choice(["red", "green", "blue"], 400)).where(rng.random(400) > 0.1),
            "empty": np.nan,
            "outcome": np.where(label, "fraud", "fine"),
        }
    )


@pytest.fixture
def trained(command, tmp_path, table, once={}):  # noqa: B006 - the default is the memory: one run serves all tests
    if once:
        return once["run"]
    table.to_csv(tmp_path / "table.csv", index=False)
    done = command(
        "dataset=file",
        "dataset.path=table.csv",
        "dataset.target=outcome",
        "dataset.positive_label=fraud",
        "loss=focal",
        "trainer.epochs=3",
        "evaluation.bootstrap=0",
    )
    assert done.status == 0, done.err
    assert "empty" in done.err  # the warning names the column that is dropped
    once["run"] = done
    return done


def model_of(trained, outputs: Path):
    mlflow.set_tracking_uri(f"sqlite:///{outputs / 'mlflow.db'}")
    try:
        return mlflow.pyfunc.load_model(f"runs:/{trained.run_id}/model")
    finally:
        mlflow.set_tracking_uri("")


def test_scores_equal_the_saved_predictions(trained, outputs, tmp_path, table):
    saved = pd.read_parquet(trained.folder(tmp_path) / "predictions" / "test.parquet")
    scored = model_of(trained, outputs).predict(table.iloc[saved.row].drop(columns="outcome"))
    threshold = (
        mlflow.MlflowClient(f"sqlite:///{outputs / 'mlflow.db'}").get_run(trained.run_id).data.metrics["threshold"]
    )

    assert list(scored.columns) == ["probability", "raw_probability", "label"]
    np.testing.assert_allclose(scored.raw_probability, saved.probability, rtol=1e-6)
    validation = pd.read_parquet(trained.folder(tmp_path) / "predictions" / "validation.parquet")
    slope, shift = platt_scaling(validation.label.to_numpy(), validation.logit.to_numpy())
    np.testing.assert_allclose(scored.probability, expit(slope * saved.logit + shift), rtol=1e-5)
    np.testing.assert_array_equal(scored.label, saved.probability >= threshold)


def test_scores_without_our_package_in_a_fresh_process(trained, outputs, tmp_path, table):
    table.drop(columns=["outcome", "empty"]).head(7).to_csv(tmp_path / "new.csv", index=False)
    uri, model = f"sqlite:///{outputs / 'mlflow.db'}", f"runs:/{trained.run_id}/model"
    arguments = [uri, model, "new.csv", "scores.csv"]
    done = subprocess.run(
        [sys.executable, "-c", SCORE, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr[-2000:]
    expected = model_of(trained, outputs).predict(table.head(7))
    np.testing.assert_allclose(pd.read_csv(tmp_path / "scores.csv").probability, expected.probability, rtol=1e-6)


@pytest.mark.parametrize(
    "change",
    [
        lambda frame: frame.assign(colour="violet"),
        lambda frame: frame.assign(colour=None, amount=np.nan),
        lambda frame: frame.assign(visits=[1.0, np.nan] * 5),
        lambda frame: frame.assign(visits=pd.array([1, None] * 5, dtype="Int64")),
        lambda frame: frame.assign(amount=3, member=1),
        lambda frame: frame.assign(member=[True, None] * 5),
        lambda frame: frame.assign(colour=pd.Categorical(["red", "blue"] * 5)),
        lambda frame: frame[frame.columns[::-1]].assign(extra="ignored"),
    ],
    ids=[
        "unknown category",
        "gaps",
        "gap in whole numbers",
        "Int64",
        "whole for decimal",
        "None",
        "categorical",
        "order",
    ],
)
def test_frames_as_users_have_them_are_scored(trained, outputs, table, change):
    scored = model_of(trained, outputs).predict(change(table.head(10).drop(columns="outcome")))

    assert scored.probability.between(0, 1).all()
    assert set(scored.label) <= {0, 1}


def test_a_missing_column_is_refused_by_name(trained, outputs, table):
    with pytest.raises(Exception, match="amount"):
        model_of(trained, outputs).predict(table.drop(columns="amount"))


def test_the_saved_folder_scores_too(trained, outputs, tmp_path, table):
    from_folder = mlflow.pyfunc.load_model(str(trained.folder(tmp_path) / "model")).predict(table)

    pd.testing.assert_frame_equal(from_folder, model_of(trained, outputs).predict(table))


def test_no_rows_have_no_scores(trained, outputs, table):
    scores = model_of(trained, outputs).predict(table.iloc[:0])
    assert list(scores.columns) == ["probability", "raw_probability", "label"]
    assert len(scores) == 0


@pytest.mark.parametrize("kind", ["text/csv", "application/json"])
@pytest.mark.parametrize("rows", [5, 0])
def test_mlflow_s_server_takes_rows_as_csv_and_json(trained, outputs, table, kind, rows):
    model, part = model_of(trained, outputs), table.iloc[:rows]
    body = part.to_csv(index=False)
    if kind == "application/json":
        body = json.dumps({"dataframe_split": json.loads(part.to_json(orient="split", index=False))})
    answer = invocations(body, kind, model, model.metadata.get_input_schema())
    assert answer.status == 200, answer.response
    columns = ["probability", "raw_probability", "label"]
    scores = pd.DataFrame(json.loads(answer.response)["predictions"], columns=columns)
    expected = model.predict(part)["probability"]
    np.testing.assert_allclose(scores["probability"].astype(float), expected, rtol=1e-6)


def test_the_model_says_what_its_columns_and_probabilities_are(trained, outputs, table):
    said = model_of(trained, outputs).metadata.metadata
    assert set(said["columns"]) <= set(table.columns)
    assert set(said["columns"].values()) == {"number", "category"}
    assert "calibrated by platt (slope " in said["probability"]
    assert "fitted on 80 validation rows" in said["probability"]
    assert "not calibrated" in said["raw_probability"]
    assert "max_f1, chosen on validation" in said["label"]
    run = mlflow.MlflowClient(f"sqlite:///{outputs / 'mlflow.db'}").get_run(trained.run_id)
    assert run.data.params["calibrator"].startswith("platt (slope ")
    assert f"{run.data.metrics['calibrator/slope']:.4g}" in run.data.params["calibrator"]


def test_requirements_are_pinned_and_an_example_is_there(trained, tmp_path):
    folder = trained.folder(tmp_path) / "model"

    lines = (folder / "requirements.txt").read_text().split()
    assert {line.split("==")[0] for line in lines} >= {"tensorflow", "keras", "scikit-learn", "pandas", "mlflow"}
    assert all("==" in line for line in lines)
    assert (folder / "input_example.json").exists()
    assert "signature" in (folder / "MLmodel").read_text()


def test_text_read_as_numbers_is_scored_as_the_text_it_was(command, outputs, tmp_path):
    """A code column "34", "35", one "unknown": a new file without the word reads as numbers, with a gap as decimals."""
    rng = np.random.default_rng(0)
    codes = rng.choice(["34", "35", "36"], 300)
    frame = pd.DataFrame(
        {"code": codes, "noise": rng.normal(size=300), "y": ((codes == "34") & (rng.random(300) < 0.8)).astype(int)}
    )
    frame.loc[0, "code"] = "unknown"
    frame.to_csv(tmp_path / "codes.csv", index=False)
    done = command(
        "dataset=file", "dataset.path=codes.csv", "dataset.target=y", "trainer.epochs=2", *["evaluation.bootstrap=0"]
    )
    model = model_of(done, outputs)

    expected = model.predict(pd.DataFrame({"code": ["34", "35", "36"], "noise": 0.0})).probability
    assert expected[0] > expected[1]
    with pytest.warns(UserWarning, match="code was text"):
        whole = model.predict(pd.DataFrame({"code": [34, 35, 36], "noise": 0.0})).probability
    with pytest.warns(UserWarning, match="code was text"):
        decimal = model.predict(pd.DataFrame({"code": [34.0, 35.0, 36.0, np.nan], "noise": 0.0})).probability[:3]
    np.testing.assert_array_equal(whole, expected)
    np.testing.assert_array_equal(decimal, expected)


def test_a_word_in_a_column_of_numbers_is_refused_by_name(trained, outputs, table):
    with pytest.raises(Exception, match="amount must hold numbers"):
        model_of(trained, outputs).predict(table.head(3).assign(amount="n/a"))


def test_new_rows_read_by_plain_pandas_score_as_in_training(command, outputs, tmp_path):
    """What reading did to the columns of the file, the scorer does to a frame of its texts."""
    rng = np.random.default_rng(0)
    label = rng.random(300) < 0.3
    frame = pd.DataFrame(
        {
            "paid": [f"{value:,.2f} €".translate(str.maketrans(",.", ".,")) for value in rng.random(300) * 9000],
            "rate": [f"{value:.3f}".replace(".", ",") for value in rng.normal(size=300) + label],
            "age": np.where(rng.random(300) < 0.1, "?", rng.integers(18, 99, 300)),
            "score": np.where(rng.random(300) < 0.1, -999, rng.integers(0, 99, 300)),
            "calls": np.where(rng.random(300) < 0.1, "many", rng.integers(0, 9, 300)),
            "zip": rng.choice(["01234", "02345", "10115"], 300),
            "town": rng.choice(["Bonn ", " Ulm", "?"], 300),
            "y": label.astype(int),
        }
    )
    frame.to_csv(tmp_path / "german.csv", index=False, sep=";")
    done = command(
        *("dataset=file", "dataset.path=german.csv", "dataset.target=y", "dataset.missing=['?',-999]"),
        *("dataset.categorical=[zip]", "dataset.numeric=[calls]", "trainer.epochs=2", "evaluation.bootstrap=0"),
    )
    assert done.status == 0, done.err
    assert "read german.csv: 300 rows" in done.out
    saved = pd.read_parquet(done.folder(tmp_path) / "predictions" / "test.parquet")
    model = model_of(done, outputs)
    ways: list[dict[str, Any]] = [{"dtype": str}, {}, {"decimal": ","}, {"na_values": ["?", "-999"]}]
    for read in ways:
        table = pd.read_csv(tmp_path / "german.csv", sep=";", **read).iloc[saved.row].drop(columns="y")
        np.testing.assert_allclose(model.predict(table).raw_probability, saved.probability, rtol=1e-5)


def test_points_between_thousands_that_pandas_took_for_decimals_are_refused(command, outputs, tmp_path):
    rng = np.random.default_rng(0)
    paid = [f"{value:,}".replace(",", ".") for value in rng.integers(1_000, 99_999, 300)]
    pd.DataFrame({"paid": paid, "y": rng.integers(0, 2, 300)}).to_csv(tmp_path / "paid.csv", index=False, sep=";")
    done = command(
        *("dataset=file", "dataset.path=paid.csv", "dataset.target=y", "dataset.thousands=point"),
        *("trainer.epochs=1", "evaluation.bootstrap=0", "figures=none"),
    )
    model = model_of(done, outputs)
    with pytest.raises(Exception, match=r"paid had points between thousands.*thousands='\.'"):
        model.predict(pd.read_csv(tmp_path / "paid.csv", sep=";"))
    scored = model.predict(pd.read_csv(tmp_path / "paid.csv", sep=";", thousands="."))
    pd.testing.assert_frame_equal(scored, model.predict(pd.DataFrame({"paid": paid})))


@pytest.mark.parametrize("calibrator", ["auto", "venn_abers", "isotonic"])
def test_the_calibrator_of_the_configuration_is_the_models(command, outputs, tmp_path, table, calibrator):
    table.to_csv(tmp_path / "table.csv", index=False)
    done = command(
        *("dataset=file", "dataset.path=table.csv", "dataset.target=outcome", "dataset.positive_label=fraud"),
        *("loss=focal", "trainer.epochs=2", "evaluation.bootstrap=0", "figures=none"),
        f"evaluation.calibrator={calibrator}",
    )
    assert done.status == 0, done.err
    folder = done.folder(tmp_path)
    saved, metrics = pd.read_parquet(folder / "predictions" / "test.parquet"), RunFolder(folder).read_metrics()
    scored = model_of(done, outputs).predict(table.iloc[saved.row])

    assert brier_score_loss(saved.label, scored.probability) == pytest.approx(metrics["test_served/brier"], rel=1e-4)
    assert "test_calibrated/brier" in metrics  # by Platt scaling, whatever is served
    assert "| as served: " in (folder / "summary.md").read_text()
    method = json.loads((folder / "calibrator.json").read_text())["method"]
    assert method in AUTO if calibrator == "auto" else method == calibrator


def test_a_folder_that_a_killed_process_left_half_written_is_saved_whole(tmp_path):
    source = tmp_path / "model.py"
    source.write_text("import mlflow\nclass M(mlflow.pyfunc.PythonModel):\n    def predict(self, x): return x\n")
    with source.open("a") as file:
        file.write("mlflow.models.set_model(M())\n")
    for left in ("model", "model.part"):
        (tmp_path / left).mkdir()
        (tmp_path / left / "half").write_text("of it")
    save_model(ModelPackage({"python_model": str(source), "pip_requirements": ["mlflow"]}), tmp_path / "model")

    assert (tmp_path / "model" / "MLmodel").exists()
    assert not (tmp_path / "model" / "half").exists()
    assert not (tmp_path / "model.part").exists()
