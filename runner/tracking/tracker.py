"""Where the runs of a sweep, or one run, are recorded: MLflow, or nowhere but in the runs' folders."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Protocol

from runner.data.dataset import Dataset
from runner.errors import RunFailed
from runner.runs.folder import RunFolder
from runner.runs.naming import RunIdentity
from runner.tracking import names
from runner.tracking.charts import Varied
from runner.tracking.recorded_run import RecordedRun
from runner.tracking.recorder import FolderRecorder, ModelPackage, Recorder, StoreAway, StoreError

log = logging.getLogger("runner.tracking")


class Recording(Protocol):
    """Opens the records of runs, any number of which may be open together."""

    def open(self, run: RunIdentity, folder: RunFolder, dataset: Dataset) -> Recorder:
        """The record of a run that is about to be trained, which is to be closed; returns at once."""


class Tracker(Protocol):
    """Records runs and sweeps, and reads them back. Equal trackers record in the same place.

    Attributes:
        how_to_look: the command or the address that shows what is recorded here; empty where nothing is.
    """

    @property
    def how_to_look(self) -> str: ...

    def recording(self, *, stop_on_error: bool = False) -> AbstractContextManager[Recording]:
        """A context in which records are opened; leaving it waits until all is written.

        Args:
            stop_on_error: whether an error of the store ends a run at once, and not when it is closed.
        """

    def keep(self, run_id: str, folder: Path) -> None:
        """Has what a server does not get of a run by the calls below wait in a folder, instead of an error."""

    def settle(self, folder: Path, *, patient: bool = True) -> None:
        """Writes what waits in a folder and below it, for a server that did not answer.

        Args:
            folder: of a run or a sweep, whose records are closed.
            patient: whether a server that does not answer yet is waited for.

        Raises:
            StoreAway: it still does not answer; in one line, what waits where, and what to do.
        """

    def start_sweep(self, name: str, tags: Mapping[str, str]) -> str:
        """Makes a RUNNING run, which others can be nested under, as a sweep's; returns its id, or nothing."""

    def find_run(self, tags: Mapping[str, str]) -> RecordedRun | None:
        """The latest run with all of `tags`, or None."""

    def run(self, run_id: str) -> RecordedRun | None:
        """The run of that id, if there is one."""

    def children(self, parent_id: str, status: str | None = None) -> list[RecordedRun]:
        """The runs nested under a parent, the oldest first: all, or those of a status.

        Reading hundreds of runs with all their metrics takes seconds: ask once, or for those that matter.
        """

    def running(self) -> list[RecordedRun]:
        """All runs and sweeps that have not ended, as far as is known here, the oldest first."""

    def finished_runs(self, parent_id: str, sweep_folder: Path) -> list[RecordedRun]:
        """A sweep's finished runs, the oldest first, with the tags and metrics that tell which is best."""

    def set_tags(self, run_id: str, tags: Mapping[str, str]) -> None:
        """Writes tags of a run in one go."""

    def log_metric(self, run_id: str, name: str, value: float, step: int) -> None:
        """Writes one value of a metric."""

    def log_metrics(self, run_id: str, metrics: Mapping[str, float]) -> None:
        """Writes final metrics of a run, which may have ended."""

    def save_sweep_view(self, parent_id: str, name: str, varied: Varied) -> None:
        """Makes the dashboard of a sweep, which `sweep_page` is the address of."""

    def update_views(self, dataset: str) -> None:
        """Brings the dashboard of all losses up to date, once a sweep is recorded.

        Args:
            dataset: its name.
        """

    def resume_command(self, parent_id: str) -> str:
        """What goes on with a sweep."""

    def sweep_page(self, parent_id: str) -> str:
        """The address of a sweep's dashboard, while `how_to_look` shows the store; empty where there is none."""

    def end_run(self, run_id: str, status: str) -> None:
        """Ends a run: FINISHED, FAILED or KILLED."""

    def reopen_run(self, run_id: str) -> None:
        """Makes an ended run RUNNING again."""

    def delete_run(self, run_id: str) -> None:
        """Removes a run that turned out to hold nothing."""

    def log_artifacts(self, run_id: str, folder: Path, path: str) -> None:
        """Puts the files of a folder into the run's artifacts, under `path`."""

    def has_artifact(self, run: RecordedRun, path: str) -> bool:
        """Whether a run has an artifact of that path, or any in a folder of that path."""

    def recorded_file(self, run: RecordedRun, path: str) -> Path | None:
        """An artifact of a run as a local file, or None if the run has no such artifact."""

    def has_model(self, run: RecordedRun) -> bool:
        """Whether the run's model is logged."""

    def log_model(self, run_id: str, package: ModelPackage) -> None:
        """Logs a model to a run, which need not be running; what was begun of another one is removed."""

    def remove_unfinished_model(self, run_id: str) -> None:
        """Removes what was begun of a run's model by a process that was killed."""


class FolderRecording:
    """Opens records that are kept in the runs' folders alone."""

    def open(self, run: RunIdentity, folder: RunFolder, dataset: Dataset) -> Recorder:
        """See `Recording`."""
        return FolderRecorder(folder)


