"""Which store a run goes to."""

from __future__ import annotations

import shutil
import subprocess

import mlflow
import pytest

from runner.errors import InputError
from runner.tracking import EXPERIMENT, Store, open_store, store_uri
from runner.tracking.store import ui_command


@pytest.mark.parametrize(
    ("given", "environment", "expected"),
    [
        (None, None, "sqlite:///{here}/outputs/mlflow.db"),
        (None, "http://somewhere:5000", "http://somewhere:5000"),
        ("sqlite:///mine.db", "http://somewhere:5000", "sqlite:///{here}/mine.db"),
        ("sqlite:////tmp/mine.db", None, "sqlite:////tmp/mine.db"),
        ("postgresql://host/runs", None, "postgresql://host/runs"),
    ],
)
def test_the_given_store_wins_over_the_environment_s_over_sqlite(tmp_path, monkeypatch, given, environment, expected):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    if environment:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", environment)

    assert store_uri(given, tmp_path / "outputs") == expected.format(here=tmp_path)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("localhost:5000", "http://localhost:5000"),
        ("127.0.0.1:8080/base", "http://127.0.0.1:8080/base"),
        ("mlflow.example.org:443", "http://mlflow.example.org:443"),
        ("http:/host", "http://host"),
        ("https:host:5000", "https://host:5000"),
        ("sqlite://mlflow.db", "sqlite:///mlflow.db"),
        ("sqlite:mlflow.db", "sqlite:///mlflow.db"),
        ("sqlite:/tmp/mlflow.db", "sqlite:////tmp/mlflow.db"),
    ],
)
@pytest.mark.parametrize("by", ["tracking.uri", "MLFLOW_TRACKING_URI"])
def test_an_address_with_a_slip_is_refused_with_what_was_meant(tmp_path, monkeypatch, given, meant, by):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", given)
    with pytest.raises(InputError) as refused:
        store_uri(given if by == "tracking.uri" else None, tmp_path)
    assert str(refused.value).startswith(f"{by}={given}")
    assert str(refused.value).endswith(f"did you mean {meant}?")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a?b.db", "a#b/x.db"])
def test_a_path_that_an_address_cannot_hold_is_refused(tmp_path, name):
    with pytest.raises(InputError, match="in a path ends it"):
        store_uri(f"sqlite:///{name}", tmp_path)


def test_home_is_understood(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert store_uri("sqlite:///~/mine.db", tmp_path) == f"sqlite:///{tmp_path}/mine.db"


@pytest.mark.parametrize(
    ("uri", "experiment", "environment", "command"),
    [
        ("sqlite:///{here}/outputs/mlflow.db", EXPERIMENT, None, "runner ui"),
        ("sqlite:///{here}/my res/mlflow.db", EXPERIMENT, None, "runner ui --outputs 'my res'"),
        ("sqlite:////elsewhere/mlflow.db", EXPERIMENT, None, "runner ui --outputs /elsewhere"),
        ("sqlite:////elsewhere/other.db", EXPERIMENT, None, "runner ui --uri sqlite:////elsewhere/other.db"),
        ("postgresql://host/runs", "mine too", None, "runner ui --uri postgresql://host/runs --experiment 'mine too'"),
        ("postgresql://host/runs", EXPERIMENT, "postgresql://host/runs", "runner ui"),
        (
            "sqlite:///{here}/res/mlflow.db",
            EXPERIMENT,
            "http://host:5000",
            "runner ui --uri sqlite:///{here}/res/mlflow.db",
        ),
    ],
)
def test_the_command_that_shows_a_store_leads_there(tmp_path, monkeypatch, uri, experiment, environment, command):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    if environment:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", environment)
    assert ui_command(Store(uri.format(here=tmp_path), "1", experiment)) == command.format(here=tmp_path)


@pytest.mark.parametrize("folder", ["./mlruns", "mlruns", "file:///tmp/mlruns"])
def test_folders_are_refused(tmp_path, folder):
    with pytest.raises(InputError, match="sqlite"):
        store_uri(folder, tmp_path)


@pytest.mark.parametrize(("how", "words"), [("moved", "which is gone: `runner relocate"), ("copied", "use that one")])
def test_a_store_that_was_moved_or_copied_is_refused_with_a_way_out(tmp_path, how, words):
    old, new = tmp_path / "my old", tmp_path / "new"
    open_store(store_uri(None, old), "mine", old)
    if how == "moved":
        old.rename(new)
    else:
        shutil.copytree(old, new)
    uri = store_uri(None, new)
    with pytest.raises(InputError, match=f"{how}.*my old.*{words}.*tracking.experiment_name"):
        open_store(uri, "mine", new)
    assert how == "copied" or not old.exists()
    assert open_store(uri, "another", new).experiment_name == "another"


@pytest.mark.parametrize("place", ["a file/artifacts", "/proc/nowhere/artifacts"])
def test_a_place_for_artifacts_that_cannot_be_written_is_refused_before_training(tmp_path, place):
    (tmp_path / "a file").write_text("")
    uri = store_uri(None, tmp_path)
    open_store(uri, "first", tmp_path)
    where = tmp_path / place  # an absolute place stays one
    mlflow.MlflowClient(uri).create_experiment("theirs", artifact_location=str(where))
    with pytest.raises(InputError, match=f"'theirs' go to {where}, which cannot be written here"):
        open_store(uri, "theirs", tmp_path)


def test_one_store_may_serve_several_folders(tmp_path):
    uri = f"sqlite:///{tmp_path / 'runs.db'}"
    first = open_store(uri, "mine", tmp_path / "one")
    assert open_store(uri, "mine", tmp_path / "two") == first


def test_artifacts_lie_beside_the_store_also_where_the_path_has_a_space(tmp_path):
    outputs = tmp_path / "my outputs"
    store = open_store(store_uri(None, outputs), "first", outputs)
    again = open_store(store.uri, "first", outputs)
    experiment = mlflow.MlflowClient(store.uri).get_experiment(store.experiment_id)

    assert again == store
    assert (outputs / "mlflow.db").exists()
    assert experiment.artifact_location == (outputs / "artifacts").as_uri()


def test_a_deleted_experiment_is_refused_with_both_ways_out(tmp_path):
    store = open_store(store_uri(None, tmp_path), "gone", tmp_path)
    mlflow.MlflowClient(store.uri).delete_experiment(store.experiment_id)

    with pytest.raises(InputError, match=r"restore it.*tracking\.experiment_name") as refused:
        open_store(store.uri, "gone", tmp_path)
    command = str(refused.value).split("`")[1]
    assert subprocess.run(["bash", "-c", command], capture_output=True, check=False).returncode == 0
    assert open_store(store.uri, "gone", tmp_path) == store
