"""One run through the real command line into a real SQLite store, read back with MLflow's client."""

from __future__ import annotations

import json
import re
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
import sklearn.metrics
from commands import PLAIN, TINY, Command, Finished
from composed import run_once

EPOCH_METRICS = {"train/loss", "val/loss", "val/log_loss", "val/average_precision", "val/roc_auc"}
SCORES = {"average_precision", "roc_auc", "log_loss", "brier", "ece"}
DECISIONS = {"f1", "mcc", "g_mean", "balanced_accuracy", "precision", "recall", "specificity"}
FINAL_METRICS = (
    {f"{part}/{name}" for part in ("val", "test") for name in SCORES | DECISIONS}
    | {f"test_at_half/{name}" for name in DECISIONS}
    | {f"test/{name}.{end}" for name in (SCORES - {"ece"}) | DECISIONS for end in ("low", "high")}
    | {f"test_{way}/{name}" for way in ("calibrated", "debiased") for name in ("log_loss", "brier", "ece")}
    | {"threshold"}
)
FIGURES = {"loss_curves", "precision_recall", "roc", "confusion_matrix", "calibration", "threshold", "loss_shape"}
FIGURES |= {"cost", "decision_curve", "top_rows"}
LOSSES = sorted(path.stem for path in (Path(__file__).resolve().parent.parent / "conf" / "loss").glob("*.yaml"))
FOLDER_ONLY = ("tracking=none", *PLAIN)
ARTIFACTS = {"config.yaml", "predictions/test.parquet"} | {f"figures/{name}.png" for name in FIGURES}


@pytest.fixture
def client(outputs: Path) -> mlflow.MlflowClient:
    return mlflow.MlflowClient(f"sqlite:///{outputs / 'mlflow.db'}")


@pytest.fixture(scope="module")
def focal(module_command: Command) -> Finished:
    """One run, with all that a run leaves."""
    done = module_command(*TINY, "loss=focal", "seed=3")
    assert done.status == 0, done.err
    return done


def artifact_paths(client: mlflow.MlflowClient, run_id: str) -> set[str]:
    found, folders = set(), [""]
    while folders:
        for item in client.list_artifacts(run_id, folders.pop() or None):
            folders.append(item.path) if item.is_dir else found.add(item.path)
    return found


def test_everything_of_the_contract_lands_in_mlflow(focal, client):
    run = client.get_run(focal.run_id)

    assert run.info.status == "FINISHED"
    assert run.info.run_name == "focal gamma=2 · seed 3 · synthetic"
    assert run.data.params["loss"] == "focal"
    assert run.data.params["loss.gamma"] == "2.0"
    assert run.data.params["dataset"] == "synthetic"
    assert run.data.params["dataset.rows"] == "240"
    assert {"model", "optimizer", "trainer", "trainer.epochs", "split.seed", "seed"} <= set(run.data.params)
    assert set(run.data.metrics) >= FINAL_METRICS | EPOCH_METRICS
    for name in EPOCH_METRICS:
        assert sorted({metric.step for metric in client.get_metric_history(focal.run_id, name)}) == [1, 2]
    assert artifact_paths(client, focal.run_id) >= ARTIFACTS
    assert len(run.data.tags["dataset.sha256"]) == 64
    assert run.data.tags["version.tensorflow"]
    assert run.data.tags["device"] == "cpu"
    assert "average precision" in run.data.tags["mlflow.note.content"]
    dataset = run.inputs.dataset_inputs[0].dataset
    assert (dataset.name, dataset.digest) == ("synthetic", run.data.tags["dataset.sha256"][:32])


def test_the_folder_is_complete_without_mlflow(focal, module_folder):
    folder = focal.folder(module_folder)

    assert {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} >= ARTIFACTS | {
        "history.csv",
        "metrics.json",
        "summary.md",
        "model/MLmodel",
        "runner.log",
    }
    history = pd.read_csv(folder / "history.csv")
    assert list(history.epoch) == [1, 2]
    assert set(history.columns) == EPOCH_METRICS | {"epoch"}
    assert json.loads((folder / "metrics.json").read_text()).keys() >= FINAL_METRICS


