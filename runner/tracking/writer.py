"""Metrics of a running run: gathered, and written a few times a minute by a thread of their own."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import mlflow

BATCH = 1000  # MLflow's limit for one request


class StoreError(RuntimeError):
    """The store did not take what the writing thread gave it."""


class MetricWriter:
    """Writes metrics in batches. One request a metric would cost more time than training.

    An error of the store is raised by the next call, at the latest by `close`: nothing is lost in silence.

    Args:
        client: of the store.
        run_id: whose metrics.
        seconds: between two writes.
    """

    def __init__(self, client: mlflow.MlflowClient, run_id: str, seconds: float) -> None:
        self._client, self._run_id, self._seconds = client, run_id, seconds
        self._waiting: list = []
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._write_until_closed, name="mlflow-metrics", daemon=True)
        self._thread.start()

    def add(self, metrics: Mapping[str, float], step: int) -> None:
        """Takes metrics of one step; returns at once."""
        from mlflow.entities import Metric

        self._raise_error()
        now = int(time.time() * 1000)
        with self._lock:
            self._waiting += [Metric(name, float(value), now, step) for name, value in metrics.items()]

    def close(self) -> None:
        """Writes what is left, and returns when it is written."""
        self._closing.set()
        self._thread.join()
        self._raise_error()

    def _write_until_closed(self) -> None:
        try:
            while not self._closing.wait(self._seconds):
                self._write()
            self._write()
        except BaseException as problem:
            self._error = problem

    def _write(self) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, []
        for start in range(0, len(waiting), BATCH):
            self._client.log_batch(self._run_id, metrics=waiting[start : start + BATCH])

    def _raise_error(self) -> None:
        if self._error is not None:
            error, self._error = self._error, None
            raise StoreError(f"it did not take the metrics: {error}") from error
