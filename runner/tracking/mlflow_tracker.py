"""Runs and sweeps in an MLflow store."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import mlflow
from mlflow.entities import Metric, Run
from mlflow.exceptions import MlflowException

from runner.data.dataset import Dataset
from runner.runs.folder import RunFolder
from runner.runs.naming import RunIdentity
from runner.tracking import model_package, names, saved_views
from runner.tracking.async_writer import StoreWriter
from runner.tracking.charts import Varied
from runner.tracking.contact import Contact, contact_with
from runner.tracking.dataset_input import dataset_input
from runner.tracking.journaled_run_store import JournaledRunStore
from runner.tracking.mlflow_recorder import FINAL_STEP, MlflowRecorder
from runner.tracking.recorded_run import RecordedRun
from runner.tracking.recorder import ModelPackage, StoreAway
from runner.tracking.run_store import ClientRunStore, NewRun
from runner.tracking.store import UI_ADDRESS, Store, ui_command
from runner.tracking.syncing import sync
from runner.tracking.tracker import Recording
from runner.writing.console import short_path
from runner.writing.wording import first_line, typed, without_password

log = logging.getLogger("runner.tracking")


@dataclass(frozen=True)
class MlflowTracker:
    """Records in an MLflow store, through MLflow's client alone: there is no active run.

    Attributes:
        store: where.
        flush_seconds: between two writes of the metrics of running runs.
        system_metrics: whether the machine's use is recorded.
        patience: seconds that the end of a run or a sweep waits for a server that does not answer.
        kept: writes of sweeps' parents what can wait in their folders; empty before `keep`.
    """

    store: Store
    flush_seconds: float = 5.0
    system_metrics: bool = False
    patience: float = 120.0
    kept: list[JournaledRunStore] = field(default_factory=list, compare=False)

    @property
    def how_to_look(self) -> str:
        """See `Tracker`."""
        if self.store.is_server:
            return saved_views.page(self._address, self.store.experiment_id, saved_views.LOSSES, charts=True)
        return ui_command(self.store)

    def resume_command(self, parent_id: str) -> str:
        """See `Tracker`."""
        elsewhere = self.store.is_server and os.environ.get("MLFLOW_TRACKING_URI") != self.store.uri
        return typed("runner", "resume", parent_id, *(["--uri", without_password(self.store.uri)] if elsewhere else []))

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

    def keep(self, run_id: str, folder: Path) -> None:
        """See `Tracker`; of a server's runs."""
        if self.store.is_server:
            if not self.kept:
                self.kept.append(JournaledRunStore(self.store, self._contact))
            self.kept[0].keep(run_id, folder.absolute())

    def settle(self, folder: Path, *, patient: bool = True) -> None:
        """See `Tracker`."""
        if not self.store.is_server:
            return
        for store in self.kept:
            store.let_go()
        deadline = time.monotonic() + (self.patience if patient else 0.0)
        told = False
        while True:
            synced = sync(folder, lambda _: self.store.uri, lambda _: self._contact)
            for refused, reason in synced.refused:
                log.warning("%s: the store refuses what waited: %s", short_path(refused), reason)
            if not synced.waiting:
                return
            if time.monotonic() >= deadline:
                raise StoreAway(_waits(self._contact.name, synced.waiting, folder))
            if not told:
                log.warning("waiting for it for %g s; Ctrl-C ends that, and loses nothing", self.patience)
                told = True
            time.sleep(min(self._contact.seconds_to_wait + 0.1, max(0.1, deadline - time.monotonic())))

    def start_sweep(self, name: str, tags: Mapping[str, str]) -> str:
        """See `Tracker`."""
        short = name[: names.NAME_LENGTH]  # PostgreSQL refuses more
        with self._asking() as client:
            run = client.create_run(self.store.experiment_id, run_name=short, tags=_clean(tags))
        return str(run.info.run_id)

    def find_run(self, tags: Mapping[str, str]) -> RecordedRun | None:
        """See `Tracker`."""
        query = " and ".join(f"tags.`{key}` = '{value}'" for key, value in tags.items())
        with self._asking() as client:
            found = client.search_runs([self.store.experiment_id], query, max_results=1, order_by=["start_time DESC"])
        return recorded(found[0]) if found else None

    def run(self, run_id: str) -> RecordedRun | None:
        """See `Tracker`."""
        try:
            with self._asking() as client:
                return recorded(client.get_run(run_id))
        except MlflowException:
            return None

    def children(self, parent_id: str, status: str | None = None) -> list[RecordedRun]:
        """See `Tracker`."""
        query = f"tags.`{names.PARENT}` = '{parent_id}'" + (f" and attributes.status = '{status}'" if status else "")
        return self._search(query)

    def running(self) -> list[RecordedRun]:
        """See `Tracker`."""
        return self._search("attributes.status = 'RUNNING'")

    def _search(self, query: str) -> list[RecordedRun]:
        found: list[RecordedRun] = []
        token = None
        while True:
            with self._asking() as client:
                page = client.search_runs(
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
        cut = {key: value[: names.TAG_LENGTH] for key, value in tags.items()}
        self._write(run_id, lambda store: store.write(run_id, [], cut))

    def log_metric(self, run_id: str, name: str, value: float, step: int) -> None:
        """See `Tracker`."""
        entry = Metric(name, float(value), int(time.time() * 1000), step)
        self._write(run_id, lambda store: store.write(run_id, [entry], {}))

    def log_metrics(self, run_id: str, metrics: Mapping[str, float]) -> None:
        """See `Tracker`."""
        now = int(time.time() * 1000)
        entries = [Metric(name, float(value), now, FINAL_STEP) for name, value in metrics.items()]
        self._write(run_id, lambda store: store.write(run_id, entries, {}))

    def save_sweep_view(self, parent_id: str, name: str, varied: Varied) -> None:
        """See `Tracker`."""
        with _views_may_fail(), self._asking() as client:
            view = saved_views.sweep_view(parent_id, name, varied)
            saved_views.save(client, self.store.experiment_id, [view])

    def update_views(self, dataset: str) -> None:
        """See `Tracker`."""
        with _views_may_fail(), self._asking() as client:
            saved_views.keep_current(client, self.store.experiment_id, dataset)

    def end_run(self, run_id: str, status: str) -> None:
        """See `Tracker`."""
        self._write(run_id, lambda store: store.end(run_id, status))

    def reopen_run(self, run_id: str) -> None:
        """See `Tracker`."""
        with self._asking() as client:
            client.update_run(run_id, status="RUNNING")

    def delete_run(self, run_id: str) -> None:
        """See `Tracker`."""
        with self._asking() as client:
            client.delete_run(run_id)
        with _views_may_fail(), self._asking() as client:
            saved_views.remove(client, self.store.experiment_id, saved_views.sweep_view_id(run_id))

    def log_artifacts(self, run_id: str, folder: Path, path: str) -> None:
        """See `Tracker`."""
        self._write(run_id, lambda store: store.log_files(run_id, folder, path))

    def has_artifact(self, run: RecordedRun, path: str) -> bool:
        """See `Tracker`."""
        with self._asking() as client:
            return bool(client.list_artifacts(run.run_id, path))

    def recorded_file(self, run: RecordedRun, path: str) -> Path | None:
        """See `Tracker`; a file of this machine is read where it is."""
        try:
            with self._asking():
                address = f"{run.artifact_uri}/{path}"
                return Path(mlflow.artifacts.download_artifacts(address, tracking_uri=self.store.uri))
        except (MlflowException, OSError):
            return None

    def has_model(self, run: RecordedRun) -> bool:
        """See `Tracker`."""
        with self._asking() as client:
            return model_package.has_model(client, run.run_id)

    def log_model(self, run_id: str, package: ModelPackage) -> None:
        """See `Tracker`."""
        self.remove_unfinished_model(run_id)
        with self._asking():
            model_package.log_model(self.store, run_id, package)

    def remove_unfinished_model(self, run_id: str) -> None:
        """See `Tracker`."""
        with self._asking() as client:
            model_package.remove_unfinished(client, self.store.experiment_id, run_id)

    def _write(self, run_id: str, work: Callable[[ClientRunStore | JournaledRunStore], None]) -> None:
        """Writes something of a run at once, or has it wait in the folder of a run that is kept."""
        for store in self.kept:
            if store.keeps(run_id):
                store.commit()
                work(store)
                return
        with self._asking():
            work(ClientRunStore(self.store))

    @property
    def _contact(self) -> Contact:
        return contact_with(self.store.uri)

    @contextmanager
    def _asking(self) -> Iterator[mlflow.MlflowClient]:
        with self._contact.asking():
            yield mlflow.MlflowClient(self.store.uri)


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
        described = dataset_input(dataset)
        new = NewRun(run.name[: names.NAME_LENGTH], _clean(run.tags), params, described, folder.path.absolute())
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


@contextmanager
def _views_may_fail() -> Iterator[None]:
    """Runs are worth more than how they are looked at: a store that refuses a view does not end them."""
    try:
        yield
    except StoreAway:  # which is told of already; at the end of the sweep, or with the next run, it is made
        pass
    except Exception as problem:  # every kind of store fails in its own words
        log.warning("the views of MLflow's UI are not up to date: %s", first_line(problem))


def _waits(server: str, folders: Sequence[Path], above: Path) -> str:
    """What the user is told of runs that are complete in their folders and nowhere else."""
    number = sum(folder != above for folder in folders)  # a sweep's own folder has its parent's
    runs = f"{number} runs wait" if number > 1 else "the run waits"
    command = typed("runner", "sync", short_path(above))
    return (
        f"{server} does not answer: {runs} in {short_path(above)}; when it is back, `{command}` records what it lacks"
    )


def _clean(tags: Mapping[str, str]) -> dict[str, str]:
    """Tags without passwords, cut to MLflow's limit."""
    return {key: without_password(value)[: names.TAG_LENGTH] for key, value in tags.items()}
