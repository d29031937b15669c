"""Writes runs into a store: one thread for any number of them, each run's records in order and in few transactions."""

from __future__ import annotations

import contextlib
import gc
import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from mlflow.entities import Metric

from runner.tracking import database_run_store, names
from runner.tracking.contact import contact_with
from runner.tracking.database_run_store import DatabaseRunStore
from runner.tracking.journaled_run_store import JournaledRunStore
from runner.tracking.recorder import ModelPackage, StoreError
from runner.tracking.run_store import ClientRunStore, CreatedRun, NewRun, RunStore, store_failure
from runner.tracking.stale_runs import heartbeat
from runner.tracking.store import Store
from runner.writing.wording import first_line

log = logging.getLogger("runner.tracking")

Value = TypeVar("Value")
MOST_UNANSWERED = 1000
HEARTBEAT_SECONDS = 60.0
"""Between two heartbeats of a run, which go with a write of its metrics. A shorter run has none."""


@dataclass
class _Task:
    """Something that the thread is to do.

    Attributes:
        work: what.
        answer: has its result once that is written.
        run: whose record it belongs to, if it belongs to one.
        result: of the work.
    """

    work: Callable[[], Any]
    answer: Future[Any]
    run: RunWriter | None
    result: Any = None


class StoreWriter:
    """The thread. A context: leaving it waits until all is written, so that nothing is lost.

    What waits is written in one transaction as soon as there is nothing else to do: alone, a run is written at once; of
    a stack, many runs are written together.

    It is no daemon: were the program to end without leaving the context, the thread would write what it has, and end.

    Args:
        store: where to.
        seconds: between two writes of the metrics of running runs.
    """

    def __init__(self, store: Store, seconds: float) -> None:
        _freeze_loaded_objects()
        self.runs = run_store(store)
        self.running: set[RunWriter] = set()
        self._seconds = seconds
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._unanswered: list[_Task] = []
        self._closing, self._closed = threading.Lock(), False
        self._thread = threading.Thread(target=self._work, name="store-writer", daemon=False)
        self._thread.start()

    def __enter__(self) -> StoreWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, at: TracebackType | None
    ) -> None:
        self.close()

    def open(self, new: NewRun) -> RunWriter:
        """A run that is created when its turn has come; returns at once."""
        return RunWriter(self, new)

    def call(self, work: Callable[[], Value], run: RunWriter | None = None) -> Future[Value]:
        """Has the thread do something, after all it was given before; the answer comes when that is written.

        Args:
            work: what.
            run: whose record it belongs to; what cannot be written of that is the future's error.
        """
        task = _Task(work, Future(), run)
        with self._closing:
            if self._closed:  # nobody would ever answer
                task.answer.set_exception(StoreError("the record was closed before"))
            else:
                self._tasks.put(task)
        return task.answer

    def close(self) -> None:
        """Returns when all is written."""
        with self._closing:
            self._closed = True
            self._tasks.put(None)
        self._thread.join()

    def commit(self) -> None:
        """Writes what waits, and answers what waited for it; for the thread alone."""
        concerned = self._concerned()
        errors = self._commit()
        tasks, self._unanswered = self._unanswered, []
        for run in concerned:
            if (problem := errors.get(run.run_id)) is not None:
                run.error = run.error or problem
                with contextlib.suppress(Exception):  # if it is there, and can be written now
                    self.runs.end(run.run_id, "FAILED", store_failure(problem))
        if errors:
            self._commit()
        for task in tasks:
            problem = errors.get(task.run.run_id) if task.run is not None else None
            if problem is None:
                task.answer.set_result(task.result)
            else:
                task.answer.set_exception(problem)

    def _commit(self) -> Mapping[str, BaseException]:
        try:
            return self.runs.commit()
        except Exception as problem:  # no kind of error may end the thread, which others wait for
            return {run.run_id: problem for run in self._concerned()}

    def _concerned(self) -> set[RunWriter]:
        return {*self.running, *(task.run for task in self._unanswered if task.run is not None)}

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
                self._do(task)
            if time.monotonic() >= due:
                for run in tuple(self.running):
                    run.beat()
                    run.flush()
                self.commit()
                due = time.monotonic() + self._seconds
            elif self._tasks.empty() or len(self._unanswered) >= MOST_UNANSWERED:
                self.commit()
        for run in tuple(self.running):  # never ended; what they were given is not lost
            run.flush()
        self.commit()
        self.runs.close()

    def _do(self, task: _Task) -> None:
        try:
            task.result = task.work()
        except BaseException as problem:
            task.answer.set_exception(problem)
        else:
            self._unanswered.append(task)


