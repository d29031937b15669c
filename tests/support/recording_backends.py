"""The places that runs are recorded in, as teams have them: databases, servers over them, artifacts in S3, nowhere."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from mlflow_server import mlflow_server
from postgresql import PostgreSQL
from s3 import S3

LOCAL = ("sqlite", "postgresql")
SERVERS = ("server", "server-postgresql-s3", "server-direct-s3", "server-basic-auth")
BACKENDS = ("none", *LOCAL, *SERVERS)
USER, PASSWORD = "ada", "a-secret-of-12+"
AUTHENTICATION = """[mlflow]
default_permission = MANAGE
database_uri = sqlite:///{folder}/users.db
admin_username = {user}
admin_password = {password}
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
auth_cache_ttl_seconds = 600
"""


@dataclass(frozen=True)
class Backend:
    """A place that runs are recorded in.

    Attributes:
        name: of `BACKENDS`.
        uri: MLflow's tracking URI; empty where nothing is recorded.
        folder: for artifacts that are this machine's files.
        environment: what a client needs beside the address.
    """

    name: str
    uri: str
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def backend(name: str, folder: Path, empty_store: Path, request: pytest.FixtureRequest) -> Iterator[Backend]:
    """The place of that name, started; what it stands on is started once for all tests of a process.

    Args:
        name: of `BACKENDS`.
        folder: of its files.
        empty_store: the file of a store with its tables.
        request: by which PostgreSQL and S3 are asked for.
    """
    if name == "none":
        yield Backend(name, "", folder)
    elif name == "sqlite":
        shutil.copy(empty_store, folder / "mlflow.db")
        yield Backend(name, f"sqlite:///{folder}/mlflow.db", folder)
    elif name == "postgresql":
        yield Backend(name, _database(request, folder), folder)
    elif name == "server":
        shutil.copy(empty_store, folder / "server.db")
        with mlflow_server(folder) as server:
            yield Backend(name, server.uri, folder)
    elif name == "server-basic-auth":
        shutil.copy(empty_store, folder / "server.db")
        users = folder / "users.ini"
        users.write_text(AUTHENTICATION.format(folder=folder, user=USER, password=PASSWORD))
        options = ["--backend-store-uri", f"sqlite:///{folder}/server.db", "--app-name", "basic-auth"]
        options += ["--artifacts-destination", f"{folder}/artifacts"]
        own = {"MLFLOW_AUTH_CONFIG_PATH": str(users), "MLFLOW_FLASK_SERVER_SECRET_KEY": "of the tests"}
        with mlflow_server(folder, options, own) as server:
            yield Backend(name, server.uri.replace("://", f"://{USER}:{PASSWORD}@"), folder)
    else:
        s3: S3 = request.getfixturevalue("s3")
        options = ["--backend-store-uri", _database(request, folder)]
        if name == "server-postgresql-s3":
            options += ["--artifacts-destination", f"s3://{s3.BUCKET}/{folder.name}"]
        else:
            options += ["--no-serve-artifacts", "--default-artifact-root", f"s3://{s3.BUCKET}/{folder.name}"]
        direct = {} if name == "server-postgresql-s3" else s3.environment
        with mlflow_server(folder, options, s3.environment) as server:
            yield Backend(name, server.uri, folder, direct)


def _database(request: pytest.FixtureRequest, folder: Path) -> str:
    """A database with MLflow's tables, a copy of one that has them: making them takes seconds."""
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.create(folder.name, template=request.getfixturevalue("empty_database"))
