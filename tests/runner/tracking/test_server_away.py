"""Records of runs on a real MLflow server that is killed in the middle and started again."""

from __future__ import annotations

import math
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow_server import MlflowServer, mlflow_server
from tcp_gate import Gate

from runner.config.schemas import TrackingConfig
from runner.data import Dataset
from runner.errors import InputError, RunFailed
from runner.runs.folder import RunFolder
from runner.runs.naming import RunIdentity
from runner.tracking import MlflowTracker, StoreAway, full_address, names, open_store, open_tracker, record
from runner.tracking.contact import Contact, is_away
from runner.tracking.environment import DEFAULTS
from runner.tracking.pending import HeldElsewhere, PendingRecord, PendingRun, pending_records
from runner.tracking.syncing import Synced, sync

DATASET = Dataset("toy", pd.DataFrame({"x": np.arange(10.0)}), np.array([0, 1] * 5, np.int8), "here")
PARAMS = {"seed": "0", "loss": "größe"}
EPOCHS = 20


pytestmark = pytest.mark.slow  # a server takes seconds to start


@pytest.fixture(scope="module")
def server(tmp_path_factory, empty_store):
    folder = tmp_path_factory.mktemp("server")
    shutil.copy(empty_store, folder / "server.db")
    with mlflow_server(folder) as running:
        yield running


@pytest.fixture(autouse=True)
def defaults(monkeypatch):
    """As the command line sets them."""
    for name, value in DEFAULTS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def gate(server):
    """The way to the server that records take."""
    way = Gate(server.port)
    yield way
    way.close()


@pytest.fixture
def tracker(gate, tmp_path) -> MlflowTracker:
    store = open_store(gate.uri, tmp_path.name, tmp_path)
    return MlflowTracker(store, flush_seconds=0.05, patience=60.0)


def identity(name: str) -> RunIdentity:
    return RunIdentity(name, variant="", fingerprint="", params=PARAMS, tags={"who": name})


def epochs(recorder, first: int, last: int) -> None:
    for epoch in range(first, last + 1):
        recorder.log_epoch(epoch, {"val/loss": epoch / 8, "val/nan": math.nan})


def write_results(folder: Path) -> None:
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    (folder / "figures" / "roc.png").write_bytes(b"picture")
    (folder / "config.yaml").write_text("seed: 0\n")
    RunFolder(folder).write_summary("a note")
    RunFolder(folder).write_metrics({"test/f1": 0.5})


def trained(tracker: MlflowTracker, folder: Path) -> None:
    """A run while the server is away."""
    with record(tracker, identity("one"), RunFolder(folder), DATASET) as recorder:
        assert recorder.run_id == ""
        epochs(recorder, 1, EPOCHS)
        write_results(folder)
        recorder.log_results({"test/f1": 0.5})


def assert_complete(server: MlflowServer, experiment: str) -> None:
    """One run, which has all that was recorded, once."""
    client = mlflow.MlflowClient(server.uri)
    (run,) = client.search_runs([experiment])
    assert run.info.status == "FINISHED"
    assert run.data.params == PARAMS
    assert run.data.tags["who"] == "one"
    assert run.data.tags["mlflow.note.content"] == "a note"
    assert run.data.metrics["test/f1"] == 0.5
    curve = client.get_metric_history(run.info.run_id, "val/loss")
    assert sorted((point.step, point.value) for point in curve) == [(e, e / 8) for e in range(1, EPOCHS + 1)]
    missing = client.get_metric_history(run.info.run_id, "val/nan")
    assert len(missing) == EPOCHS
    assert all(math.isnan(point.value) for point in missing)
    there = {item.path for item in client.list_artifacts(run.info.run_id)}
    assert there == {"config.yaml", "history.csv", "metrics.json", "figures"}
    assert [item.path for item in client.list_artifacts(run.info.run_id, "figures")] == ["figures/roc.png"]
    assert run.inputs is not None
    assert [each.dataset.name for each in run.inputs.dataset_inputs] == ["toy"]


def test_a_server_that_is_killed_and_started_again_during_the_run_gets_everything(server, tmp_path, caplog):
    folder = tmp_path / "run"
    tracker = MlflowTracker(open_store(server.uri, "killed", tmp_path), flush_seconds=0.05, patience=60.0)
    with record(tracker, identity("one"), RunFolder(folder), DATASET) as recorder:
        epochs(recorder, 1, 7)
        assert recorder.run_id
        server.kill()
        epochs(recorder, 8, 12)
        wait_until(lambda: (folder / PendingRecord.FILE).exists())
        server.start()
        epochs(recorder, 13, EPOCHS)
        wait_until(lambda: not (folder / PendingRecord.FILE).exists())
        write_results(folder)
        recorder.log_results({"test/f1": 0.5})

    assert_complete(server, tracker.store.experiment_id)
    told = [entry.message for entry in caplog.records if "answer" in entry.message]
    assert len(told) == 2
    assert "does not answer; training goes on" in told[0]
    assert "answers again" in told[1]


