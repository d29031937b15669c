"""MLflow's model registry: versions of a model under a name, and which of them is the champion."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import mlflow
from filelock import FileLock, Timeout
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.models import get_model_info

from runner.errors import InputError
from runner.tracking import names
from runner.tracking.model_loading import tracking_uri
from runner.tracking.recorded_run import RecordedRun
from runner.tracking.store import sqlite_file
from runner.writing.wording import first_line

CHAMPION, CHALLENGER = "champion", "challenger"
"""Aliases: of the version that is used, and of one that was not shown to be better."""


@dataclass(frozen=True)
class RegisteredVersion:
    """A version of a registered model.

    Attributes:
        number: from 1.
        run_id: of the run that made it.
        columns: the kind of each column that it needs.
    """

    number: int
    run_id: str
    columns: dict[str, str]


@dataclass(frozen=True)
class Registry:
    """The models of an MLflow store that have a name.

    Attributes:
        uri: of the store.
    """

    uri: str

    def check_name(self, name: str) -> None:
        """Refuses a name that cannot be used.

        Raises:
            InputError: MLflow takes no such name, or there is a model of that name which `runner promote` did not make.
        """
        if not name.strip() or set(name) & set("/:.%\"'"):
            raise InputError(f"--name {name}: the name of a model has no / : . % and no quotes")
        try:
            found = self._client.get_registered_model(name)
        except MlflowException:
            return
        if names.PROMOTED not in found.tags:
            raise InputError(f"--name {name}: the name is taken by a model that `runner promote` did not make")

    def champion(self, name: str) -> RegisteredVersion | None:
        """The version that is the champion; None where there is none."""
        try:
            found = self._client.get_model_version_by_alias(name, CHAMPION)
        except MlflowException:
            return None
        return RegisteredVersion(int(found.version), str(found.run_id), self.columns(f"models:/{name}/{found.version}"))

    def columns(self, place: str) -> dict[str, str]:
        """The kind of each column that a model needs, by name.

        Args:
            place: `models:/NAME/1`, or `runs:/ID/model`.
        """
        with tracking_uri(self.uri):
            return dict((get_model_info(place).metadata or {}).get("columns", {}))

    def register(self, name: str, run: RecordedRun, description: str, alias: str) -> int:
        """The number of the new version, made of a run's logged model, which has the alias; or nothing is made.

        Args:
            name: see `check_name`.
            run: has a logged model.
            description: of the version.
            alias: `CHAMPION` or `CHALLENGER`.

        Raises:
            InputError: the registry refused it.
        """
        client, version = self._client, None
        try:
            outputs = client.get_run(run.run_id).outputs
            assert outputs is not None, "it has a logged model"
            model = client.get_logged_model(outputs.model_outputs[-1].model_id)
            try:
                client.create_registered_model(name, tags={names.PROMOTED: "true"})
            except MlflowException as problem:
                if problem.error_code != "RESOURCE_ALREADY_EXISTS":
                    raise
            version = client.create_model_version(
                name, model.artifact_location, run.run_id, description=description, model_id=model.model_id
            )
            client.set_registered_model_alias(name, alias, version.version)
        except MlflowException as problem:
            if version is not None:
                client.delete_model_version(name, version.version)
            raise InputError(f"{name}: the registry refused the model: {first_line(problem)}") from problem
        return int(version.version)

    def versions(self, name: str) -> list[ModelVersion]:
        """All versions of a name, the newest first."""
        return list(self._client.search_model_versions(f"name='{name}'"))

    @contextmanager
    def alone(self) -> Iterator[None]:
        """No other promotion in this store meanwhile, where the store is a file; servers have no such lock.

        Raises:
            InputError: there is one.
        """
        file = sqlite_file(self.uri)
        if file is None:
            yield
            return
        lock = FileLock(Path(f"{file}.promote.lock"))
        try:
            lock.acquire(timeout=0)
        except Timeout as problem:
            raise InputError(f"another promotion is under way in {file}: wait for it") from problem
        try:
            yield
        finally:
            lock.release()

    @property
    def _client(self) -> mlflow.MlflowClient:
        return mlflow.MlflowClient(self.uri, registry_uri=self.uri)
