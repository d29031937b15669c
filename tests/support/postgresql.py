"""A real PostgreSQL server of the tests' own: in a temporary folder, on a socket and a free port."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

SECONDS = 60


@dataclass(frozen=True)
class PostgreSQL:
    """A server that runs.

    Attributes:
        port: on 127.0.0.1.
    """

    port: int

    def uri(self, database: str) -> str:
        """The address of a database, as SQLAlchemy takes it."""
        return f"postgresql://tester:secret@127.0.0.1:{self.port}/{database}"

    def create(self, database: str, template: str = "template0") -> str:
        """Makes a database, empty or a copy of another, to which connections are cut; returns its address."""
        self.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{template}'")
        self.execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
        return self.uri(database)

    def execute(self, statement: str, database: str = "postgres") -> None:
        """Executes a statement outside of any transaction."""
        with psycopg.connect(self.uri(database), autocommit=True) as connection:
            connection.execute(statement.encode())


def binary(name: str) -> str | None:
    """A program of PostgreSQL's, on the path or where Debian has the newest."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    return shutil.which(name) or (str(found[-1]) if found else None)


@contextmanager
def running(folder: Path) -> Iterator[PostgreSQL]:
    """A server whose files are in `folder`.

    Where the tests run as root, whom PostgreSQL refuses, it runs as the user `postgres` of the package.
    """
    initdb, server = binary("initdb"), binary("postgres")
    if initdb is None or server is None:
        missing = "PostgreSQL is not installed: apt-get install postgresql"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    as_other = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    folder.mkdir(parents=True)
    data, password = folder / "data", folder / "password"
    password.write_text("secret")
    if as_other:
        shutil.chown(folder, "postgres")
        shutil.chown(password, "postgres")
        for parent in folder.parents:  # temporary folders are for their owner alone
            if str(parent).startswith("/tmp/"):
                parent.chmod(parent.stat().st_mode | 0o011)
    made = [initdb, "-D", str(data), "-U", "tester", "-A", "scram-sha-256", f"--pwfile={password}", "--no-sync"]
    subprocess.run([*as_other, *made, "-E", "UTF8", "--locale=C"], check=True, capture_output=True, timeout=SECONDS)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = [f"port={port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={folder}", "fsync=off"]
    arguments = [word for setting in settings for word in ("-c", setting)]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([*as_other, server, "-D", str(data), *arguments], stdout=log, stderr=log)
    try:
        _wait_for(port, process)
        yield PostgreSQL(port)
    finally:
        process.terminate()
        process.wait(SECONDS)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(SECONDS * 10):
        assert process.poll() is None, "PostgreSQL has ended"
        try:
            psycopg.connect(PostgreSQL(port).uri("postgres")).close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("PostgreSQL does not answer")
