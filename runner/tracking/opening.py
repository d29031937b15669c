"""Opens the MLflow store, and creates it once, however many processes come at the same moment."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import mlflow
import sqlalchemy
from filelock import FileLock, Timeout
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from runner.errors import InputError
from runner.tracking import names, saved_views
from runner.tracking.fresh_store import place_fresh_store
from runner.tracking.schema_revision import other_revision
from runner.tracking.store import Store, folder_of, sqlite_file
from runner.writing.wording import first_line, typed, without_password

FIRST_CONTACT_SECONDS = 10
TRIED_ARTIFACT = ".writable"
"""A file that is written among the artifacts of an experiment, and deleted where that is allowed."""
CHATTY = {
    "alembic": logging.WARNING,
    "mlflow": logging.WARNING,
    "urllib3": logging.ERROR,
    "mlflow.store.db.utils": logging.CRITICAL,
}
"""Loggers that tell of every table they create, every attempt to connect, and, with a traceback, of every error that
they raise as well."""
LOCKS = {
    "postgresql": "SELECT pg_advisory_lock(4711230815)",  # a number of our own
    "mysql": "SELECT GET_LOCK('imbalance-runner', 120)",
}
"""What takes a lock of a database's own, by dialect."""


def open_store(uri: str, experiment_name: str, outputs: Path) -> Store:
    """Opens the store and its experiment, creating what is missing.

    Processes that create one store at once all fail, so creation is behind a lock: a file's, or the database's own.

    Args:
        uri: see `store_uri`.
        experiment_name: of the MLflow experiment.
        outputs: the folder for artifacts, where no server decides, and for the lock, where no file of a store is.

    Raises:
        InputError: the store does not answer or cannot be written.
    """
    # Beside an SQLite store, for it may serve several folders.
    lock = (file.parent if (file := sqlite_file(uri)) else outputs) / ".mlflow.lock"
    try:
        outputs.mkdir(parents=True, exist_ok=True)
        lock.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(lock, timeout=120), _one_at_a_time(uri):
            experiment_id = _experiment(uri, experiment_name, outputs)
    except Timeout:
        raise InputError(f"{lock} is held by another process for two minutes; is one stuck?") from None
    except OSError as problem:
        raise InputError(
            f"{problem.filename or outputs} cannot be written ({problem.strerror}): "
            "choose another with paths.outputs=... or tracking.uri=..."
        ) from problem
    return Store(uri, experiment_id, experiment_name)


def _experiment(uri: str, name: str, outputs: Path) -> str:
    for chatty, level in CHATTY.items():
        logging.getLogger(chatty).setLevel(level)

    remote = not uri.startswith(("sqlite", "postgresql", "mysql", "mssql"))
    try:
        if (file := sqlite_file(uri)) and not file.exists():
            place_fresh_store(file)
        with _impatient():
            client = mlflow.MlflowClient(uri)
            place = None if remote else (outputs.absolute() / "artifacts").as_uri()
            found = client.get_experiment_by_name(name) or _made(client, name, place)
            if found.lifecycle_stage == "active":
                for tag, value in saved_views.missing_tags(found.tags).items():
                    client.set_experiment_tag(found.experiment_id, tag, value)
    except Exception as problem:  # every kind of store fails in its own words
        if remote:
            said = "" if "Max retries exceeded" in str(problem) else f" ({first_line(problem)})"
            raise InputError(
                f"the MLflow server {without_password(uri)} does not answer{said}: "
                "start it, or record locally with tracking=local"
            ) from problem
        if advice := other_revision(uri):
            raise InputError(advice) from problem
        raise InputError(
            f"the MLflow store {without_password(uri)} cannot be used ({first_line(problem)}): "
            "check the path and its permissions, or choose another with tracking.uri=sqlite:///..."
        ) from problem
    if found.lifecycle_stage != "active":
        raise InputError(
            f"the MLflow experiment {name!r} was deleted: restore it by `{_restoring(uri, found.experiment_id)}`, "
            "or choose another name with tracking.experiment_name=..."
        )
    _refuse_moved(uri, name, str(found.artifact_location))
    _refuse_unwritable(uri, name, str(found.artifact_location))
    return found.experiment_id


def _made(client: mlflow.MlflowClient, name: str, place: str | None) -> mlflow.entities.Experiment:
    """A new experiment, or the one that another machine has made on the same server meanwhile.

    Args:
        client: of the store.
        name: of the experiment.
        place: of its artifacts; None where a server decides.
    """
    try:
        made = client.create_experiment(name, artifact_location=place, tags=saved_views.creation_tags())
    except MlflowException:
        if (found := client.get_experiment_by_name(name)) is None:
            raise
        return found
    return client.get_experiment(made)


def _refuse_moved(uri: str, name: str, location: str) -> None:
    """A store that was moved or copied: artifacts would go where it was, and be found nowhere.

    Raises:
        InputError: says where the artifacts are, and the ways out.
    """
    here = sqlite_file(uri)
    if here is None or not location.startswith("file:"):
        return
    there = folder_of(location).parent
    named = ("--outputs", str(here.parent)) if here.name == "mlflow.db" else ("--uri", uri)
    relocate = f"`{typed('runner', 'relocate', *named)}`"
    way_out = "or begin an experiment of its own here with tracking.experiment_name=..."
    if not there.exists():
        raise InputError(
            f"{here} was moved: its artifacts are in {there}, which is gone: {relocate} points it at where it is now, "
            + way_out
        )
    if there != here.parent and (there / here.name).exists():
        raise InputError(
            f"{here} was copied from {there}, where the artifacts of its experiment {name!r} would go: "
            f"{relocate} makes it a store of its own, use that one, {way_out}"
        )


