"""A real MLflow server of the tests' own, which can be killed and started again on the same store."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

SECONDS = 120


class MlflowServer:
    """A server on a free port of 127.0.0.1, which it keeps over restarts.

    Args:
        folder: of its store, artifacts and log.
        options: of `mlflow server`, instead of those of an SQLite store in `folder`.
        environment: what it gets besides this process's.
    """

    def __init__(
        self, folder: Path, options: Sequence[str] | None = None, environment: Mapping[str, str] | None = None
    ) -> None:
        self.folder = folder
        self.port = free_port()
        here = [
            "--backend-store-uri",
            f"sqlite:///{folder}/server.db",
            "--artifacts-destination",
            f"{folder}/artifacts",
        ]
        self._options = list(options) if options is not None else here
        own = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}  # starts sooner
        self._environment = {**os.environ, **own, **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Of the process that leads its group."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Returns when it answers."""
        arguments = [sys.executable, "-m", "mlflow", "server", "--port", str(self.port), "--workers", "1"]
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*arguments, *self._options],
                cwd=self.folder,
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        for _ in range(SECONDS * 10):
            assert self._process.poll() is None, (self.folder / "server.log").read_text()[-3000:]
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.uri}/health", timeout=5):
                return
            time.sleep(0.1)
        raise TimeoutError("the MLflow server does not answer")

    def send(self, number: int) -> None:
        """Sends a signal to all its processes."""
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def kill(self) -> None:
        """Ends it as `kill -9` does."""
        if self._process is not None:
            self.send(signal.SIGKILL)
            self._process.wait()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def mlflow_server(
    folder: Path, options: Sequence[str] | None = None, environment: Mapping[str, str] | None = None
) -> Iterator[MlflowServer]:
    """A server that runs until the context is left; see `MlflowServer`."""
    server = MlflowServer(folder, options, environment)
    server.start()
    try:
        yield server
    finally:
        server.kill()
