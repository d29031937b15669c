"""What is recorded of runs is read back the same from every place that runs are recorded in."""

from __future__ import annotations

import math
import multiprocessing
import os
import sys
from collections.abc import Iterator
from multiprocessing import forkserver
from pathlib import Path

import mlflow
import pandas as pd
import pytest
import recording_contract as contract
from recording_backends import BACKENDS, Backend, backend
from recording_contract import EXPERIMENT, RESULTS, TOO_LONG, Work, tracker_of

from runner.runs.folder import RunFolder
from runner.tracking import MlflowTracker, names
from runner.tracking.environment import DEFAULTS
from runner.tracking.mlflow_tracker import recorded as recorded_run
from runner.writing.wording import without_password

pytestmark = pytest.mark.slow  # servers take seconds to start

PROCESSES, RUNS = 4, 2


@pytest.fixture(scope="module")
def processes() -> multiprocessing.context.ForkServerContext:
    """Starts processes quickly: one that has loaded MLflow divides; it must find the tests' modules."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["recording_contract", "runner.tracking.mlflow_tracker", "boto3"])
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
        forkserver.ensure_running()
    return context


@pytest.fixture(scope="module", params=BACKENDS)
def place(request, tmp_path_factory, empty_store) -> Iterator[Backend]:
    """Each of the places, started when its first test comes."""
    folder = tmp_path_factory.mktemp(request.param.replace("-", "_"))
    with backend(request.param, folder, empty_store, request) as started:
        yield started


@pytest.fixture(autouse=True)
def client_settings(place, monkeypatch):
    """As the command line and a user set them."""
    for name, value in {**DEFAULTS, **place.environment}.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def recorded(place, processes) -> list[Path]:
    """The folders of runs that several processes have recorded at once, in an experiment that none found there."""
    works = [
        Work(place.uri, place.environment, place.folder / f"of {number}", RUNS, model=number == 0)
        for number in range(PROCESSES)
    ]
    started = [processes.Process(target=contract.record, args=(work,)) for work in works]
    for process in started:
        process.start()
    for process in started:
        process.join(300)
    assert [process.exitcode for process in started] == [0] * PROCESSES
    return sorted(path for work in works for path in work.folder.glob("run *"))


@pytest.fixture
def tracker(place, tmp_path):
    return tracker_of(Work(place.uri, {}, tmp_path, 0))


def test_all_that_is_told_of_runs_is_read_back(place, recorded, tracker):
    if not isinstance(tracker, MlflowTracker):
        found = tracker.finished_runs("", place.folder)
        assert [run.tags[names.FOLDER] for run in found] == [str(path) for path in recorded]
        assert {str(dict(run.metrics)) for run in found} == {str(RESULTS)}  # as text: NaN is no NaN's equal
        assert {run.tags[names.VARIANT] for run in found} == {"focal γ=2"}
        assert all(tracker.recorded_file(run, "predictions/test.parquet") for run in found)
        assert sum(tracker.has_model(run) for run in found) == 1
        assert {len(RunFolder(path).read_history()) for path in recorded} == {contract.EPOCHS}
        return
    client = mlflow.MlflowClient(place.uri)
    experiment = client.get_experiment_by_name(EXPERIMENT)
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id], f"tags.`{names.VARIANT}` = 'focal γ=2'", max_results=200)
    assert sorted(run.data.tags[names.FOLDER] for run in runs) == [str(path) for path in recorded]
    for run in runs:
        _assert_complete(client, run)
    (with_model,) = [run for run in runs if tracker.has_model(recorded_run(run))]
    assert with_model.data.tags[names.FOLDER] == str(recorded[0])
    mlflow.set_tracking_uri(place.uri)
    model = mlflow.pyfunc.load_model(f"runs:/{with_model.info.run_id}/model")
    assert list(model.predict(pd.DataFrame({"x": [1.0, 3.0]}))) == [0.5, 1.5]


def _assert_complete(client: mlflow.MlflowClient, run: mlflow.entities.Run) -> None:
    path = Path(run.data.tags[names.FOLDER])
    params = {key: value for key, value in run.data.params.items() if key not in names.OF_THE_MODEL}
    assert run.info.status == "FINISHED"
    assert run.info.run_name == f"{path.parent.name} · {path.name} · {'n' * names.NAME_LENGTH}"[: names.NAME_LENGTH]
    assert run.info.end_time >= run.info.start_time
    cut = {"too long": TOO_LONG["too long"][: names.PARAM_LENGTH], "ke_y_": TOO_LONG["ke/y?"]}
    assert params == contract.PARAMS | cut
    assert contract.TAGS.items() <= run.data.tags.items()
    assert run.data.tags[names.NOTE] == "# a note\ngröße 🙂"
    assert run.data.tags["known"] == "late"
    for name, value in {**RESULTS, "wall_seconds/log": 0.5}.items():
        assert run.data.metrics[name] == pytest.approx(value, rel=0, abs=0, nan_ok=True), name
    for name, curve in contract.CURVES.items():
        points = client.get_metric_history(run.info.run_id, name)
        assert sorted(point.step for point in points) == list(range(1, contract.EPOCHS + 1)), name
        for point in points:
            assert _as_stored(point.value) == _as_stored(curve(point.step)), name
    assert run.inputs is not None
    (used,) = run.inputs.dataset_inputs
    assert (used.dataset.name, used.dataset.digest) == (contract.DATASET.name, contract.DATASET.digest[:32])
    top = {item.path for item in client.list_artifacts(run.info.run_id)} - {"model"}
    assert top == {"config.yaml", "history.csv", "metrics.json", "figures", "predictions"}
    assert [item.path for item in client.list_artifacts(run.info.run_id, "figures")] == ["figures/roc.png"]


def _as_stored(value: float) -> str:
    """A value as MLflow keeps it: infinities are the largest numbers, also where a server says so in JSON."""
    largest = 1.7976931348623157e308
    return "nan" if math.isnan(value) else str(max(-largest, min(largest, value)))


def test_what_is_asked_of_the_runs_is_answered(recorded, tracker, tmp_path):
    if not isinstance(tracker, MlflowTracker):
        assert tracker.start_sweep("a sweep", {}) == ""
        assert tracker.running() == []
        return
    parent = tracker.start_sweep("größe 🙂" * 100, {names.SWEEP_KEY: "key of größe", "long": "t" * 9000})
    assert [run.run_id for run in tracker.running()] == [parent]
    with tracker.recording() as recording:
        folder = RunFolder(tmp_path / "child")
        contract.write_results(folder)
        own = contract.RunIdentity("child", "", "", {}, {names.PARENT: parent, names.FOLDER: str(folder.path)})
        recorder = recording.open(own, folder, contract.DATASET)
        recorder.close()
        recorder.wait()
    (child,) = tracker.children(parent, "FINISHED")
    assert [run.name for run in tracker.finished_runs(parent, tmp_path)] == ["child"]
    assert not tracker.has_artifact(child, names.FIGURES)
    assert not tracker.has_model(child)
    tracker.log_artifacts(child.run_id, folder.figures, names.FIGURES)
    tracker.log_model(child.run_id, contract.package(folder))
    assert tracker.has_artifact(child, names.FIGURES)
    assert tracker.has_model(child)
    tracker.log_metrics(parent, {"best": math.nan, "share": 0.25})
    tracker.log_metric(parent, "progress", 0.5, 3)
    tracker.set_tags(parent, {names.NOTE: "n" * 9000})
    tracker.end_run(parent, "FINISHED")
    (found,) = [run for run in [tracker.find_run({names.SWEEP_KEY: "key of größe"})] if run]
    assert (found.run_id, found.status, found.tags[names.NOTE]) == (parent, "FINISHED", "n" * names.TAG_LENGTH)
    assert found.metrics["share"] == 0.25
    assert found.metrics["progress"] == 0.5
    assert math.isnan(found.metrics["best"])
    figure = tracker.recorded_file(child, "figures/roc.png")
    assert figure is not None
    assert figure.read_bytes() == b"picture"
    assert tracker.recorded_file(child, "not/there") is None
    assert tracker.run("0" * 32) is None
    tracker.delete_run(parent)
    assert tracker.find_run({names.SWEEP_KEY: "key of größe"}) is None


@pytest.mark.parametrize("place", ["server-basic-auth"], indirect=True)
def test_a_password_in_an_address_is_told_nowhere(place, recorded, tracker):
    assert without_password(place.uri) != place.uri
    assert "a-secret" not in tracker.resume_command("0" * 32)
    for path in place.folder.glob("of */**/*"):
        assert not path.is_file() or b"a-secret" not in path.read_bytes(), path
    assert os.environ.get("MLFLOW_TRACKING_USERNAME") is None
