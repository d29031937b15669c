"""A store that was moved or copied is pointed at where it is: what was recorded is found, what follows is recorded."""

from __future__ import annotations

import shutil
from pathlib import Path

import mlflow
import pytest

from runner.errors import InputError
from runner.tracking import names, open_store, relocate, store_uri


def recorded(outputs: Path) -> tuple[str, str]:
    """(run id, experiment id) of a run with a file and a folder, in a new store."""
    store = open_store(store_uri(None, outputs), "mine", outputs)
    client = mlflow.MlflowClient(store.uri)
    tags = {names.FOLDER: str(outputs / "runs" / "1"), names.SWEEP_STARTED_IN: str(outputs.parent), "else": "/kept"}
    run = client.create_run(store.experiment_id, tags=tags)
    client.log_text(run.info.run_id, "what it wrote", "note.txt")
    return run.info.run_id, store.experiment_id


@pytest.mark.parametrize("how", ["moved", "copied"])
def test_what_was_recorded_is_found_where_the_store_is_now(tmp_path, how):
    old, new = tmp_path / "old project" / "outputs", tmp_path / "new project" / "outputs_100%"
    run_id, experiment_id = recorded(old)
    new.parent.mkdir()
    if how == "moved":
        shutil.move(old, new)
        old.parent.rmdir()
    else:
        shutil.copytree(old, new)

    assert relocate(new / "mlflow.db") == {old: 1}
    assert relocate(new / "mlflow.db") == {}  # again: all is in its place

    store = open_store(store_uri(None, new), "mine", new)
    client = mlflow.MlflowClient(store.uri)
    assert store.experiment_id == experiment_id
    assert client.get_experiment(experiment_id).artifact_location == (new / "artifacts").as_uri()
    run = client.get_run(run_id)
    assert Path(client.download_artifacts(run_id, "note.txt")).read_text() == "what it wrote"
    assert str(new) in run.info.artifact_uri or new.as_uri() in run.info.artifact_uri
    assert run.data.tags[names.FOLDER] == str(new / "runs" / "1")
    assert run.data.tags[names.SWEEP_STARTED_IN] == str((new if how == "moved" else old).parent)
    assert run.data.tags["else"] == "/kept"
    if how == "copied":
        before = mlflow.MlflowClient(store_uri(None, old)).get_run(run_id)
        assert before.data.tags[names.FOLDER] == str(old / "runs" / "1")


def test_artifacts_that_never_lay_beside_the_store_stay_where_they_are(tmp_path):
    uri = f"sqlite:///{tmp_path / 'runs.db'}"
    store = open_store(uri, "mine", tmp_path / "one")
    (tmp_path / "artifacts").mkdir()
    assert relocate(tmp_path / "runs.db") == {}
    location = mlflow.MlflowClient(uri).get_experiment(store.experiment_id).artifact_location
    assert location == (tmp_path / "one" / "artifacts").as_uri()


@pytest.mark.parametrize(("content", "words"), [(None, "is not there"), (b"no database", "is no MLflow store")])
def test_what_is_no_store_is_refused(tmp_path, content, words):
    if content is not None:
        (tmp_path / "mlflow.db").write_bytes(content)
    with pytest.raises(InputError, match=words):
        relocate(tmp_path / "mlflow.db")
