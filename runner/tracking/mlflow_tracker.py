"""Runs and sweeps in an MLflow store."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import mlflow
from mlflow.entities import Metric, Run, RunTag
from mlflow.exceptions import MlflowException

from runner.config.schemas import TrackingConfig
from runner.data.dataset import Dataset
from runner.errors import InputError
from runner.runs.folder import RunFolder
from runner.runs.naming import RunIdentity
from runner.tracking import model_package, names, saved_views
from runner.tracking.async_writer import StoreWriter
from runner.tracking.charts import Varied
from runner.tracking.dataset_input import dataset_input
from runner.tracking.last_store import remember
from runner.tracking.mlflow_recorder import FINAL_STEP, MlflowRecorder
from runner.tracking.opening import open_store
from runner.tracking.recorded_run import RecordedRun
from runner.tracking.recorder import ModelPackage
from runner.tracking.run_store import NewRun
from runner.tracking.store import UI_ADDRESS, Store, ui_command
from runner.tracking.tracker import Recording
from runner.wording import first_line, without_password

log = logging.getLogger("runner.tracking")


@dataclass(frozen=True)
class MlflowTracker:
    """Records in an MLflow store, through MLflow's client alone: there is no active run.

    Attributes:
        store: where.
        flush_seconds: between two writes of the metrics of running runs.
        system_metrics: whether the machine's use is recorded.
    """

    store: Store
    flush_seconds: float = 5.0
    system_metrics: bool = False

    @property
    def how_to_look(self) -> str:
        """See `Tracker`."""
        if self.store.is_server:
            return saved_views.page(self._address, self.store.experiment_id, saved_views.LOSSES, charts=True)
        return ui_command(self.store)

    def sweep_page(self, parent_id: str) -> str:
        """See `Tracker`."""
        view = saved_views.sweep_view_id(parent_id)
        return saved_views.page(self._address, self.store.experiment_id, view, charts=True)

    @property
    def _address(self) -> str:
        return self.store.uri.rstrip("/") if self.store.is_server else UI_ADDRESS

    @contextmanager
    def recording(self, *, stop_on_error: bool = False) -> Iterator[Recording]:
        """See `Tracker`."""
        with StoreWriter(self.store, self.flush_seconds) as writer:
            yield MlflowRecording(self, writer, stop_on_error)

    def start_sweep(self, name: str, tags: Mapping[str, str]) -> str:
        """See `Tracker`."""
        run = self._client.create_run(self.store.experiment_id, run_name=name, tags=_clean(tags))
        return str(run.info.run_id)

    def find_run(self, tags: Mapping[str, str]) -> RecordedRun | None:
        """See `Tracker`."""
        query = " and ".join(f"tags.`{key}` = '{value}'" for key, value in tags.items())
        found = self._client.search_runs([self.store.experiment_id], query, max_results=1, order_by=["start_time DESC"])
        return recorded(found[0]) if found else None

    def run(self, run_id: str) -> RecordedRun | None:
        """See `Tracker`."""
        try:
            return recorded(self._client.get_run(run_id))
        except MlflowException:
            return None

    def children(self, parent_id: str, status: str | None = None) -> list[RecordedRun]:
        """See `Tracker`."""
        query = f"tags.`{names.PARENT}` = '{parent_id}'" + (f" and attributes.status = '{status}'" if status else "")
        found: list[RecordedRun] = []
        token = None
        while True:
            page = self._client.search_runs(
                [self.store.experiment_id], query, max_results=1000, order_by=["start_time ASC"], page_token=token
            )
            found += map(recorded, page)
            token = page.token
            if not token:
                return found

    def finished_runs(self, parent_id: str, sweep_folder: Path) -> list[RecordedRun]:
        """See `Tracker`."""
        return self.children(parent_id, "FINISHED")

    def set_tags(self, run_id: str, tags: Mapping[str, str]) -> None:
        """See `Tracker`."""
        self._client.log_batch(run_id, tags=[RunTag(key, value[: names.TAG_LENGTH]) for key, value in tags.items()])

    def log_metric(self, run_id: str, name: str, value: float, step: int) -> None:
        """See `Tracker`."""
        self._client.log_metric(run_id, name, value, step=step)

    def log_metrics(self, run_id: str, metrics: Mapping[str, float]) -> None:
        """See `Tracker`."""
        now = int(time.time() * 1000)
        entries = [Metric(name, value, now, FINAL_STEP) for name, value in metrics.items()]
        self._client.log_batch(run_id, metrics=entries)

    def save_sweep_view(self, parent_id: str, name: str, varied: Varied) -> None:
        """See `Tracker`."""
        with _views_may_fail():
            view = saved_views.sweep_view(parent_id, name, varied)
            saved_views.save(self._client, self.store.experiment_id, [view])

    def update_views(self, dataset: str) -> None:
        """See `Tracker`."""
        with _views_may_fail():
            saved_views.keep_current(self._client, self.store.experiment_id, dataset)

    def end_run(self, run_id: str, status: str) -> None:
        """See `Tracker`."""
        self._client.set_terminated(run_id, status, end_time=int(time.time() * 1000))

    def reopen_run(self, run_id: str) -> None:
        """See `Tracker`."""
        self._client.update_run(run_id, status="RUNNING")

    def delete_run(self, run_id: str) -> None:
        """See `Tracker`."""
        self._client.delete_run(run_id)
        with _views_may_fail():
            saved_views.remove(self._client, self.store.experiment_id, saved_views.sweep_view_id(run_id))

    def log_artifacts(self, run_id: str, folder: Path, path: str) -> None:
        """See `Tracker`."""
        self._client.log_artifacts(run_id, str(folder), path)

    def has_artifact(self, run: RecordedRun, path: str) -> bool:
        """See `Tracker`."""
        return bool(self._client.list_artifacts(run.run_id, path))

    def recorded_file(self, run: RecordedRun, path: str) -> Path | None:
        """See `Tracker`; a file of this machine is read where it is."""
        try:
            return Path(mlflow.artifacts.download_artifacts(f"{run.artifact_uri}/{path}", tracking_uri=self.store.uri))
        except (MlflowException, OSError):
            return None

    def has_model(self, run: RecordedRun) -> bool:
        """See `Tracker`."""
        outputs = self._client.get_run(run.run_id).outputs
        return outputs is not None and bool(outputs.model_outputs)

    def log_model(self, run_id: str, package: ModelPackage) -> None:
        """See `Tracker`."""
        model_package.log_model(self.store, run_id, package)

    @property
    def _client(self) -> mlflow.MlflowClient:
        return mlflow.MlflowClient(self.store.uri)


@dataclass(frozen=True)
class MlflowRecording:
    """Opens records of runs whose metrics one thread writes.

    Attributes:
        tracker: where.
        writer: has the thread.
        stop_on_error: see `Tracker.recording`.
        shown: names of datasets that the dashboard of all losses has been made for.
    """

    tracker: MlflowTracker
    writer: StoreWriter
    stop_on_error: bool
    shown: set[str] = field(default_factory=set)

    def open(self, run: RunIdentity, folder: RunFolder, dataset: Dataset) -> MlflowRecorder:
        """See `Recording`; the thread makes the MLflow run when its turn has come."""
        if dataset.name not in self.shown:
            self.shown.add(dataset.name)
            self.writer.call(lambda: self.tracker.update_views(dataset.name))
        params = {key: without_password(value) for key, value in names.accepted_params(run.params).items()}
        new = NewRun(run.name[: names.NAME_LENGTH], _clean(run.tags), params, dataset_input(dataset))
        return MlflowRecorder(
            folder,
            self.writer.open(new),
            self.tracker.store,
            stop_on_error=self.stop_on_error,
            system_metrics=self.tracker.system_metrics,
        )


def recorded(run: Run) -> RecordedRun:
    """A run of MLflow's as our own record."""
    return RecordedRun(
        run_id=str(run.info.run_id),
        name=str(run.info.run_name),
        status=str(run.info.status),
        started=int(run.info.start_time),
        artifact_uri=str(run.info.artifact_uri),
        experiment_id=str(run.info.experiment_id),
        params=dict(run.data.params),
        metrics=dict(run.data.metrics),
        tags=dict(run.data.tags),
    )