class NoTracker:
    """Records nothing: `tracking=none`. What there is of a sweep is in the folders of its runs."""

    how_to_look = ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NoTracker)

    def __hash__(self) -> int:
        return hash(NoTracker)

    def recording(self, *, stop_on_error: bool = False) -> AbstractContextManager[Recording]:
        """See `Tracker`."""
        return nullcontext(FolderRecording())

    def keep(self, run_id: str, folder: Path) -> None:
        """See `Tracker`."""

    def settle(self, folder: Path, *, patient: bool = True) -> None:
        """See `Tracker`."""

    def start_sweep(self, name: str, tags: Mapping[str, str]) -> str:
        """See `Tracker`."""
        return ""

    def find_run(self, tags: Mapping[str, str]) -> RecordedRun | None:
        """See `Tracker`."""
        return None

    def run(self, run_id: str) -> RecordedRun | None:
        """See `Tracker`."""
        return None

    def children(self, parent_id: str, status: str | None = None) -> list[RecordedRun]:
        """See `Tracker`."""
        return []

    def running(self) -> list[RecordedRun]:
        """See `Tracker`."""
        return []

    def finished_runs(self, parent_id: str, sweep_folder: Path) -> list[RecordedRun]:
        """See `Tracker`; read from the folders of the runs."""
        found = []
        for path in sorted(sweep_folder.rglob(RunFolder.FACTS)):
            folder = RunFolder(path.parent)
            try:
                facts, metrics = folder.read_facts(), folder.read_metrics()
            except (OSError, ValueError, KeyError):  # it did not get so far
                continue
            tags = {
                names.VARIANT: facts.variant,
                names.DATASET_NAME: facts.dataset,
                names.FINGERPRINT: facts.fingerprint,
                names.FOLDER: str(folder.path),
            }
            found.append(RecordedRun("", facts.name, "FINISHED", metrics=metrics, tags=tags))
        return found

    def set_tags(self, run_id: str, tags: Mapping[str, str]) -> None:
        """See `Tracker`."""

    def log_metric(self, run_id: str, name: str, value: float, step: int) -> None:
        """See `Tracker`."""

    def log_metrics(self, run_id: str, metrics: Mapping[str, float]) -> None:
        """See `Tracker`."""

    def save_sweep_view(self, parent_id: str, name: str, varied: Varied) -> None:
        """See `Tracker`."""

    def update_views(self, dataset: str) -> None:
        """See `Tracker`."""

    def resume_command(self, parent_id: str) -> str:
        """See `Tracker`; what is not recorded is not resumed."""
        return ""

    def sweep_page(self, parent_id: str) -> str:
        """See `Tracker`."""
        return ""

    def end_run(self, run_id: str, status: str) -> None:
        """See `Tracker`."""

    def reopen_run(self, run_id: str) -> None:
        """See `Tracker`."""

    def delete_run(self, run_id: str) -> None:
        """See `Tracker`."""

    def log_artifacts(self, run_id: str, folder: Path, path: str) -> None:
        """See `Tracker`."""

    def has_artifact(self, run: RecordedRun, path: str) -> bool:
        """See `Tracker`; whether the run's folder has it."""
        return (Path(run.tags[names.FOLDER]) / path).exists()

    def recorded_file(self, run: RecordedRun, path: str) -> Path | None:
        """See `Tracker`; the file of the run's folder."""
        file = Path(run.tags[names.FOLDER]) / path
        return file if file.exists() else None

    def has_model(self, run: RecordedRun) -> bool:
        """See `Tracker`; whether the run's folder has it."""
        return RunFolder(Path(run.tags[names.FOLDER])).model.exists()

    def log_model(self, run_id: str, package: ModelPackage) -> None:
        """See `Tracker`."""

    def remove_unfinished_model(self, run_id: str) -> None:
        """See `Tracker`."""


@contextmanager
def record(
    tracker: Tracker, run: RunIdentity, folder: RunFolder, dataset: Dataset, *, in_sweep: bool = False
) -> Iterator[Recorder]:
    """The record of a single run; closes it as what it was: FINISHED, FAILED, or KILLED by Ctrl-C or SIGTERM.

    Args:
        tracker: where it is recorded.
        run: what it is.
        folder: its own.
        dataset: what it is trained on.
        in_sweep: whether what a server has not got may wait until the end of the sweep.

    Raises:
        RunFailed: the store refused, or does not answer any more.
    """
    try:
        with _recorded(tracker, run, folder, dataset) as recorder:
            yield recorder
    except BaseException:
        if not in_sweep:
            _settle_at_once(tracker, folder)
        raise
    if not in_sweep:
        settle(tracker, folder.path)


def settle(tracker: Tracker, folder: Path) -> None:
    """See `Tracker.settle`; Ctrl-C ends the waiting.

    Raises:
        RunFailed: the server does not answer.
    """
    try:
        try:
            tracker.settle(folder)
        except KeyboardInterrupt:
            tracker.settle(folder, patient=False)
    except StoreAway as away:
        raise RunFailed(str(away)) from away


def _settle_at_once(tracker: Tracker, folder: RunFolder) -> None:
    try:
        tracker.settle(folder.path, patient=False)
    except StoreAway as away:
        log.warning("%s", away)


@contextmanager
def _recorded(tracker: Tracker, run: RunIdentity, folder: RunFolder, dataset: Dataset) -> Iterator[Recorder]:
    with tracker.recording(stop_on_error=True) as recording:
        recorder = recording.open(run, folder, dataset)
        try:
            recorder.run_id  # noqa: B018 - a store that refuses the run shows before it is trained
            yield recorder
        except BaseException as problem:
            recorder.close(problem)
            try:
                recorder.wait()
            except RunFailed as failure:
                if isinstance(problem, StoreError):
                    raise failure from problem
                log.warning("the MLflow run could not be closed: %s", failure)
            raise
        recorder.close()
        recorder.wait()
