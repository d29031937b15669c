"""Recorded runs and their tracker as `runner.reports` uses them, made from what `runner.tracking` has.

The only module here that knows MLflow's runs and today's `Store`. Once `runner.tracking` has a `Tracker` and a
`RecordedRun` of its own, the imports of this module are replaced and it goes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from runner.tracking import client
from runner.tracking import results_table as table
from runner.tracking.store import Store


@dataclass(frozen=True)
class RecordedRun:
    """A run as it was recorded."""

    run_id: str
    artifact_uri: str
    experiment_id: str
    tags: Mapping[str, str]
    entity: Any = field(repr=False)


class Tracker(Protocol):
    """Where runs are recorded."""

    def set_tags(self, run_id: str, tags: Mapping[str, str]) -> None:
        """Writes tags of a run."""

    def log_artifacts(self, run_id: str, folder: Path, path: str) -> None:
        """Puts the files of a folder into the run's artifacts, under `path`."""

    def children(self, parent_id: str, status: str | None = None) -> list[RecordedRun]:
        """The runs nested under a parent, the oldest first."""

    def recorded_file(self, run: RecordedRun, path: str) -> Path | None:
        """An artifact as a local file, or None if the run has no such artifact."""


@dataclass(frozen=True)
class _StoreTracker:
    store: Store

    def set_tags(self, run_id: str, tags: Mapping[str, str]) -> None:
        client.set_tags(self.store, run_id, tags)

    def log_artifacts(self, run_id: str, folder: Path, path: str) -> None:
        client.log_artifacts(self.store, run_id, str(folder), path)

    def children(self, parent_id: str, status: str | None = None) -> list[RecordedRun]:
        return [_recorded(run) for run in client.children(self.store, parent_id, status)]

    def recorded_file(self, run: RecordedRun, path: str) -> Path | None:
        return table.recorded_file(self.store, run.artifact_uri, path)


def find_sweep(uri: str, run_id: str) -> tuple[Tracker, RecordedRun]:
    """The parent run of a sweep in a store, and the tracker of the experiment that has it.

    Raises:
        InputError: the store has no such run, or it is no sweep's parent.
    """
    parent = _recorded(client.get_sweep(uri, run_id))
    return _StoreTracker(Store(uri, parent.experiment_id, "")), parent


def results_table(runs: Sequence[RecordedRun]) -> pd.DataFrame:
    """See `runner.tracking.results_table`."""
    return table.results_table([run.entity for run in runs])


def of_store(store: Store, parent_id: str, runs: Sequence[Any]) -> tuple[Tracker, RecordedRun, list[RecordedRun]]:
    """Tracker, parent and children of a sweep whose children are read already."""
    parent = client.get_run(store.uri, parent_id)
    return _StoreTracker(store), _recorded(parent), [_recorded(run) for run in runs]


def _recorded(run: Any) -> RecordedRun:
    return RecordedRun(run.info.run_id, run.info.artifact_uri, run.info.experiment_id, run.data.tags, run)
