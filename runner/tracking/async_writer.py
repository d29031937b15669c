"""Writes runs into a store: one thread for any number of them, each run's records in order and in few requests."""

from __future__ import annotations

import gc
import queue
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from types import TracebackType
from typing import Any, TypeVar

import mlflow
from mlflow.entities import Metric, Run, RunTag

from runner.tracking.recorder import StoreError
from runner.tracking.store import Store
from runner.wording import first_line

Value = TypeVar("Value")


class StoreWriter:
    """The thread. A context: leaving it waits until all is written, so that nothing is lost.

    It is no daemon: were the program to end without leaving the context, the thread would write what it has, and end.

    Args:
        store: where to.
        seconds: between two writes of the metrics of running runs.
    """

    def __init__(self, store: Store, seconds: float) -> None:
        _freeze_loaded_objects()
        self.store = store
        self.client = mlflow.MlflowClient(store.uri)
        self.running: set[RunWriter] = set()
        self._seconds = seconds
        self._tasks: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._closing, self._closed = threading.Lock(), False
        self._thread = threading.Thread(target=self._work, name="store-writer", daemon=False)
        self._thread.start()

    def __enter__(self) -> StoreWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, at: TracebackType | None
    ) -> None:
        self.close()

    def open(self, create: Callable[[mlflow.MlflowClient], Run]) -> RunWriter:
        """A run that `create` makes when its turn has come; returns at once."""
        return RunWriter(self, create)

    def call(self, task: Callable[[], Value]) -> Future[Value]:
        """Has the thread do something, after all it was given before."""
        future: Future[Value] = Future()

        def done() -> None:
            try:
                future.set_result(task())
            except BaseException as problem:
                future.set_exception(problem)

        with self._closing:
            if self._closed:  # nobody would ever answer
                future.set_exception(StoreError("the record was closed before"))
            else:
                self._tasks.put(done)
        return future

    def close(self) -> None:
        """Returns when all is written."""
        with self._closing:
            self._closed = True
            self._tasks.put(None)
        self._thread.join()

    def _work(self) -> None:
        due = time.monotonic() + self._seconds
        while True:
            try:
                task = self._tasks.get(timeout=max(0.0, due - time.monotonic()))
            except queue.Empty:
                if not threading.main_thread().is_alive():  # nobody is left to close this
                    break
            else:
                if task is None:
                    break
                task()
            if time.monotonic() >= due:
                for run in tuple(self.running):
                    run.flush()
                due = time.monotonic() + self._seconds
        for run in tuple(self.running):  # never ended; what they were given is not lost
            run.flush()


class RunWriter:
    """What is written of one run. What it takes is written later; after an error of the store nothing more is tried.

    Args:
        writer: whose thread writes.
        create: makes the run.
    """

    def __init__(self, writer: StoreWriter, create: Callable[[mlflow.MlflowClient], Run]) -> None:
        self.error: BaseException | None = None
        self._writer, self._client = writer, writer.client
        self._lock = threading.Lock()
        self._metrics: list[Any] = []
        self._tags: list[Any] = []
        self._opened = writer.call(lambda: self._open(create))

    @property
    def run(self) -> Run:
        """As it was when it was created; waits until it is.

        Raises:
            StoreError: it could not be created.
        """
        try:
            return self._opened.result()
        except StoreError:
            raise
        except Exception as problem:
            raise StoreError(first_line(problem)) from problem

    def add(self, metrics: Mapping[str, float], step: int, tags: Mapping[str, str] | None = None) -> None:
        """Takes metrics of one step, and tags."""
        now = int(time.time() * 1000)
        with self._lock:
            self._metrics += [Metric(name, float(value), now, step) for name, value in metrics.items()]
            self._tags += [RunTag(name, value) for name, value in (tags or {}).items()]

    def do(self, task: Callable[[mlflow.MlflowClient, Run], Value]) -> Future[Value]:
        """Has the thread do something for this run, in its turn; an error is the run's as well as the future's."""

        def attempt() -> Value:
            if self.error is not None:
                raise StoreError(first_line(self.error)) from self.error
            try:
                return task(self._client, self.run)
            except BaseException as problem:
                self.error = self.error or problem
                raise

        return self._writer.call(attempt)

    def end(self, ending: Callable[[mlflow.MlflowClient, Run, BaseException | None], None]) -> Future[None]:
        """Writes what is left; then `ending` is told of the run and of the store's error, if there was one."""

        def attempt() -> None:
            self.flush()
            self._writer.running.discard(self)
            if not self._opened.exception():
                ending(self._client, self.run, self.error)
            if self.error is not None:
                raise StoreError(first_line(self.error)) from self.error

        return self._writer.call(attempt)

    def flush(self) -> None:
        """Writes what waits; for the thread alone."""
        with self._lock:
            metrics, self._metrics = self._metrics, []
            tags, self._tags = self._tags, []
        if self.error is None and (metrics or tags):
            try:
                self._client.log_batch(self.run.info.run_id, metrics=metrics, tags=tags)  # it cuts to MLflow's limits
            except BaseException as problem:
                self.error = problem

    def _open(self, create: Callable[[mlflow.MlflowClient], Run]) -> Run:
        try:
            run = create(self._client)
        except BaseException as problem:
            self.error = problem
            raise
        self._writer.running.add(self)
        return run


def _freeze_loaded_objects() -> None:
    """Python's collector would look through all that TensorFlow has loaded, once or twice for every run recorded."""
    if not gc.get_freeze_count():
        gc.freeze()
