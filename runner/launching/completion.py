"""Records of the runs of stacks: opened before a stack trains, concluded on a thread while the next one trains."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import TracebackType

from runner import experiment
from runner.experiment.run import TrainedRun
from runner.launching.jobs import StackedRun
from runner.sweeps.job import JobRun
from runner.tracking import names
from runner.tracking.tracker import Recording, Tracker

log = logging.getLogger("runner")


@dataclass(frozen=True)
class FinishedTraining:
    """A run of a stack that was trained.

    Attributes:
        stacked: the run.
        trained: what training left of it.
    """

    stacked: StackedRun
    trained: TrainedRun


class CompletionQueue:
    """A context: leaving it waits until all is concluded and written; an error that leaves it closes what is open."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "conclude")
        self._recordings: dict[Tracker, Recording] = {}
        self._closing = ExitStack()
        self._open: dict[int, StackedRun] = {}
        self._concluding: list[Future[None]] = []

    def __enter__(self) -> CompletionQueue:
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
                for stacked in list(self._open.values()):
                    self.fail(stacked, cause)
            if problem is None and cause is not None:
                raise cause

    def open(self, stacked: StackedRun, device: str) -> None:
        """Opens the record of a run that is about to be trained.

        Args:
            stacked: the run.
            device: in words.
        """
        run, spec = stacked.run, stacked.run.spec
        self._open[stacked.job.number] = stacked
        stacked.job.started()
        spec.folder.write_config(spec.config)
        identity = run.identity.with_tags(**{names.DEVICE: device})
        stacked.recorder = self._recording(run.tracker).open(identity, spec.folder, run.dataset)

    def fail(self, stacked: StackedRun, problem: BaseException) -> None:
        """Ends a run that did not go well."""
        self._open.pop(stacked.job.number, None)
        if stacked.recorder is not None:
            stacked.recorder.close(problem)
        stacked.job.failed(problem)
        stacked.launched.ended(problem)

    def conclude(self, stack: Sequence[FinishedTraining]) -> None:
        """Has the runs of a stack evaluated and their records finished; returns at once."""
        self._concluding.append(self._thread.submit(self._conclude, stack))

    def _conclude(self, stack: Sequence[FinishedTraining]) -> None:
        outcomes = []
        for each in stack:
            stacked, trained = each.stacked, each.trained
            assert stacked.recorder is not None
            try:
                with _log_of(stacked.job) as write:
                    evaluation = experiment.evaluate_run(trained)
                    outcome = experiment.conclude(trained, evaluation, stacked.recorder)
                    write(f"trained in a stack of {len(stack)}; seconds: {trained.run.seconds}")
            except Exception as problem:
                self.fail(stacked, problem)
            else:
                stacked.recorder.close()
                outcomes.append((stacked, outcome))
        for stacked, outcome in outcomes:
            assert stacked.recorder is not None
            try:
                stacked.recorder.wait()
            except Exception as problem:
                stacked.recorder = None  # closed already, and as FAILED
                self.fail(stacked, problem)
                continue
            self._open.pop(stacked.job.number)
            stacked.job.finished(outcome)
            stacked.launched.ended(outcome.objective)

    def _recording(self, tracker: Tracker) -> Recording:
        if tracker not in self._recordings:
            self._recordings[tracker] = self._closing.enter_context(tracker.recording())
        return self._recordings[tracker]


@contextmanager
def _log_of(job: JobRun) -> Iterator[Callable[[str], None]]:
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