def test_logged_metrics_equal_scikit_learn_on_the_saved_predictions(focal, client, module_folder):
    metrics = client.get_run(focal.run_id).data.metrics
    table = pd.read_parquet(focal.folder(module_folder) / "predictions" / "test.parquet")
    called = table.probability >= metrics["threshold"]

    assert list(table.columns) == ["row", "label", "logit", "probability"]
    expected = {
        "test/average_precision": sklearn.metrics.average_precision_score(table.label, table.probability),
        "test/roc_auc": sklearn.metrics.roc_auc_score(table.label, table.probability),
        "test/log_loss": sklearn.metrics.log_loss(table.label, table.probability),
        "test/brier": sklearn.metrics.brier_score_loss(table.label, table.probability),
        "test/f1": sklearn.metrics.f1_score(table.label, called),
        "test/mcc": sklearn.metrics.matthews_corrcoef(table.label, called),
        "test_at_half/recall": sklearn.metrics.recall_score(table.label, table.probability >= 0.5),
    }
    assert {name: metrics[name] for name in expected} == pytest.approx(expected, rel=1e-9)


def test_the_last_epoch_s_metrics_are_those_of_the_saved_validation_predictions(command, client, tmp_path):
    done = command(*TINY, *PLAIN, "loss=weighted", "trainer.early_stopping=null")
    last = pd.read_csv(done.folder(tmp_path) / "history.csv").iloc[-1]
    table = pd.read_parquet(done.folder(tmp_path) / "predictions" / "validation.parquet")

    weights = np.where(table.label == 1, 2.0, 1.0)
    losses = -np.log(np.where(table.label == 1, table.probability, 1 - table.probability))
    assert last["val/loss"] == pytest.approx(np.mean(weights * losses), rel=1e-5)
    assert last["val/log_loss"] == pytest.approx(np.mean(losses), rel=1e-6)
    assert client.get_run(done.run_id).data.metrics["val/log_loss"] == pytest.approx(last["val/log_loss"], rel=1e-6)


def test_after_early_stopping_the_final_metrics_are_the_best_epoch_s(command, client, tmp_path):
    rule = ["trainer.early_stopping.patience=2", "trainer.epochs=60", "optimizer.learning_rate=0.05"]
    done = command(*TINY, *PLAIN, *rule, "dataset.separation=1")
    curve = pd.read_csv(done.folder(tmp_path) / "history.csv").set_index("epoch")["val/average_precision"]
    metrics = client.get_run(done.run_id).data.metrics

    assert len(curve) < 60
    assert metrics["best_epoch"] == curve.idxmax() == len(curve) - 2
    assert metrics["val/average_precision"] == pytest.approx(curve.max(), rel=1e-9)
    assert curve.iloc[-1] < curve.max()


def test_the_same_seed_and_config_give_the_same_digits(command, tmp_path):
    quiet = (*TINY, *FOLDER_ONLY, "model=mlp_wide")
    first, again, other = (
        json.loads((command(*quiet, f"seed={seed}").folder(tmp_path) / "metrics.json").read_text())
        for seed in (7, 7, 8)
    )

    def results(metrics):
        return {name: value for name, value in metrics.items() if not name.startswith("wall_seconds/")}

    assert results(first) == results(again)
    assert results(first) != results(other)


@pytest.mark.exhaustive
def test_every_loss_trains(command, tmp_path):
    done = command("-m", *TINY, "loss=glob(*)", "model=logistic", *FOLDER_ONLY, "paths.outputs=outputs")
    assert (done.status, done.err) == (0, "")

    trained = set()
    for folder in (path.parent for path in tmp_path.glob("outputs/sweeps/*/*/*/metrics.json")):
        (loss,) = re.findall(r"loss=(\w+)", (folder / ".hydra" / "overrides.yaml").read_text())
        history, metrics = pd.read_csv(folder / "history.csv"), json.loads((folder / "metrics.json").read_text())
        assert list(history.epoch) == [1, 2], loss
        assert np.isfinite(history).all(axis=None), loss
        assert history["train/loss"].iloc[1] != history["train/loss"].iloc[0], loss
        assert metrics.keys() >= {name for name in FINAL_METRICS if not name.startswith("test_debiased/")}, loss
        assert 0 < metrics["test/log_loss"] < np.inf, loss
        trained.add(loss)
    assert trained == set(LOSSES)


def test_a_cnn_learns_images(command, client):
    done = command("dataset=digits", "model=cnn", "trainer.epochs=4", "evaluation.bootstrap=0", *PLAIN)

    assert done.status == 0, done.err
    assert client.get_run(done.run_id).data.metrics["test/roc_auc"] > 0.9


def test_a_sweep_makes_a_run_of_each_combination(command, client, outputs):
    before = {run.info.run_id for run in client.search_runs(["1"])}
    done = command("-m", *TINY, *PLAIN, "loss=builtin,focal", "seed=0,1", "model=logistic")
    runs = [run for run in client.search_runs(["1"]) if run.info.run_id not in before]
    runs = [run for run in runs if "mlflow.parentRunId" in run.data.tags]

    assert done.status == 0, done.err
    assert sorted((run.data.params["loss"], run.data.params["seed"]) for run in runs) == [
        ("builtin", "0"),
        ("builtin", "1"),
        ("focal", "0"),
        ("focal", "1"),
    ]
    assert len({run.data.tags["dataset.sha256"] for run in runs}) == 1


