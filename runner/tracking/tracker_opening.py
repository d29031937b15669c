"""Opens trackers: of the store that a configuration names, and of a sweep that is recorded already."""

from __future__ import annotations

from pathlib import Path

from runner.config.schemas import TrackingConfig
from runner.errors import InputError
from runner.tracking import names
from runner.tracking.contact import Contact, contact_with
from runner.tracking.last_store import last_store, remember
from runner.tracking.mlflow_tracker import MlflowTracker
from runner.tracking.opening import open_store, refuse_missing_store
from runner.tracking.recorded_run import RecordedRun
from runner.tracking.store import Store, is_server, sqlite_file
from runner.writing.wording import without_password


def open_tracker(uri: str, tracking: TrackingConfig, outputs: Path, *, in_sweep: bool = False) -> MlflowTracker:
    """The tracker of a store, opened.

    Args:
        uri: see `runner.tracking.store.configured_uri`.
        tracking: the config group.
        outputs: the folder of the local store.
        in_sweep: whether a sweep has opened the store before: a server that is away since need not answer.

    Raises:
        InputError: the store does not answer.
    """
    before = last_store(outputs)
    try:
        store = open_store(uri, tracking.experiment_name, outputs)
        contact_with(uri).found()
    except InputError:
        known = before is not None and before.names(uri, tracking.experiment_name) and before.experiment_id
        if not (in_sweep and is_server(uri) and known and not contact_with(uri).answers()):
            raise
        store = Store(uri, str(known), tracking.experiment_name)
    remember(outputs, uri, tracking.experiment_name, store.experiment_id)
    return MlflowTracker(store, tracking.flush_seconds, tracking.system_metrics, tracking.patience)


def run_in_store(uri: str, run_id: str) -> tuple[MlflowTracker, RecordedRun | None]:
    """A run of a store, None where it has none of that id; and a tracker of the store, in no experiment.

    Args:
        uri: of the store.
        run_id: of the run.

    Raises:
        InputError: the store does not answer.
    """
    tracker = MlflowTracker(Store(uri, "", ""))
    if (file := sqlite_file(uri)) and not file.is_file():
        return tracker, None  # asked for it, MLflow would make it
    refuse_missing_store(uri)
    if is_server(uri):
        if not Contact(uri, tells=False).answers():
            raise InputError(
                f"the MLflow server {without_password(uri)} does not answer: start it, or name it with --uri"
            )
        contact_with(uri).found()
    return tracker, tracker.run(run_id)


def recorded_sweep(uri: str, run_id: str) -> tuple[MlflowTracker, RecordedRun]:
    """A sweep's parent run in a store, and the tracker of its experiment.

    Args:
        uri: of the store.
        run_id: of the parent.

    Raises:
        InputError: the store does not answer, it has no such run, or that is no sweep's parent.
    """
    _, found = run_in_store(uri, run_id)
    if found is None or names.SWEEP_KEY not in found.tags:
        raise InputError(
            f"{run_id}: the store {without_password(uri)} has no sweep of that id; "
            "--outputs or --uri names another store"
        )
    return MlflowTracker(Store(uri, found.experiment_id, "")), found


def recorded_config(uri: str, run_id: str) -> Path:
    """The file with the configuration of a run in a store.

    Args:
        uri: of the store.
        run_id: of the run.

    Raises:
        InputError: the store does not answer, it has no such run, or none was recorded: it is a sweep, or a reference.
    """
    tracker, found = run_in_store(uri, run_id)
    if found is None:
        raise InputError(
            f"{run_id}: the store {without_password(uri)} has no run of that id; --outputs or --uri names another store"
        )
    if names.SWEEP_KEY in found.tags:
        raise InputError(
            f"{run_id} is a sweep: `runner resume` goes on with it; repeat one of its runs by that run's id"
        )
    file = None if found.is_reference else tracker.recorded_file(found, "config.yaml")
    if file is None:
        raise InputError(f"{run_id} ({found.name}) has no recorded configuration, so it cannot be repeated")
    return file
