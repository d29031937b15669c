"""Records of many runs open at once in one process, on one SQLite store: as rows, and through MLflow's client."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest

from runner.data import Dataset
from runner.errors import RunFailed
from runner.runs.folder import RunFolder
from runner.runs.naming import RunIdentity
from runner.tracking import MlflowTracker, Store, database_run_store, names, open_store, record, store_uri

DATASET = Dataset("toy", pd.DataFrame({"x": np.arange(10.0)}), np.array([0, 1] * 5, np.int8), "here")
PARAMS = {f"key.{i}": str(i) for i in range(130)}  # more than MLflow takes at once


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Store:
    outputs = tmp_path_factory.mktemp("outputs")
    return open_store(store_uri(None, outputs), "together", outputs)


@pytest.fixture
def client(store) -> mlflow.MlflowClient:
    return mlflow.MlflowClient(store.uri)


def identity(name: str) -> RunIdentity:
    return RunIdentity(name, variant="", fingerprint="", params=PARAMS, tags={"who": name})


def opened(recording, folder: Path, name: str):
    (folder / "config.yaml").parent.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_text("seed: 0\n")
    return recording.open(identity(name), RunFolder(folder), DATASET)


def trained(recorder, folder: Path, number: int, epochs: int = 30) -> None:
    """What an experiment says about a run."""
    for epoch in range(1, epochs + 1):
        recorder.log_epoch(epoch, {f"val/{name}": number + epoch / 8 for name in "abcde"})
    RunFolder(folder).write_summary(f"note of {number}")
    RunFolder(folder).write_metrics({"test/f1": number})
    recorder.log_results({f"test/{name}": number for name in range(200)})
    recorder.log_metrics({"wall_seconds/log": 0.5})


@pytest.fixture(autouse=True, params=["rows", "client"])
def way(request, monkeypatch) -> str:
    """How runs are recorded: in a database that is not known, through the client."""
    if request.param == "client":
        monkeypatch.setattr(database_run_store, "KNOWN_REVISIONS", frozenset())
    return str(request.param)


@pytest.fixture
def refuse(store):
    """Has the database itself refuse rows of a table: by a trigger, which is removed again."""
    file = store.uri.removeprefix("sqlite:///")

    def add(table: str, condition: str = "1") -> None:
        words = "SELECT RAISE(ABORT, 'no space left on device')"
        with closing(sqlite3.connect(file, timeout=60)) as connection, connection:
            connection.execute(f"CREATE TRIGGER refused BEFORE INSERT ON {table} WHEN {condition} BEGIN {words}; END")

    yield add
    with closing(sqlite3.connect(file, timeout=60)) as connection, connection:
        connection.execute("DROP TRIGGER IF EXISTS refused")


def test_many_records_are_open_together_and_each_is_complete(store, client, tmp_path):
    with MlflowTracker(store, 60.0).recording() as recording:
        folders = [tmp_path / str(number) for number in range(4)]
        recorders = [opened(recording, folder, folder.name) for folder in folders]
        for number, (recorder, folder) in enumerate(zip(recorders, folders, strict=True)):
            trained(recorder, folder, number)
            recorder.close()
        for recorder in recorders:
            recorder.wait()

    assert len({recorder.run_id for recorder in recorders}) == 4
    for number, recorder in enumerate(recorders):
        run = client.get_run(recorder.run_id)
        assert (run.info.status, run.info.run_name) == ("FINISHED", str(number))
        assert run.info.end_time >= run.info.start_time
        assert run.data.params == PARAMS
        assert run.data.tags["who"] == str(number)
        assert run.data.tags["mlflow.note.content"] == f"note of {number}"
        assert run.data.metrics["test/199"] == number
        assert run.data.metrics["wall_seconds/log"] == 0.5
        curve = client.get_metric_history(recorder.run_id, "val/e")
        assert [(point.step, point.value) for point in curve] == [(e, number + e / 8) for e in range(1, 31)]
        assert run.inputs.dataset_inputs[0].dataset.name == "toy"
        there = {item.path for item in client.list_artifacts(recorder.run_id)}
        assert there == {"config.yaml", "history.csv", "metrics.json"}
    history = pd.read_csv(folders[2] / "history.csv")
    assert list(history.columns) == ["epoch", *(f"val/{name}" for name in "abcde")]
    assert list(history["val/c"]) == [2 + e / 8 for e in range(1, 31)]


def test_an_error_of_the_store_fails_the_run_it_is_about_and_no_other(store, client, tmp_path, refuse):
    with MlflowTracker(store, 0.02).recording() as recording:
        folders = [tmp_path / name for name in ("well", "refused", "also well")]
        recorders = [opened(recording, folder, folder.name) for folder in folders]
        refuse("metrics", f"new.run_uuid = '{recorders[1].run_id}'")
        for recorder, folder in zip(recorders, folders, strict=True):
            trained(recorder, folder, 1)  # the refused one, too: the stack it is trained in goes on
            recorder.close()
        recorders[0].wait()
        with pytest.raises(RunFailed, match=r"no space left on device; what there is of the run is in .*refused"):
            recorders[1].wait()
        recorders[2].wait()

    statuses = [client.get_run(recorder.run_id).info.status for recorder in recorders]
    assert statuses == ["FINISHED", "FAILED", "FINISHED"]
    refused = client.get_run(recorders[1].run_id)
    assert "no space left on device" in refused.data.tags["failure"]
    assert refused.data.metrics == {}
    assert client.get_run(recorders[2].run_id).data.metrics["test/5"] == 1


def test_a_run_the_store_does_not_make_is_told_when_it_is_closed(store, tmp_path, refuse):
    refuse("runs")
    with MlflowTracker(store, 60.0).recording() as recording:
        recorder = opened(recording, tmp_path, "none")
        trained(recorder, tmp_path, 1)
        recorder.close()
        with pytest.raises(RunFailed, match="no space left"):
            recorder.wait()
    with (
        pytest.raises(RunFailed, match="no space left"),
        record(MlflowTracker(store), identity("one"), RunFolder(tmp_path), DATASET),
    ):
        pytest.fail("a single run is not trained for a store that does not take it")


def test_a_single_run_ends_as_soon_as_the_store_refuses_its_metrics(store, client, tmp_path, refuse):
    tracker = MlflowTracker(store, flush_seconds=0.01)
    said = []

    def train() -> None:
        with record(tracker, identity("one"), RunFolder(tmp_path), DATASET) as recorder:
            said.append(recorder.run_id)
            refuse("metrics")
            for epoch in range(1, 1_000_000):
                recorder.log_epoch(epoch, {"val/loss": 1.0})
            pytest.fail("a million epochs for nothing")

    with pytest.raises(RunFailed, match="no space left"):
        train()
    assert client.get_run(said[0]).info.status == "FAILED"


def test_runs_end_as_what_they_were_and_lose_nothing(store, client, tmp_path):
    endings = {
        "interrupted": (KeyboardInterrupt(), "KILLED", "Interrupted at"),
        "diverged": (RunFailed("the loss became NaN"), "FAILED", "the loss became NaN"),
        "buggy": (ValueError("a bug"), "FAILED", "ValueError: a bug"),
    }
    recorders = {}
    with MlflowTracker(store, 60.0).recording() as recording:
        for name, (problem, _, _) in endings.items():
            recorders[name] = opened(recording, tmp_path / name, name)
            recorders[name].log_epoch(1, {"val/loss": 0.25})
            recorders[name].close(problem)
    for name, (_, status, reason) in endings.items():
        recorders[name].wait()
        run = client.get_run(recorders[name].run_id)
        assert run.info.status == status
        assert reason in run.data.tags["failure"]
        assert run.data.tags["mlflow.note.content"].startswith(f"**{status}.**")
        assert run.data.metrics == {"val/loss": 0.25}


def test_ctrl_c_among_open_records_closes_all_as_killed(store, client, tmp_path):
    recorders = []

    def interrupted() -> None:
        with MlflowTracker(store, 60.0).recording() as recording, ExitStack() as open_records:
            for number in range(3):
                recorder = opened(recording, tmp_path / str(number), str(number))
                open_records.push(lambda _, problem, __, recorder=recorder: recorder.close(problem))
                recorder.log_epoch(1, {"val/loss": 0.5})
                recorders.append(recorder)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    runs = [client.get_run(recorder.run_id) for recorder in recorders]
    assert [run.info.status for run in runs] == ["KILLED"] * 3
    assert [run.data.metrics for run in runs] == [{"val/loss": 0.5}] * 3


def test_metrics_of_running_runs_appear_while_they_run(store, client, tmp_path):
    with MlflowTracker(store, 0.05).recording() as recording:
        recorder = opened(recording, tmp_path, "running")
        recorder.log_epoch(1, {"val/loss": 0.5})
        appeared = threading.Event()
        for _ in range(200):
            if client.get_run(recorder.run_id).data.metrics:
                appeared.set()
                break
            threading.Event().wait(0.05)
        assert appeared.is_set()
        assert client.get_run(recorder.run_id).info.status == "RUNNING"
        recorder.close()
        recorder.wait()


def test_a_run_that_lasts_has_a_heartbeat_without_metrics_of_its_own(store, client, tmp_path, monkeypatch):
    monkeypatch.setattr("runner.tracking.async_writer.HEARTBEAT_SECONDS", 0.0)
    with MlflowTracker(store, 0.05).recording() as recording:
        recorder = opened(recording, tmp_path, "long")
        for _ in range(400):
            if names.HEARTBEAT in client.get_run(recorder.run_id).data.tags:
                break
            threading.Event().wait(0.05)
        beat = client.get_run(recorder.run_id).data.tags[names.HEARTBEAT]
        recorder.close()
        recorder.wait()
    assert abs((datetime.now(UTC) - datetime.fromisoformat(beat)).total_seconds()) < 120


@pytest.mark.parametrize("what", ["run", "experiment"])
def test_what_is_deleted_while_it_is_recorded_fails_and_says_so(store, client, tmp_path, what):
    with MlflowTracker(store, 60.0).recording() as recording:
        recorder, other = (opened(recording, tmp_path / name, name) for name in ("deleted", "other"))
        if what == "run":
            client.delete_run(recorder.run_id)
            later = recorder
        else:
            assert recorder.run_id
            client.delete_experiment(store.experiment_id)
            later = opened(recording, tmp_path / "later", "later")
        trained(later, tmp_path / ("deleted" if what == "run" else "later"), 1)
        trained(other, tmp_path / "other", 2)
        later.close()
        other.close()
        with pytest.raises(RunFailed, match=r"deleted"):
            later.wait()
        if what == "experiment":
            client.restore_experiment(store.experiment_id)
        else:
            other.wait()
            assert client.get_run(other.run_id).info.status == "FINISHED"


def test_the_use_of_the_machine_is_recorded(store, client, tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL", "0.1")
    tracker = MlflowTracker(store, system_metrics=True)
    with record(tracker, identity("watched"), RunFolder(tmp_path), DATASET) as recorder:
        threading.Event().wait(1.5)
    metrics = client.get_run(recorder.run_id).data.metrics
    assert any(name.startswith("system/cpu") for name in metrics)


def test_a_writer_nobody_closed_writes_what_it_has_when_the_program_ends(tmp_path):
    script = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_recorder import opened
from runner.tracking import MlflowTracker, open_store, store_uri
outputs = Path(sys.argv[1])
store = open_store(store_uri(None, outputs), "left", outputs)
context = MlflowTracker(store, flush_seconds=0.5).recording()
recorder = opened(context.__enter__(), outputs / "run", "left")
recorder.log_epoch(1, {"val/loss": 0.5})
print(recorder.run_id)
"""
    arguments = [str(tmp_path), str(Path(__file__).parent)]
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    run = mlflow.MlflowClient(f"sqlite:///{tmp_path / 'mlflow.db'}").get_run(done.stdout.strip())
    assert run.data.metrics == {"val/loss": 0.5}