def test_a_run_whose_server_is_away_at_its_end_waits_for_it(server, gate, tracker, tmp_path):
    gate.close()
    back = threading.Timer(3.0, gate.open)
    back.start()
    trained(tracker, tmp_path / "run")
    back.join()
    assert_complete(server, tracker.store.experiment_id)


def test_a_run_that_begins_and_ends_while_the_server_is_away_is_recorded_by_sync(server, gate, tracker, tmp_path):
    folder = tmp_path / "run"
    gate.close()
    impatient = MlflowTracker(tracker.store, flush_seconds=0.05, patience=0.2)

    try:
        with pytest.raises(RunFailed, match=r"does not answer: the run waits in .*run; .*runner sync .*run` records"):
            trained(impatient, folder)
    finally:
        gate.open()

    assert synced(tmp_path).written[0][0] == folder
    assert_complete(server, tracker.store.experiment_id)
    again = synced(tmp_path)
    assert (again.written, again.waiting, again.refused, again.held) == ([], [], [], [])
    assert_complete(server, tracker.store.experiment_id)


def test_a_server_that_stops_in_the_middle_of_an_answer_is_told_of(server, tracker, tmp_path, caplog):
    folder = tmp_path / "run"
    with record(tracker, identity("one"), RunFolder(folder), DATASET) as recorder:
        assert recorder.run_id
        server.send(signal.SIGSTOP)
        epochs(recorder, 1, EPOCHS)
        wait_until(lambda: "does not answer; training goes on" in caplog.text)
        server.send(signal.SIGCONT)
        write_results(folder)
        recorder.log_results({"test/f1": 0.5})
    assert_complete(server, tracker.store.experiment_id)


KILLED_AT = """
import os, signal, sys
from pathlib import Path
from runner.tracking import run_store, syncing, pending, contact
calls = 0
def counted(name):
    real = getattr(run_store.ClientRunStore, name)
    def count(self, *arguments):
        global calls
        answer = real(self, *arguments)
        calls += 1
        if calls == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)
        return answer
    setattr(run_store.ClientRunStore, name, count)
for name in ("begin", "describe", "write", "log_files", "end"):
    counted(name)
syncing.sync(Path(sys.argv[1]), lambda uri: uri, contact.Contact)
"""


def test_a_sync_that_is_killed_at_any_place_goes_on(server, gate, tracker, tmp_path):
    """Killed when the server has an entry and the journal does not know yet: nothing comes twice."""
    folder = tmp_path / "run"
    gate.close()
    try:
        with pytest.raises(RunFailed):
            trained(MlflowTracker(tracker.store, 60.0, patience=0.0), folder)
    finally:
        gate.open()
    for place in (1, 1, 2, 1):  # each try is killed after as many answers
        done = subprocess.run([sys.executable, "-c", KILLED_AT, str(tmp_path), str(place)], check=False, timeout=120)
        assert done.returncode == -signal.SIGKILL
    assert len(synced(tmp_path).written) == 1
    assert_complete(server, tracker.store.experiment_id)


def test_what_a_killed_process_left_is_recorded_and_ended_as_killed(server, gate, tracker, tmp_path):
    folder = tmp_path / "run"
    script = """
import os, signal, sys
from pathlib import Path
sys.path[:0] = sys.argv[4:]
from test_server_away import *
from runner.tracking import Store
tracker = MlflowTracker(Store(sys.argv[1], sys.argv[2], "one"), 0.05)
with record(tracker, identity("one"), RunFolder(Path(sys.argv[3])), DATASET) as recorder:
    epochs(recorder, 1, 3)
    recorder.run_id
    wait_until(lambda: '"val/loss"' in Path(sys.argv[3], PendingRecord.FILE).read_text())
    os.kill(os.getpid(), signal.SIGKILL)
"""
    gate.close()
    try:
        places = [str(Path(__file__).parent), str(Path(__file__).parents[2] / "support")]
        arguments = [gate.uri, tracker.store.experiment_id, str(folder), *places]
        done = subprocess.run([sys.executable, "-c", script, *arguments], check=False, timeout=120)
        assert done.returncode == -signal.SIGKILL
        with (folder / PendingRecord.FILE).open("a") as file:
            file.write('{"do": "wri')  # as a process leaves it that is killed within a line
    finally:
        gate.open()
    assert len(synced(tmp_path).written) == 1
    (run,) = mlflow.MlflowClient(server.uri).search_runs([tracker.store.experiment_id])
    assert run.info.status == "KILLED"
    assert "kill -9" in run.data.tags[names.FAILURE]
    assert run.data.metrics["val/loss"] >= 1 / 8


def test_what_the_server_refuses_is_told_and_set_aside(server, gate, tracker, tmp_path):
    folder = tmp_path / "run"
    with record(tracker, identity("one"), RunFolder(folder), DATASET) as recorder:
        run_id = recorder.run_id
    waiting = PendingRecord(folder)
    waiting.begin(PendingRun(gate.uri, tracker.store.experiment_id, "key", "elsewhere:1:1.0", run_id))
    waiting.append([{"do": "write", "metrics": [], "tags": {"": "no name"}}])
    waiting.release()

    ((where, reason),) = synced(tmp_path).refused
    assert where == folder
    assert reason
    assert not (folder / PendingRecord.FILE).exists()
    assert (folder / PendingRecord.REFUSED).exists()
    assert mlflow.MlflowClient(server.uri).get_run(run_id).info.status == "FAILED"