class RunWriter:
    """What is written of one run. What it takes is written later; after an error of the store nothing more is tried.

    Args:
        writer: whose thread writes.
        new: the run.

    Attributes:
        run_id: of the run, or nothing before it is created.
        error: of the store.
    """

    def __init__(self, writer: StoreWriter, new: NewRun) -> None:
        self.error: BaseException | None = None
        self.run_id = ""
        self._writer, self._runs = writer, writer.runs
        self._lock = threading.Lock()
        self._metrics: list[Metric] = []
        self._tags: dict[str, str] = {}
        self._created: CreatedRun | None = None
        self._next_beat = time.monotonic() + HEARTBEAT_SECONDS
        self._opened = writer.call(lambda: self._open(new), self)

    @property
    def run(self) -> CreatedRun:
        """The run; waits until it is created.

        Raises:
            StoreError: it could not be created.
        """
        try:
            return self._opened.result()
        except StoreError:
            raise
        except Exception as problem:
            raise StoreError(first_line(problem)) from problem

    @property
    def known_id(self) -> str:
        """MLflow's id of the run; waits until it is created, and is empty where that waits for a server.

        Raises:
            StoreError: it could not be created.
        """
        return self._runs.known_id(self.run.run_id)

    def add(self, metrics: Mapping[str, float], step: int, tags: Mapping[str, str] | None = None) -> None:
        """Takes metrics of one step, and tags."""
        now = int(time.time() * 1000)
        with self._lock:
            self._metrics += [Metric(name, float(value), now, step) for name, value in metrics.items()]
            self._tags.update(tags or {})

    def upload(self, paths: Sequence[Path]) -> None:
        """Has files and folders copied to the run's artifacts; an error is the run's."""
        self._attempt(lambda run: self._runs.log_artifacts(run, paths))

    def log_model(self, package: ModelPackage) -> Future[None]:
        """Has a model logged, when what was given before is in the store; an error is the run's as well."""

        def after_commit(run: CreatedRun) -> None:
            self._writer.commit()
            if self.error is not None:
                raise self.error
            self._runs.log_model(run, package)

        return self._attempt(after_commit)

    def end(self, status: str, reason: str = "") -> Future[None]:
        """Writes what is left, and ends the run; as FAILED where the store had an error and it went well otherwise."""

        def ending() -> None:
            self.flush()
            self._writer.running.discard(self)
            if self._created is not None:
                if self.error is not None and status == "FINISHED":
                    self._runs.end(self.run_id, "FAILED", store_failure(self.error))
                else:
                    self._runs.end(self.run_id, status, reason)
            if self.error is not None:
                raise StoreError(first_line(self.error)) from self.error

        return self._writer.call(ending, self)

    def beat(self) -> None:
        """Has the next write say that this process lives, once a while; for the thread alone."""
        if time.monotonic() >= self._next_beat:
            self._next_beat = time.monotonic() + HEARTBEAT_SECONDS
            self.add({}, step=0, tags={names.HEARTBEAT: heartbeat()})

    def flush(self) -> None:
        """Hands what waits to the store; for the thread alone."""
        with self._lock:
            metrics, self._metrics = self._metrics, []
            tags, self._tags = self._tags, {}
        if self.error is None and (metrics or tags):
            try:
                self._runs.write(self.run_id, metrics, tags)
            except BaseException as problem:
                self.error = problem

    def _attempt(self, work: Callable[[CreatedRun], Value]) -> Future[Value]:
        def attempt() -> Value:
            if self.error is not None:
                raise StoreError(first_line(self.error)) from self.error
            assert self._created is not None  # else there is an error
            try:
                return work(self._created)
            except BaseException as problem:
                self.error = self.error or problem
                raise

        return self._writer.call(attempt, self)

    def _open(self, new: NewRun) -> CreatedRun:
        try:
            self._created = self._runs.create(new)
        except BaseException as problem:
            self.error = problem
            raise
        self.run_id = self._created.run_id
        self._writer.running.add(self)
        return self._created


def run_store(store: Store) -> RunStore:
    """What writes runs into a store: as rows where it is a database that is known, else through MLflow's client."""
    if store.is_server:
        return JournaledRunStore(store, contact_with(store.uri))
    if database_run_store.knows(store.uri):
        return DatabaseRunStore(store)
    log.info("runs are recorded through MLflow's client, which takes longer: this database is not one that is known")
    return ClientRunStore(store)


@cache
def _freeze_loaded_objects() -> None:
    """Python's collector would look through all that the frameworks have loaded, once or twice for every run recorded.

    TensorFlow's part is left out since it was loaded; MLflow has come after. Once: later there is garbage among it.
    """
    gc.freeze()
