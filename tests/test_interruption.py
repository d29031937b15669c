"""Runs that do not end well end accounted for."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import mlflow
import pandas as pd
import pytest
from commands import PLAIN, TINY
from mlflow_server import mlflow_server
from processes import Process
from tcp_gate import Gate

OWN_LOSS = '''
import keras, losses

class Explodes(losses.SigmoidLoss):
    """Infinite as soon as the network is sure of anything."""
    def compute(self, labels, logits):
        sure = keras.ops.cast(keras.ops.abs(logits) > 3, logits.dtype)
        return keras.ops.softplus((1 - 2 * labels) * logits) / (1 - sure)
'''


KILLER = '''
import os, signal, losses

class Kills(losses.CustomLoss):
    """Ends the server when the network has been trained and its bias is to be undone."""
    def debias(self, logits):
        os.killpg(int(os.environ["SERVER"]), signal.SIGKILL)
        return super().debias(logits)
'''


def runs(outputs: Path) -> list[mlflow.entities.Run]:
    return list(mlflow.MlflowClient(f"sqlite:///{outputs / 'mlflow.db'}").search_runs(["1"]))


@pytest.mark.parametrize(
    ("number", "flush_seconds"),
    [
        pytest.param(signal.SIGINT, 60, id="Ctrl-C"),
        pytest.param(signal.SIGTERM, 0.2, id="SIGTERM"),
        pytest.param(signal.SIGHUP, 60, id="SIGHUP", marks=pytest.mark.exhaustive),
        pytest.param(signal.SIGQUIT, 60, id="SIGQUIT", marks=pytest.mark.exhaustive),
    ],
)
def test_an_interrupted_run_is_killed_with_its_history(tmp_path, number, flush_seconds):
    endless = [
        "dataset=synthetic",
        "trainer.epochs=1000000",
        "trainer.early_stopping=null",
        f"tracking.flush_seconds={flush_seconds}",
    ]
    started = [sys.executable, "-m", "runner", *endless]
    with Process(started, cwd=tmp_path, terminal=True) as process:
        process.wait_for(r"\D(\d{2,}|[4-9])/1000000\D")
        if flush_seconds < 1:  # metrics appear while the run is running
            process.wait_until(lambda: runs(tmp_path / "outputs")[0].data.metrics.get("val/log_loss"))
        status = process.end(number)

    (run,) = runs(tmp_path / "outputs")
    assert status == 1
    assert "Traceback" not in process.said
    assert "what was recorded so far is kept" in process.said
    assert run.info.status == "KILLED"
    assert "KILLED" in run.data.tags["mlflow.note.content"]
    history = mlflow.MlflowClient(f"sqlite:///{tmp_path / 'outputs' / 'mlflow.db'}").get_metric_history(
        run.info.run_id, "val/log_loss"
    )
    assert len(history) >= 3


def test_a_non_finite_loss_fails_the_run_and_says_why(command, outputs, tmp_path):
    (tmp_path / "own_loss.py").write_text(OWN_LOSS)
    command(*TINY, *PLAIN)
    before = {run.info.run_id for run in runs(outputs)}
    done = command(
        *TINY,
        *PLAIN,
        "loss._target_=own_loss.Explodes",
        "~loss.label_smoothing",
        "trainer.epochs=200",
        "trainer.early_stopping=null",
        "optimizer.learning_rate=0.01",
    )
    (run,) = [run for run in runs(outputs) if run.info.run_id not in before]

    assert done.status == 1
    (line,) = done.errors
    assert line.startswith("error: the loss became NaN or infinite in epoch ")
    assert "Likely cause" in line
    assert run.info.status == "FAILED"
    assert "the step was not taken" in run.data.tags["mlflow.note.content"]
    assert run.data.metrics["train/loss"] > 0  # the epochs before are kept


def test_a_store_that_fails_during_training_fails_the_run_loudly(command, store, tmp_path):
    """The metrics' own thread must not swallow what the store says."""
    words = "SELECT RAISE(ABORT, 'no space left on device')"
    with closing(sqlite3.connect(tmp_path / "outputs" / "mlflow.db")) as connection, connection:
        connection.execute(f"CREATE TRIGGER full BEFORE INSERT ON metrics BEGIN {words}; END")
    done = command(*TINY, *PLAIN, "tracking.flush_seconds=0.01", "paths.outputs=outputs")

    assert done.status == 1
    (line,) = done.errors
    assert line.startswith("error: ")
    assert "no space left on device" in line
    assert store.search_runs(["1"])[0].info.status == "FAILED"


