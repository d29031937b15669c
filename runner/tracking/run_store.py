"""Runs in a store, as the writer's thread makes them: created, given values, ended. Through MLflow's client here."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import mlflow
from mlflow.entities import DatasetInput, Metric, Param, RunTag
from mlflow.exceptions import MlflowException

from runner.tracking import model_package, names
from runner.tracking.recorder import ModelPackage
from runner.tracking.store import Store
from runner.writing.wording import first_line

TRIES = 5
ALREADY_THERE = re.compile("duplicate|unique", re.IGNORECASE)
"""What databases behind servers say where two processes begin with the same dataset at once, for MLflow looks whether
it is there and then adds it: asked again, it finds it."""


@dataclass(frozen=True)
class NewRun:
    """A run that is to be created.

    Attributes:
        name, tags, params: within MLflow's limits.
        dataset: what it is trained on.
        folder: its own, where what a server has not got waits; None where nothing can wait.
    """

    name: str
    tags: Mapping[str, str]
    params: Mapping[str, str]
    dataset: DatasetInput
    folder: Path | None = None


@dataclass(frozen=True)
class CreatedRun:
    """A run in a store, or on its way there.

    Attributes:
        run_id: MLflow's, or what stands for it: see `RunStore.known_id`.
        artifact_uri: where its artifacts go.
    """

    run_id: str
    artifact_uri: str


class RunStore(Protocol):
    """Where one thread writes runs. What it is told may wait for `commit`, and fail there."""

    def create(self, run: NewRun) -> CreatedRun:
        """Makes a RUNNING run."""

    def write(self, run_id: str, metrics: Sequence[Metric], tags: Mapping[str, str]) -> None:
        """Adds metrics, and tags or other values of them."""

    def log_artifacts(self, run: CreatedRun, paths: Sequence[Path]) -> None:
        """Copies files and folders of those that are there, each under its own name."""

    def log_model(self, run: CreatedRun, package: ModelPackage) -> None:
        """Logs a model, which is saved in the run's folder too."""

    def known_id(self, run_id: str) -> str:
        """MLflow's id of a run that was created; empty while nobody has given it one."""

    def end(self, run_id: str, status: str, reason: str = "") -> None:
        """Ends a run; a reason becomes its note and its tag `failure`."""

    def commit(self) -> Mapping[str, Exception]:
        """Writes what waits; returns the errors of runs of which nothing was written, by id."""

    def close(self) -> None:
        """Lets go of connections."""


class ClientRunStore:
    """Asks MLflow's client, a request or more for each step: for servers, and for databases that are not known.

    Args:
        store: where.
    """

    def __init__(self, store: Store) -> None:
        self._client, self._store = mlflow.MlflowClient(store.uri), store

    def create(self, run: NewRun) -> CreatedRun:
        """See `RunStore`."""
        created = self.begin(run)
        try:
            self.describe(created, run)
        except BaseException as problem:
            self.fail(created.run_id, problem)
            raise
        return created

    def fail(self, run_id: str, problem: BaseException) -> None:
        """Ends a run that the store does not take whole, if it is there and the store takes that."""
        with contextlib.suppress(Exception):
            self.end(run_id, "FAILED", store_failure(problem))

    def begin(self, run: NewRun, at: int | None = None) -> CreatedRun:
        """Makes a RUNNING run, without what `describe` adds.

        Args:
            run: which.
            at: when it began, in milliseconds since 1970; None for now.
        """
        made = self._client.create_run(self._store.experiment_id, at, dict(run.tags), run.name)
        return CreatedRun(str(made.info.run_id), str(made.info.artifact_uri))

    def describe(self, created: CreatedRun, run: NewRun) -> None:
        """Adds params and dataset of a run that was begun."""
        self._client.log_batch(created.run_id, params=[Param(key, value) for key, value in run.params.items()])
        for tries_left in reversed(range(TRIES)):
            try:
                self._client.log_inputs(created.run_id, datasets=[run.dataset])
                return
            except MlflowException as problem:
                if not (tries_left and ALREADY_THERE.search(str(problem))):
                    raise

    def find(self, key: str) -> CreatedRun | None:
        """The run whose tag `record` has that value, if there is one."""
        found = self._client.search_runs([self._store.experiment_id], f"tags.`{names.RECORD}` = '{key}'", max_results=1)
        return CreatedRun(str(found[0].info.run_id), str(found[0].info.artifact_uri)) if found else None

    def write(self, run_id: str, metrics: Sequence[Metric], tags: Mapping[str, str]) -> None:
        """See `RunStore`; it divides into requests that MLflow takes."""
        self._client.log_batch(run_id, metrics=list(metrics), tags=[RunTag(*each) for each in tags.items()])

    def log_artifacts(self, run: CreatedRun, paths: Sequence[Path]) -> None:
        """See `RunStore`."""
        for path in paths:
            self.log_files(run.run_id, path, path.name if path.is_dir() else "")

    def log_files(self, run_id: str, path: Path, to: str) -> None:
        """Copies a file, or the files of a folder, to a folder of the artifacts; nothing where it is not there."""
        if path.is_dir():
            self._client.log_artifacts(run_id, str(path), to or None)
        elif path.exists():
            self._client.log_artifact(run_id, str(path), to or None)

    def log_model(self, run: CreatedRun, package: ModelPackage) -> None:
        """See `RunStore`."""
        model_package.log_model(self._store, run.run_id, package)

    def log_saved_model(self, run_id: str, folder: Path) -> None:
        """Logs a model that lies in a folder, unless the run has one."""
        if folder.exists() and not model_package.has_model(self._client, run_id):
            model_package.remove_unfinished(self._client, self._store.experiment_id, run_id)
            model_package.log_saved_model(self._store, run_id, folder)

    def known_id(self, run_id: str) -> str:
        """See `RunStore`."""
        return run_id

    def end(self, run_id: str, status: str, reason: str = "", at: int | None = None) -> None:
        """See `RunStore`.

        Args:
            run_id, status, reason: of the run.
            at: when it ended, in milliseconds since 1970; None for now.
        """
        if reason:
            with contextlib.suppress(Exception):  # the status is what counts
                self.write(run_id, [], reason_tags(status, reason))
        self._client.set_terminated(run_id, status, at)

    def end_if_running(self, run_id: str, status: str, reason: str) -> None:
        """Ends a run, unless it has ended."""
        if self._client.get_run(run_id).info.status == "RUNNING":
            self.end(run_id, status, reason)

    def commit(self) -> Mapping[str, Exception]:
        """See `RunStore`; nothing waits here."""
        return {}

    def close(self) -> None:
        """See `RunStore`."""


def reason_tags(status: str, reason: str) -> dict[str, str]:
    """The tags that say why a run ended as it did."""
    return {names.NOTE: f"**{status}.** {reason}"[:5000], names.FAILURE: reason[:5000]}


def store_failure(problem: BaseException) -> str:
    """Why a run failed whose store did."""
    return f"The MLflow store stopped answering or refused: {first_line(problem)}"
