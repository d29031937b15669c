"""The parent run of a sweep in MLflow, and its children."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from runner.errors import InputError
from runner.tracking.store import Store
from runner.wording import without_password

if TYPE_CHECKING:
    from mlflow.entities import Run

PARENT_TAG = "mlflow.parentRunId"
KEY_TAG = "sweep.key"  # what marks a run as a sweep's parent


def create_parent(store: Store, name: str, tags: Mapping[str, str]) -> str:
    """A RUNNING run that children can be nested under; returns its id."""
    clean = {key: without_password(value)[:8000] for key, value in tags.items()}
    return str(_client(store).create_run(store.experiment_id, run_name=name, tags=clean).info.run_id)


def find_parent(store: Store, tags: Mapping[str, str]) -> Run | None:
    """The latest run with all of `tags`."""
    query = " and ".join(f"tags.`{key}` = '{value}'" for key, value in tags.items())
    found = _client(store).search_runs([store.experiment_id], query, max_results=1, order_by=["start_time DESC"])
    return found[0] if found else None


def get_run(uri: str, run_id: str) -> Run | None:
    """The run of that id in a store, or None."""
    import mlflow
    from mlflow.exceptions import MlflowException

    try:
        return mlflow.MlflowClient(uri).get_run(run_id)
    except MlflowException:
        return None


def get_sweep(uri: str, run_id: str) -> Run:
    """The parent run of that id in a store.

    Raises:
        InputError: the store has no such run, or it is no sweep's parent.
    """
    run = get_run(uri, run_id)
    if run is None or KEY_TAG not in run.data.tags:
        raise InputError(
            f"{run_id}: the store {without_password(uri)} has no sweep of that id; "
            "--outputs or --uri names another store"
        )
    return run


def children(store: Store, parent_id: str, status: str | None = None) -> list[Run]:
    """The runs nested under a parent, the oldest first: all, or those of a status.

    Reading hundreds of runs with all their metrics takes seconds: ask once, or for those that matter.
    """
    client, found, token = _client(store), [], None
    query = f"tags.`{PARENT_TAG}` = '{parent_id}'" + (f" and attributes.status = '{status}'" if status else "")
    while True:
        page = client.search_runs(
            [store.experiment_id],
            query,
            max_results=1000,
            order_by=["start_time ASC"],
            page_token=token,
        )
        found += page
        token = page.token
        if not token:
            return found


def set_tags(store: Store, run_id: str, tags: Mapping[str, str]) -> None:
    """Writes tags of a run in one go."""
    from mlflow.entities import RunTag

    _client(store).log_batch(run_id, tags=[RunTag(key, value[:8000]) for key, value in tags.items()])


def log_metric(store: Store, run_id: str, name: str, value: float, step: int) -> None:
    """Writes one value of a metric."""
    _client(store).log_metric(run_id, name, value, step=step)


def end_run(store: Store, run_id: str, status: str) -> None:
    """Ends a run: FINISHED, FAILED or KILLED."""
    _client(store).set_terminated(run_id, status, end_time=int(time.time() * 1000))


def reopen_run(store: Store, run_id: str) -> None:
    """Makes an ended run RUNNING again."""
    _client(store).update_run(run_id, status="RUNNING")


def delete_run(store: Store, run_id: str) -> None:
    """Removes a run that turned out to hold nothing."""
    _client(store).delete_run(run_id)


def log_artifacts(store: Store, run_id: str, folder: str, path: str) -> None:
    """Puts the files of a folder into the run's artifacts, under `path`."""
    _client(store).log_artifacts(run_id, folder, path)


def _client(store: Store) -> Any:
    import mlflow

    return mlflow.MlflowClient(store.uri)
