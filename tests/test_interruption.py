"""Runs that do not end well end accounted for."""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import mlflow
import pytest
from commands import PLAIN, TINY
from processes import Process

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
    [(signal.SIGINT, 60), (signal.SIGTERM, 0.2), (signal.SIGHUP, 60)],
    ids=["Ctrl-C", "SIGTERM", "SIGHUP"],
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


def test_a_server_that_dies_leaves_the_run_complete_in_its_folder(command, tmp_path):
    """From the first upload on nothing answers any more: the result is on the screen and on the disk."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    store = ["--backend-store-uri", "sqlite:///server.db", "--workers", "1"]
    arguments = [sys.executable, "-m", "mlflow", "server", "--port", str(port), *store]
    with Process(arguments, cwd=tmp_path) as server:
        server.wait_for("Uvicorn running on")
        (tmp_path / "killer.py").write_text(KILLER)
        environment = {**os.environ, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "SERVER": str(server.pid)}
        own = ["loss._target_=killer.Kills", "~loss.label_smoothing", f"tracking.uri=http://127.0.0.1:{port}"]
        done = subprocess.run(
            [sys.executable, "-m", "runner", *TINY, "figures=none", *own],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            env=environment,
            check=False,
        )
    (folder,) = tmp_path.glob("outputs/runs/*/*")

    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert re.search(r"^error: .*MLflow.*outputs/runs", done.stderr, re.MULTILINE), done.stderr
    assert "average precision" in done.stdout
    assert (folder / "model" / "MLmodel").exists()
    assert (folder / "metrics.json").exists()


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
