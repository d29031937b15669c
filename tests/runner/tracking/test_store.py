"""Which store a run goes to."""

from __future__ import annotations

import mlflow
import pytest

from runner.errors import InputError
from runner.tracking import open_store, store_uri


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


@pytest.mark.parametrize("folder", ["./mlruns", "mlruns", "file:///tmp/mlruns"])
def test_folders_are_refused(tmp_path, folder):
    with pytest.raises(InputError, match="sqlite"):
        store_uri(folder, tmp_path)


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

    with pytest.raises(InputError, match=r"restore it.*tracking\.experiment_name"):
        open_store(store.uri, "gone", tmp_path)
