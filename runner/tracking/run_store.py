"""Runs in a store, as the writer's thread makes them: created, given values, ended. Through MLflow's client here."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import mlflow
from mlflow.entities import DatasetInput, Metric, Param, RunTag

from runner.tracking import names
from runner.tracking.store import Store
from runner.wording import first_line


@dataclass(frozen=True)
class NewRun:
    """A run that is to be created.

    Attributes:
        name, tags, params: within MLflow's limits.
        dataset: what it is trained on.
    """

    name: str
    tags: Mapping[str, str]
    params: Mapping[str, str]
    dataset: DatasetInput


@dataclass(frozen=True)
class CreatedRun:
    """A run in a store.

    Attributes:
        run_id: MLflow's.
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
        self._client, self._experiment_id = mlflow.MlflowClient(store.uri), store.experiment_id

    def create(self, run: NewRun) -> CreatedRun:
        """See `RunStore`."""
        made = self._client.create_run(self._experiment_id, run_name=run.name, tags=dict(run.tags))
        created = CreatedRun(str(made.info.run_id), str(made.info.artifact_uri))
        try:
            self._client.log_batch(created.run_id, params=[Param(key, value) for key, value in run.params.items()])
            self._client.log_inputs(created.run_id, datasets=[run.dataset])
        except BaseException as problem:
            with contextlib.suppress(Exception):
                self.end(created.run_id, "FAILED", store_failure(problem))
            raise
        return created

    def write(self, run_id: str, metrics: Sequence[Metric], tags: Mapping[str, str]) -> None:
        """See `RunStore`; it divides into requests that MLflow takes."""
        self._client.log_batch(run_id, metrics=list(metrics), tags=[RunTag(*each) for each in tags.items()])

    def log_artifacts(self, run: CreatedRun, paths: Sequence[Path]) -> None:
        """See `RunStore`."""
        for path in paths:
            if path.is_dir():
                self._client.log_artifacts(run.run_id, str(path), path.name)
            elif path.exists():
                self._client.log_artifact(run.run_id, str(path))

    def end(self, run_id: str, status: str, reason: str = "") -> None:
        """See `RunStore`."""
        if reason:
            with contextlib.suppress(Exception):  # the status is what counts
                self.write(run_id, [], reason_tags(status, reason))
        self._client.set_terminated(run_id, status)

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