def test_a_parent_waits_in_the_folder_of_its_sweep(server, gate, tracker, tmp_path):
    parent = tracker.start_sweep("sweep", {names.SWEEP_KEY: "x"})
    tracker.keep(parent, tmp_path)
    gate.close()
    try:
        for step in range(3):
            tracker.log_metric(parent, "best", step / 2, step)
        tracker.set_tags(parent, {names.SWEEP_PROGRESS: "3 of 3"})
        with pytest.raises(StoreAway, match="waits in"):
            tracker.settle(tmp_path, patient=False)
        tracker.end_run(parent, "FAILED")
        with pytest.raises(StoreAway):
            tracker.children(parent)
    finally:
        gate.open()
    tracker.settle(tmp_path)
    client = mlflow.MlflowClient(server.uri)
    run = client.get_run(parent)
    assert run.info.status == "FAILED"
    assert run.data.tags[names.SWEEP_PROGRESS] == "3 of 3"
    assert [point.value for point in client.get_metric_history(parent, "best")] == [0, 0.5, 1]


def test_a_process_of_a_sweep_that_starts_while_the_server_is_away_trains_on(gate, tmp_path):
    """The sweep has opened the store; a single run is refused before it is trained."""
    config = TrackingConfig("server", gate.uri, "opened", flush_seconds=1.0, system_metrics=False, models="none")
    opened = open_tracker(gate.uri, config, tmp_path)
    gate.close()
    try:
        assert open_tracker(gate.uri, config, tmp_path, in_sweep=True) == opened
        with pytest.raises(InputError, match="does not answer"):
            open_tracker(gate.uri, config, tmp_path)
        with pytest.raises(InputError, match="does not answer"):
            open_tracker(gate.uri, replace(config, experiment_name="other"), tmp_path, in_sweep=True)
    finally:
        gate.open()


def test_a_place_for_artifacts_that_takes_none_is_refused_before_training(server, tmp_path):
    client = mlflow.MlflowClient(server.uri)
    client.create_experiment("nowhere", artifact_location="s3://bucket/place")
    with pytest.raises(
        InputError, match=r"artifacts of the experiment 'nowhere' go to s3://bucket/place.*(boto|credentials)"
    ):
        open_store(server.uri, "nowhere", tmp_path)
    place = server.folder / "artifacts"
    os.rename(place, server.folder / "gone") if place.exists() else None
    place.write_text("a file where the folder should be")
    try:
        with pytest.raises(InputError, match=r"'unwritable' go to mlflow-artifacts:.*does not take them"):
            open_store(server.uri, "unwritable", tmp_path)
    finally:
        place.unlink()
        if (server.folder / "gone").exists():
            os.rename(server.folder / "gone", place)


def test_a_journal_is_open_in_one_process_alone(tmp_path):
    record_ = PendingRecord(tmp_path)
    record_.begin(PendingRun("http://host", "1", "key", "host:1:1.0"))
    with pytest.raises(HeldElsewhere):
        PendingRecord(tmp_path).open()
    record_.append([{"do": "model"}])
    record_.mark(1, "abc")
    record_.release()
    other = PendingRecord(tmp_path)
    other.open()
    run, entries, done = other.read()
    assert run is not None
    assert (run.run_id, entries, done) == ("abc", [{"do": "model"}], 1)
    other.remove()
    assert list(tmp_path.iterdir()) == []


def test_journals_of_runs_come_before_that_of_their_sweep(tmp_path):
    for folder in (tmp_path, tmp_path / "0", tmp_path / "1", tmp_path / "1" / "model"):
        folder.mkdir(exist_ok=True)
        (folder / PendingRecord.FILE).write_text("{}")
    assert [each.folder for each in pending_records(tmp_path)] == [tmp_path / "0", tmp_path / "1", tmp_path]


def test_a_password_is_asked_for_where_it_was_masked(monkeypatch):
    assert full_address("http://host:1", None) == "http://host:1"
    with pytest.raises(InputError, match="give the whole address with --uri"):
        full_address("http://me:***@host", None)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:secret@host")
    assert full_address("http://me:***@host", None) == "http://me:secret@host"
    assert full_address("http://host:1", "http://other") == "http://other"


def test_errors_that_pass_are_told_from_refusals():
    assert is_away(ConnectionRefusedError())
    assert is_away(
        mlflow.exceptions.MlflowException("busy", error_code=mlflow.protos.databricks_pb2.TEMPORARILY_UNAVAILABLE)
    )
    assert not is_away(mlflow.exceptions.MlflowException("wrong", error_code=mlflow.protos.databricks_pb2.BAD_REQUEST))
    assert not is_away(PermissionError())


def synced(folder: Path) -> Synced:
    return sync(folder, lambda uri: uri, Contact)


def wait_until(condition) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