def _refuse_unwritable(uri: str, name: str, location: str) -> None:
    """Artifacts are tried before anything is trained.

    A server that does not take them itself names a folder of its own machine, which may not be there here.

    Raises:
        InputError: artifacts cannot be written from here.
    """
    if urlsplit(location).scheme not in ("", "file"):
        _refuse_unwritable_place(uri, name, location)
        return
    folder = folder_of(location)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as problem:
        server = "start the server with --serve-artifacts, so that it takes them itself, then "
        raise InputError(
            f"the artifacts of the experiment {name!r} go to {folder}, which cannot be written here "
            f"({problem.strerror}): {server if uri.startswith('http') else ''}begin another experiment with "
            "tracking.experiment_name=..., whose artifacts go elsewhere"
        ) from problem


def _refuse_unwritable_place(uri: str, name: str, location: str) -> None:
    """The same of a server that takes artifacts itself, and of a bucket."""
    try:
        with tempfile.TemporaryDirectory() as folder, _impatient():
            file = Path(folder, TRIED_ARTIFACT)
            file.write_text("whether artifacts can be written here\n", encoding="utf-8")
            place = get_artifact_repository(location, uri)
            place.log_artifact(str(file))
    except ModuleNotFoundError as problem:
        raise InputError(
            f"the artifacts of the experiment {name!r} go to {without_password(location)}, for which the package "
            f"{problem.name} is missing: pip install {problem.name}"
        ) from problem
    except Exception as problem:  # every kind of place fails in its own words
        raise InputError(
            f"the artifacts of the experiment {name!r} go to {without_password(location)}, which does not take them "
            f"({first_line(problem)}): mend that, or choose another experiment with tracking.experiment_name=..."
        ) from problem
    with contextlib.suppress(Exception):  # who may write need not be allowed to delete
        place.delete_artifacts(TRIED_ARTIFACT)


def _restoring(uri: str, experiment_id: str) -> str:
    setting = f"MLFLOW_TRACKING_URI={without_password(uri)}"
    return typed("env", setting, sys.executable, "-m", "mlflow", "experiments", "restore", "-x", experiment_id)


@dataclass(frozen=True)
class FoundExperiment:
    """An experiment to be looked at.

    Attributes:
        experiment_id: its id.
        has_dashboard: whether it has the dashboard of all losses.
    """

    experiment_id: str
    has_dashboard: bool


def find_experiment(uri: str, name: str) -> FoundExperiment | None:
    """An experiment in a store that is there, or None if it has none of that name, or a deleted one; makes nothing.

    Args:
        uri: see `store_uri`.
        name: of the experiment.

    Raises:
        InputError: there is no such store, or it does not answer.
    """
    refuse_missing_store(uri)
    try:
        found = mlflow.MlflowClient(uri).get_experiment_by_name(name)
    except Exception as problem:  # every kind of store fails in its own words
        raise InputError(
            f"the MLflow store {without_password(uri)} cannot be read ({first_line(problem)})"
        ) from problem
    if found is None or found.lifecycle_stage != "active":
        return None
    return FoundExperiment(str(found.experiment_id), names.SAVED_VIEW + saved_views.LOSSES in found.tags)


def refuse_missing_store(uri: str) -> None:
    """Refuses a store that is not there, which MLflow would make, or a database that does not answer.

    Raises:
        InputError: there is no such store.
    """
    if (file := sqlite_file(uri)) and not file.is_file():
        raise InputError(f"{file} is not there: train something first, or name another with --outputs or --uri")
    _refuse_unreachable_database(uri)


@contextlib.contextmanager
def _one_at_a_time(uri: str) -> Iterator[None]:
    """No other process makes tables in the same database meanwhile, from whichever machine; of SQLite a file's lock.

    MLflow tries a database that is down for the better part of an hour; here it is asked once before.

    Raises:
        InputError: it does not answer.
    """
    if not uri.startswith(("postgresql", "mysql", "mssql")):
        yield
        return
    with _connected(uri) as connection:
        if take := LOCKS.get(connection.dialect.name):
            connection.execute(sqlalchemy.text(take))  # let go with the connection
        yield


def _refuse_unreachable_database(uri: str) -> None:
    if uri.startswith(("postgresql", "mysql", "mssql")):
        with _connected(uri):
            pass


@contextlib.contextmanager
def _connected(uri: str) -> Iterator[sqlalchemy.Connection]:
    try:
        seconds = {"connect_timeout": FIRST_CONTACT_SECONDS}
        engine = sqlalchemy.create_engine(
            uri, connect_args={} if uri.startswith("mssql") else seconds, poolclass=sqlalchemy.NullPool
        )
        connection = engine.connect()
    except ModuleNotFoundError as problem:
        driver = '"psycopg[binary]"' if uri.startswith("postgresql") else str(problem.name)
        raise InputError(
            f"the database {without_password(uri)} needs a driver that is not installed: pip install {driver}"
        ) from problem
    except Exception as problem:
        raise InputError(f"the database {without_password(uri)} does not answer: {first_line(problem)}") from problem
    with connection:
        yield connection


@contextlib.contextmanager
def _impatient() -> Iterator[None]:
    """The first contact tells whether anybody is there; MLflow's own patience is minutes."""
    quick = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": str(FIRST_CONTACT_SECONDS)}
    before = {name: os.environ.get(name) for name in quick}
    os.environ.update(quick)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
