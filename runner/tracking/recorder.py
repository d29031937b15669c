"""Records runs while they happen: in their folders always, in MLflow unless tracking is off."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from omegaconf import DictConfig

from runner.data.dataset import Dataset
from runner.errors import InputError, RunFailed
from runner.runs.folder import RunFolder
from runner.tracking.async_writer import RunWriter, StoreError, StoreWriter
from runner.tracking.dataset_input import dataset_input
from runner.tracking.store import Store
from runner.wording import first_line, without_password

if TYPE_CHECKING:
    import mlflow
    from mlflow.entities import Run
    from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

log = logging.getLogger("runner.tracking")

PARAM_LENGTH = 6000  # MLflow's limit
ARTIFACTS = ("config.yaml", "figures", "predictions", "history.csv", "metrics.json")


class Recorder(Protocol):
    """What the experiment tells about a run, and whom."""

    def epoch(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """An epoch is over; epochs count from 1."""

    def finish(self, metrics: Mapping[str, float]) -> None:
        """The run is evaluated; its figures, predictions and summary are in its folder."""

    def model(self, packed: dict[str, Any]) -> None:
        """The trained model, which scores raw rows, as `runner.tracking.model_package.packed` hands it over."""

    def final(self, metrics: Mapping[str, float]) -> None:
        """Metrics known only when all else is recorded."""

    def close(self, problem: BaseException | None = None) -> None:
        """The run is over: well, or with `problem`. Returns at once."""

    def written(self) -> None:
        """Returns when all of a closed record is written.

        Raises:
            RunFailed: the store did not take it; what there is of the run is in its folder.
        """

    @property
    def where(self) -> str:
        """Where to look at the run: an MLflow run id, or nothing."""


class FolderRecorder:
    """Records nowhere but in the run's folder."""

    where = ""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder

    def epoch(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """See `Recorder`."""
        self._folder.epoch(epoch, metrics)

    def finish(self, metrics: Mapping[str, float]) -> None:
        """See `Recorder`; everything is in the folder already."""

    def model(self, packed: dict[str, Any]) -> None:
        """See `Recorder`; it is in the folder already."""

    def final(self, metrics: Mapping[str, float]) -> None:
        """See `Recorder`."""

    def close(self, problem: BaseException | None = None) -> None:
        """See `Recorder`."""

    def written(self) -> None:
        """See `Recorder`."""


class MlflowRecorder:
    """Records in the run's folder, and by a writer in an MLflow run.

    Args:
        folder: the run's own.
        run: its words to the store.
        alone: whether the store's error is to end the run at once; the runs of a stack are trained on.
        system_metrics: whether the machine's use is recorded.
    """

    def __init__(self, folder: RunFolder, run: RunWriter, store: Store, *, alone: bool, system_metrics: bool) -> None:
        self._folder, self._run, self._store, self._alone = folder, run, store, alone
        self._last_epoch = 0
        self._ended: Future[None] | None = None
        self._monitor = _monitor(self.where, store) if system_metrics else None

    @property
    def where(self) -> str:
        """See `Recorder`; waits until the run is there."""
        return str(self._run.run.info.run_id)

    def epoch(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """See `Recorder`."""
        self._folder.epoch(epoch, metrics)
        self._run.add(metrics, step=epoch)
        self._last_epoch = epoch
        if self._alone and self._run.error is not None:
            raise StoreError(first_line(self._run.error)) from self._run.error

    def finish(self, metrics: Mapping[str, float]) -> None:
        """See `Recorder`."""
        note = (self._folder.path / "summary.md").read_text(encoding="utf-8")
        # MLflow shows the value of the highest step, and of two at one step the later one: so at the last epoch's.
        self._run.add(metrics, step=self._last_epoch, tags={"mlflow.note.content": note})
        self._run.do(self._upload)

    def model(self, packed: dict[str, Any]) -> None:
        """See `Recorder`; returns when it is logged, for its parts do not live longer."""
        from runner.tracking.model_package import log_model

        try:
            self._run.do(lambda _, run: log_model(self._store, run.info.run_id, packed)).result()
        except Exception as problem:
            raise StoreError(first_line(problem)) from problem

    def final(self, metrics: Mapping[str, float]) -> None:
        """See `Recorder`."""
        self._run.add(metrics, step=self._last_epoch)

    def close(self, problem: BaseException | None = None) -> None:
        """See `Recorder`."""
        if self._monitor is not None:
            self._monitor.finish()
        status, reason = _ending(problem)

        def ending(client: mlflow.MlflowClient, run: Run, error: BaseException | None) -> None:
            if error is not None and status == "FINISHED":
                _end(client, run.info.run_id, "FAILED", _store_failed(error))
            else:
                _end(client, run.info.run_id, status, reason)

        self._ended = self._run.end(ending)

    def written(self) -> None:
        """See `Recorder`."""
        assert self._ended is not None, "closed before"
        try:
            self._ended.result()
        except Exception as problem:
            failure = f"{_store_failed(problem)}; what there is of the run is in {self._folder.path}"
            raise RunFailed(failure) from problem

    def _upload(self, client: mlflow.MlflowClient, run: Run) -> None:
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
        from mlflow.utils.uri import add_databricks_profile_info_to_artifact_uri

        # The client's own way to the artifacts would ask the store for the run once more.
        uri = add_databricks_profile_info_to_artifact_uri(run.info.artifact_uri, self._store.uri)
        artifacts = get_artifact_repository(uri, tracking_uri=self._store.uri)
        for path in (self._folder.path / name for name in ARTIFACTS):
            if path.is_dir():
                artifacts.log_artifacts(str(path), path.name)
            elif path.exists():
                artifacts.log_artifact(str(path))


def open_record(
    config: DictConfig,
    folder: RunFolder,
    dataset: Dataset,
    store: Store | None,
    *,
    name: str,
    params: Mapping[str, str],
    tags: Mapping[str, str],
    writer: StoreWriter | None = None,
    alone: bool = False,
) -> Recorder:
    """Opens the record of a run, which is to be closed; with a writer any number may be open together.

    Args:
        config: the composed config.
        folder: the run's own.
        dataset: what it is trained on.
        store: the MLflow store; None records in the folder only.
        name, params, tags: of the MLflow run.
        writer: of `store`; its thread makes the run, and this returns at once.
        alone: whether an error of the store ends the run at once, and not when it is closed.
    """
    folder.config(config)
    if store is None:
        return FolderRecorder(folder)
    assert writer is not None
    hidden = {key: without_password(value) for key, value in tags.items()}

    def create(client: mlflow.MlflowClient) -> Run:
        from mlflow.entities import Param

        run = client.create_run(store.experiment_id, run_name=name, tags=hidden)
        entries = [Param(key, without_password(value)[:PARAM_LENGTH]) for key, value in params.items()]
        try:
            client.log_batch(run.info.run_id, params=entries)  # it cuts to MLflow's limits
            client.log_inputs(run.info.run_id, datasets=[dataset_input(dataset)])
        except BaseException as problem:
            with contextlib.suppress(Exception):
                _end(client, run.info.run_id, "FAILED", _store_failed(problem))
            raise
        return run

    return MlflowRecorder(
        folder, writer.open(create), store, alone=alone, system_metrics=config.tracking.system_metrics
    )


@contextmanager
def record(
    config: DictConfig,
    folder: RunFolder,
    dataset: Dataset,
    store: Store | None,
    *,
    name: str,
    params: Mapping[str, str],
    tags: Mapping[str, str],
) -> Iterator[Recorder]:
    """The record of a single run; closes it as what it was: FINISHED, FAILED, or KILLED by Ctrl-C or SIGTERM.

    Args:
        config, folder, dataset, store, name, params, tags: see `open_record`.

    Raises:
        RunFailed: the store stopped answering, or refused.
    """
    if store is None:
        yield open_record(config, folder, dataset, None, name=name, params=params, tags=tags)
        return
    with StoreWriter(store, config.tracking.flush_seconds) as writer:
        recorder = open_record(
            config, folder, dataset, store, name=name, params=params, tags=tags, writer=writer, alone=True
        )
        try:
            recorder.where  # noqa: B018 - a store that refuses the run shows before it is trained
            yield recorder
        except BaseException as problem:
            recorder.close(problem)
            try:
                recorder.written()
            except RunFailed as failure:
                if isinstance(problem, StoreError):
                    raise failure from problem
                log.warning("the MLflow run could not be closed: %s", failure)
            raise
        recorder.close()
        recorder.written()


def _ending(problem: BaseException | None) -> tuple[str, str]:
    """Status and reason of a run that ended well, or with a problem."""
    if problem is None:
        return "FINISHED", ""
    if isinstance(problem, KeyboardInterrupt):
        return "KILLED", f"Interrupted at {time.strftime('%Y-%m-%d %H:%M:%S')}; the epochs so far are kept."
    if isinstance(problem, StoreError):
        return "FAILED", _store_failed(problem)
    known = isinstance(problem, InputError | RunFailed)
    return "FAILED", str(problem) if known else f"{type(problem).__name__}: {problem}"


def _store_failed(problem: BaseException) -> str:
    return f"The MLflow store stopped answering or refused: {first_line(problem)}"


def _end(client: mlflow.MlflowClient, run_id: str, status: str, reason: str) -> None:
    from mlflow.entities import RunTag

    if reason:
        tags = [RunTag("mlflow.note.content", f"**{status}.** {reason}"[:5000]), RunTag("failure", reason[:5000])]
        with contextlib.suppress(Exception):  # the status is what counts
            client.log_batch(run_id, tags=tags)
    client.set_terminated(run_id, status)


def _monitor(run_id: str, store: Store) -> SystemMetricsMonitor:
    """Records the use of the machine, started."""
    from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

    monitor = SystemMetricsMonitor(run_id, tracking_uri=store.uri)
    monitor.start()
    return monitor
