"""The record of a run in MLflow, while it is open."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import Future

from runner.errors import InputError, RunFailed
from runner.runs.folder import RunFolder
from runner.tracking import names
from runner.tracking.async_writer import RunWriter
from runner.tracking.recorder import ModelPackage, StoreError
from runner.tracking.run_store import store_failure
from runner.tracking.store import Store
from runner.tracking.system_metrics import start_monitor
from runner.writing.wording import first_line

FINAL_STEP = 0


class MlflowRecorder:
    """Records in the run's folder, and by a writer in an MLflow run.

    Args:
        folder: the run's own.
        run: what is written of the run, in order.
        store: where.
        stop_on_error: whether the store's error ends the run at once; the runs of a stack are trained on.
        system_metrics: whether the machine's use is recorded.
    """

    def __init__(
        self, folder: RunFolder, run: RunWriter, store: Store, *, stop_on_error: bool, system_metrics: bool
    ) -> None:
        self._folder, self._run, self._stop_on_error = folder, run, stop_on_error
        self._last_epoch = 0
        self._curves: set[str] = set()
        self._ended: Future[None] | None = None
        run_id = self.run_id if system_metrics else ""
        self._monitor = start_monitor(run_id, store.uri) if run_id else None

    @property
    def run_id(self) -> str:
        """See `Recorder`; waits until the run is there, or waits for a server that does not answer."""
        return self._run.known_id

    def log_epoch(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """See `Recorder`."""
        self._folder.append_epoch(epoch, metrics)
        self._run.add(metrics, step=epoch)
        self._curves.update(metrics)
        self._last_epoch = epoch
        if self._stop_on_error and self._run.error is not None:
            raise StoreError(first_line(self._run.error)) from self._run.error

    def log_results(self, metrics: Mapping[str, float], tags: Mapping[str, str] | None = None) -> None:
        """See `Recorder`."""
        # MLflow shows the value of the highest step, and of two at one step the later one: so at the last epoch's.
        # Those that have no curve are at step 0, by which MLflow makes bars of them, and not a line of one point.
        curves = {name: value for name, value in metrics.items() if name in self._curves}
        others = {name: value for name, value in metrics.items() if name not in self._curves}
        own = {names.NOTE: self._folder.read_summary(), **names.checks_tag(self._folder.read_findings())}
        self._run.add(curves, step=self._last_epoch, tags={**own, **(tags or {})})
        self._run.add(others, step=FINAL_STEP)
        self._run.upload([self._folder.path / name for name in names.UPLOADED])

    def log_model(self, package: ModelPackage) -> None:
        """See `Recorder`; returns when it is logged, for its parts do not live longer."""
        try:
            self._run.log_model(package).result()
        except Exception as problem:
            raise StoreError(first_line(problem)) from problem

    def log_metrics(self, metrics: Mapping[str, float]) -> None:
        """See `Recorder`."""
        self._run.add(metrics, step=FINAL_STEP)

    def close(self, problem: BaseException | None = None) -> None:
        """See `Recorder`."""
        if self._monitor is not None:
            self._monitor.finish()
        self._ended = self._run.end(*_ending(problem))

    def wait(self) -> None:
        """See `Recorder`."""
        assert self._ended is not None, "closed before"
        try:
            self._ended.result()
        except Exception as problem:
            failure = f"{store_failure(problem)}; what there is of the run is in {self._folder.path}"
            raise RunFailed(failure) from problem


def _ending(problem: BaseException | None) -> tuple[str, str]:
    """Status and reason of a run that ended well, or with a problem."""
    if problem is None:
        return "FINISHED", ""
    if isinstance(problem, KeyboardInterrupt):
        return "KILLED", f"Interrupted at {time.strftime('%Y-%m-%d %H:%M:%S')}; the epochs so far are kept."
    if isinstance(problem, StoreError):
        return "FAILED", store_failure(problem)
    known = isinstance(problem, InputError | RunFailed)
    return "FAILED", str(problem) if known else f"{type(problem).__name__}: {problem}"