@pytest.mark.slow
def test_a_server_that_dies_leaves_the_run_complete_in_its_folder(command, tmp_path, empty_store):
    """From the first upload on nothing answers any more: the result is on the screen and on the disk."""
    (tmp_path / "server").mkdir()
    shutil.copy(empty_store, tmp_path / "server" / "server.db")
    with mlflow_server(tmp_path / "server") as server:
        (tmp_path / "killer.py").write_text(KILLER)
        environment = {**os.environ, "SERVER": str(server.pid)}
        own = ["loss._target_=killer.Kills", "~loss.label_smoothing", f"tracking.uri={server.uri}"]
        done = subprocess.run(
            [sys.executable, "-m", "runner", *TINY, "figures=none", "tracking.patience=0.5", *own],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            env=environment,
            check=False,
        )
        (folder,) = tmp_path.glob("outputs/runs/*/*")
        away = command("sync")
        server.start()
        written, again = command("sync"), command("sync")
        client = mlflow.MlflowClient(server.uri)
        (run,) = client.search_runs(["1"])
        saved = pd.read_parquet(folder / "predictions" / "test.parquet")
        assert run.outputs is not None
        logged = client.get_logged_model(run.outputs.model_outputs[0].model_id)
        there = {item.path for item in client.list_logged_model_artifacts(logged.model_id)}

    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert re.search(r"^error: .*MLflow.*outputs/runs", done.stderr, re.MULTILINE), done.stderr
    assert f"runner sync {folder.relative_to(tmp_path)}`" in done.stderr
    assert "average precision" in done.stdout
    assert (folder / "model" / "MLmodel").exists()
    assert (folder / "metrics.json").exists()
    assert away.status == 1
    assert "does not answer: 1 run still waits" in away.err
    assert written.status == again.status == 0
    assert f"recorded as run {run.info.run_id}" in written.out
    assert "nothing waits" in again.out
    assert run.info.status == "FINISHED"
    assert run.data.metrics["test/average_precision"] == pytest.approx(
        json.loads((folder / "metrics.json").read_text())["test/average_precision"]
    )
    assert len(curve_of(tmp_path)(run)) == 2
    assert len(saved) == int(run.data.tags["rows.test"])
    assert str(logged.status) == "READY"
    assert {"MLmodel", "artifacts", "input_example.json"} <= there
    assert float(run.data.params["threshold"]) == pytest.approx(run.data.metrics["threshold"])


@pytest.mark.slow
def test_a_sweep_whose_server_stays_away_is_recorded_later(command, tmp_path, empty_store):
    """It trains on; `runner sync` records its runs, and `runner resume` makes what needs all of them."""
    (tmp_path / "server").mkdir()
    shutil.copy(empty_store, tmp_path / "server" / "server.db")
    with mlflow_server(tmp_path / "server") as server:
        gate, client = Gate(server.port), mlflow.MlflowClient(server.uri)

        def close_when_it_trains() -> None:
            while len(client.search_runs(["1"])) < 3:
                time.sleep(0.05)
            gate.close()

        client.create_experiment("imbalance-runner")
        closing = threading.Thread(target=close_when_it_trains)
        closing.start()
        swept = ("-m", "loss=builtin,focal,smoothed", *TINY, "trainer.epochs=200", "trainer.early_stopping=null")
        own = ("figures=none", f"tracking.uri={gate.uri}", "tracking.patience=0.5", "paths.outputs=outputs")
        done = command(*swept, *own)
        closing.join()
        left = client.search_runs(["1"])
        gate.open()
        written, again = command("sync"), command("sync")
        recorded = client.search_runs(["1"])
        (parent,) = [run for run in recorded if "sweep.key" in run.data.tags]
        resumed = command("resume", parent.info.run_id, "--uri", gate.uri)
        runs_now = client.search_runs(["1"])
        report = client.list_artifacts(parent.info.run_id, "comparison")
        gate.close()

    assert done.status == 1
    assert "Traceback" not in done.err
    assert (done.out + done.err).count("does not answer; training goes on") == 1
    (line,) = [line for line in done.errors if line.startswith("error: ")]
    assert re.search(
        r"3 runs wait in outputs/sweeps/.*`runner sync outputs/sweeps/.*`runner resume \w+ --uri http", line
    )
    assert "FINISHED" not in {run.info.status for run in left}
    assert written.status == again.status == resumed.status == 0, resumed.err
    assert "nothing waits" in again.out
    assert [run.info.status for run in recorded] == ["FINISHED"] * 4
    children = [run for run in recorded if run is not parent]
    assert [len(curve) for curve in map(curve_of(tmp_path), children)] == [200] * 3
    assert all("test/average_precision" in run.data.metrics for run in children)
    assert resumed.out.count("(done before)") == 3
    assert len(runs_now) == 4
    assert "comparison/report.html" in {item.path for item in report}


def curve_of(folder: Path):
    """The function that reads a run's curve from the server's own database, which no server serves any more."""
    client = mlflow.MlflowClient(f"sqlite:///{folder / 'server' / 'server.db'}")
    return lambda run: client.get_metric_history(run.info.run_id, "val/loss")


def test_a_run_id_in_the_environment_does_not_make_runs_overwrite_each_other(command, outputs, monkeypatch):
    first = command(*TINY, *PLAIN, "model=logistic")
    monkeypatch.setenv("MLFLOW_RUN_ID", first.run_id)
    second = command(*TINY, *PLAIN, "model=logistic", "seed=1")
    by_id = {run.info.run_id: run for run in runs(outputs)}

    assert second.run_id != first.run_id
    assert by_id[first.run_id].data.params["seed"] == "0"
    assert by_id[second.run_id].data.params["seed"] == "1"


def test_stores_are_created_once_by_processes_that_start_together(tmp_path):
    script = (
        "import sys; from pathlib import Path; from runner.tracking import open_store, store_uri;"
        "outputs = Path(sys.argv[1]); print(open_store(store_uri(None, outputs), 'together', outputs).experiment_id)"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    answers = [process.communicate(timeout=120) for process in processes]

    assert [process.returncode for process in processes] == [0] * 4, answers
    assert {out for out, _ in answers} == {b"1\n"}
