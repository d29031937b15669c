"""Records of the runs of stacks: opened before a stack trains, concluded on a thread while the next one trains."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np

from runner.experiment.execute import Prepared, conclude
from runner.sweeps.job import Job
from runner.tracking import StoreWriter, open_record

if TYPE_CHECKING:
    from runner.launching.launcher import Launched
    from runner.models import Network
    from runner.tracking import Recorder
    from runner.training import Training

log = logging.getLogger("runner")


@dataclass(eq=False)
class Passenger:
    """A run that is trained in a stack.

    Attributes:
        launched: the job as the launcher knows it.
        job: the job as the book knows it.
        run: prepared.
        recorder: of its record, once that is open.
    """

    launched: Launched
    job: Job
    run: Prepared
    recorder: Recorder | None = None


@dataclass(frozen=True)
class Trained:
    """What a stack left of one run.

    Attributes:
        passenger: whose it is.
        training: see there.
        predict: with its best weights.
        network: called for a network with its best weights.
    """

    passenger: Passenger
    training: Training
    predict: Callable[[np.ndarray], np.ndarray]
    network: Callable[[], Network]


class Conclusions:
    """A context: leaving it waits until all is concluded and written; left by an error, all that is open ends by it."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "conclude")
        self._writers: dict[str, StoreWriter] = {}
        self._closing = ExitStack()
        self._open: dict[int, Passenger] = {}
        self._concluding: list[Future[None]] = []

    def __enter__(self) -> Conclusions:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, at: TracebackType | None
    ) -> None:
        with self._closing:
            cause = problem
            try:
                for each in self._concluding if problem is None else ():
                    each.result()
            except BaseException as found:  # on the thread, or Ctrl-C while waiting for it
                cause = found
            self._thread.shutdown(wait=True, cancel_futures=cause is not None)
            if cause is not None:
                for passenger in list(self._open.values()):
                    self.failed(passenger, cause)
            if problem is None and cause is not None:
                raise cause

    def open(self, passenger: Passenger, device: str) -> None:
        """Opens the record of a run that is about to be trained."""
        run = passenger.run
        self._open[passenger.job.number] = passenger
        passenger.job.started()
        passenger.recorder = open_record(
            run.config,
            run.folder,
            run.dataset,
            run.store,
            name=run.name,
            params=run.params,
            tags={**run.tags, "device": device},
            writer=self._writer(run),
        )

    def failed(self, passenger: Passenger, problem: BaseException) -> None:
        """Ends a run that did not go well."""
        self._open.pop(passenger.job.number, None)
        if passenger.recorder is not None:
            passenger.recorder.close(problem)
        passenger.job.failed(problem)
        passenger.launched.ended(problem)

    def conclude(self, stack: Sequence[Trained]) -> None:
        """Has the runs of a stack judged and their records finished; returns at once."""
        self._concluding.append(self._thread.submit(self._conclude, stack))

    def _conclude(self, stack: Sequence[Trained]) -> None:
        outcomes = []
        for each in stack:
            passenger = each.passenger
            assert passenger.recorder is not None
            try:
                with _log_of(passenger.job) as write:
                    outcome = conclude(passenger.run, passenger.recorder, each.training, each.predict, each.network)
                    seconds = ", ".join(f"{step} {value:.2f}" for step, value in passenger.run.seconds.items())
                    write(f"trained in a stack of {len(stack)}; seconds: {seconds}")
            except Exception as problem:
                self.failed(passenger, problem)
            else:
                passenger.recorder.close()
                outcomes.append((passenger, outcome))
        for passenger, outcome in outcomes:
            assert passenger.recorder is not None
            try:
                passenger.recorder.written()
            except Exception as problem:
                passenger.recorder = None  # closed already, and as FAILED
                self.failed(passenger, problem)
                continue
            self._open.pop(passenger.job.number)
            passenger.job.finished(outcome)
            passenger.launched.ended(outcome.objective)

    def _writer(self, run: Prepared) -> StoreWriter | None:
        if run.store is None:
            return None
        if run.store.uri not in self._writers:
            made = StoreWriter(run.store, run.config.tracking.flush_seconds)
            self._writers[run.store.uri] = self._closing.enter_context(made)
        return self._writers[run.store.uri]


@contextmanager
def _log_of(job: Job) -> Iterator[Callable[[str], None]]:
    """The job's own log file, as Hydra's logging would make it; yields what writes a line there and nowhere else."""
    job.folder.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(job.folder / f"{job.name}.log", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    log.addHandler(handler)
    try:
        yield lambda text: handler.emit(log.makeRecord(log.name, logging.INFO, __file__, 0, text, (), None))
    finally:
        log.removeHandler(handler)
        handler.close()