@pytest.mark.parametrize("flag", [[], ["-m"]], ids=["without -m", "with -m"])
def test_a_search_is_a_sweep_whose_runs_can_be_told_apart(command, client, flag):
    before = {run.info.run_id for run in client.search_runs(["1"])}
    done = command(*flag, *TINY, *PLAIN, "hparams_search=focal", "model=logistic")
    runs = [run for run in client.search_runs(["1"]) if run.info.run_id not in before]
    names = [run.info.run_name for run in runs if "mlflow.parentRunId" in run.data.tags]

    assert done.status == 0, done.err
    assert len(names) == len(set(names)) == 6
    assert "focal gamma=0.5 · logistic · learning_rate=0.003 · seed 0 · synthetic" in names


def test_the_articles_three_forms_give_the_same_curves(command, tmp_path):
    """Example 13: built-in, custom from scratch on logits, and the clipped formula on probabilities."""
    curves = []
    for loss in (["loss=builtin"], ["loss=custom"], ["loss=custom", "loss.formula=clipped", "loss.from_logits=false"]):
        done = command("experiment=article", *loss, *FOLDER_ONLY, "evaluation.bootstrap=0")
        assert done.status == 0, done.err
        curves.append(pd.read_csv(done.folder(tmp_path) / "history.csv"))

    assert len(curves[0]) == 10
    for other in curves[1:]:
        np.testing.assert_allclose(other, curves[0], rtol=2e-3, atol=1e-4)
    assert curves[0]["train/loss"].iloc[-1] < curves[0]["train/loss"].iloc[0]


@pytest.mark.parametrize("experiment", ["fraud_like", pytest.param("article", marks=pytest.mark.exhaustive)])
def test_every_experiment_runs(command, experiment):
    done = command(
        f"experiment={experiment}", "trainer.epochs=1", "evaluation.bootstrap=0", "model=logistic", *FOLDER_ONLY
    )

    assert done.status == 0, done.err


@pytest.fixture(scope="module")
def calibrated(module_command: Command, module_folder: Path) -> dict[str, Path]:
    """The folders of runs long enough for a loss to move probabilities, by loss."""
    longer = ("dataset.rows=2000", "trainer.epochs=15", "evaluation.bootstrap=0", "paths.outputs=calibrated")
    done = module_command("-m", *TINY, *longer, *FOLDER_ONLY, "loss=focal,asymmetric,builtin")
    assert done.status == 0, done.err
    files = module_folder.glob("calibrated/sweeps/*/*/*/.hydra/overrides.yaml")
    return {re.findall(r"loss=(\w+)", path.read_text())[0]: path.parents[1] for path in files}


@pytest.mark.parametrize(("loss", "closed_form"), [("focal", True), ("asymmetric", False), ("builtin", True)])
def test_probabilities_are_reported_raw_calibrated_and_by_the_closed_form(calibrated, loss, closed_form):
    metrics = json.loads((calibrated[loss] / "metrics.json").read_text())
    summary = (calibrated[loss] / "summary.md").read_text()

    assert "Platt scaling fitted on validation" in summary
    assert f"{metrics['test_calibrated/log_loss']:.4f}" in summary
    assert ("closed form alone" in summary) is ("test_debiased/ece" in metrics) is closed_form
    if loss == "builtin":  # nothing to undo
        assert metrics["test_debiased/ece"] == pytest.approx(metrics["test/ece"], rel=1e-9)
    else:
        assert metrics["test_calibrated/ece"] < 0.7 * metrics["test/ece"]
        assert metrics["test_calibrated/log_loss"] < metrics["test/log_loss"]


def test_debug_trains_without_mlflow(command, tmp_path):
    done = command("debug=default", "loss=smoothed", "paths.outputs=elsewhere")

    assert done.status == 0, done.err
    assert "run id" not in done.out
    assert not (tmp_path / "elsewhere" / "mlflow.db").exists()
    assert (done.folder(tmp_path) / "metrics.json").exists()


def test_the_objective_is_what_a_sweeper_gets(command, client, tmp_path):
    overrides = (*TINY, *PLAIN, "objective=val/mcc")
    done = command(*overrides)
    objective = run_once(*overrides, "tracking=none", folder=tmp_path / "again")

    assert objective == client.get_run(done.run_id).data.metrics["val/mcc"]