def open_tracker(uri: str, tracking: TrackingConfig, outputs: Path) -> MlflowTracker:
    """The tracker of a store, opened.

    Args:
        uri: see `runner.tracking.store.configured_uri`.
        tracking: the config group.
        outputs: the folder of the local store.

    Raises:
        InputError: the store does not answer.
    """
    store = open_store(uri, tracking.experiment_name, outputs)
    remember(outputs, uri, tracking.experiment_name)
    return MlflowTracker(store, tracking.flush_seconds, tracking.system_metrics)


def recorded_sweep(uri: str, run_id: str) -> tuple[MlflowTracker, RecordedRun]:
    """A sweep's parent run in a store, and the tracker of its experiment.

    Args:
        uri: of the store.
        run_id: of the parent.

    Raises:
        InputError: the store has no such run, or it is no sweep's parent.
    """
    found = MlflowTracker(Store(uri, "", "")).run(run_id)
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
        InputError: the store has no such run, or it recorded none: it is a sweep, or a reference.
    """
    tracker = MlflowTracker(Store(uri, "", ""))
    found = tracker.run(run_id)
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


@contextmanager
def _views_may_fail() -> Iterator[None]:
    """Runs are worth more than how they are looked at: a store that refuses a view does not end them."""
    try:
        yield
    except Exception as problem:  # every kind of store fails in its own words
        log.warning("the views of MLflow's UI are not up to date: %s", first_line(problem))


def _clean(tags: Mapping[str, str]) -> dict[str, str]:
    """Tags without passwords, cut to MLflow's limit."""
    return {key: without_password(value)[: names.TAG_LENGTH] for key, value in tags.items()}
