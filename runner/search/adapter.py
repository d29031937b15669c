"""The sweep as `runner.search` uses it, made from the one that `runner.sweeps` has.

The only module here that knows today's `Sweep.store`, `Sweep.ledger` and `Sweep.found`. Once the sweep has a tracker, a
journal and `write_progress` of its own, the imports of this module are replaced and it goes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from runner.sweeps import sweep as sweeps
from runner.tracking import client


@dataclass(frozen=True)
class JobRecord:
    """One line of the journal about a job that is done."""

    job: int
    event: str
    name: str
    objective: float
    run_id: str


class Tracker(Protocol):
    """Where runs are recorded; one that records nothing does nothing."""

    def set_tags(self, run_id: str, tags: Mapping[str, str]) -> None:
        """Writes tags of a run."""

    def log_metric(self, run_id: str, name: str, value: float, step: int) -> None:
        """Writes one value of a metric."""

    def log_artifacts(self, run_id: str, folder: Path, path: str) -> None:
        """Puts the files of a folder into the run's artifacts, under `path`."""


class Journal(Protocol):
    """What happened to the jobs of the sweep."""

    def append(self, record: JobRecord) -> None:
        """Adds a line."""

    def latest(self) -> Sequence[Any]:
        """The last line of each job: `job`, `name`, `run_id`."""


class Sweep(Protocol):
    """The sweep under way."""

    @property
    def plan(self) -> Any:
        """`name`, `parent_id`, `objectives`, `fail_fast`."""

    @property
    def folder(self) -> Path:
        """Hydra's, of the whole sweep."""

    @property
    def tracker(self) -> Tracker:
        """Where its runs are recorded."""

    @property
    def journal(self) -> Journal:
        """What happened to its jobs."""

    def write_progress(self, details: str = "") -> None:
        """Puts progress and `details`, in Markdown, on the parent run, and keeps the details for later calls."""


def adapted(sweep: sweeps.Sweep) -> Sweep:
    """The sweep with a tracker, a journal and `write_progress`."""
    return _Adapted(sweep)


class _Adapted:
    def __init__(self, sweep: sweeps.Sweep) -> None:
        self._sweep, self.plan, self.folder = sweep, sweep.plan, sweep.folder
        self.tracker: Tracker = self
        self.journal: Journal = self

    def write_progress(self, details: str = "") -> None:
        self._sweep.found = details
        self._sweep.show()

    def append(self, record: JobRecord) -> None:
        self._sweep.ledger.note(record.job, record.event, record.name, record.objective, run_id=record.run_id)

    def latest(self) -> Sequence[Any]:
        return self._sweep.ledger.latest()

    def set_tags(self, run_id: str, tags: Mapping[str, str]) -> None:
        if self._sweep.store is not None:
            client.set_tags(self._sweep.store, run_id, tags)

    def log_metric(self, run_id: str, name: str, value: float, step: int) -> None:
        if self._sweep.store is not None:
            client.log_metric(self._sweep.store, run_id, name, value, step)

    def log_artifacts(self, run_id: str, folder: Path, path: str) -> None:
        if self._sweep.store is not None:
            client.log_artifacts(self._sweep.store, run_id, str(folder), path)
