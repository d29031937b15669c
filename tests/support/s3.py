"""An S3 server of the tests' own: moto's, over HTTP, as boto3 and MLflow ask any other."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3
from mlflow_server import free_port

SECONDS = 60


@dataclass(frozen=True)
class S3:
    """A server that runs, and has one bucket.

    Attributes:
        port: on 127.0.0.1.
    """

    port: int
    BUCKET = "mlflow"

    @property
    def environment(self) -> dict[str, str]:
        """What tells boto3 and MLflow of it."""
        return {
            "MLFLOW_S3_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "AWS_ACCESS_KEY_ID": "tester",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def create_bucket(self) -> None:
        """Makes the bucket."""
        boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{self.port}",
            aws_access_key_id="tester",
            aws_secret_access_key="secret",
            region_name="us-east-1",
        ).create_bucket(Bucket=self.BUCKET)


@contextmanager
def s3_server(folder: Path) -> Iterator[S3]:
    """A server that runs until the context is left; its log is in `folder`, its objects in its memory."""
    port = free_port()
    with (folder / "s3.log").open("w") as log:
        arguments = [sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", str(port)]
        process = subprocess.Popen(arguments, stdout=log, stderr=log)
    try:
        _wait_for(port, process, folder / "s3.log")
        server = S3(port)
        server.create_bucket()
        yield server
    finally:
        process.kill()
        process.wait(SECONDS)


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(SECONDS * 10):
        assert process.poll() is None, log.read_text()[-3000:]
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/moto-api/", timeout=5):
            return
        time.sleep(0.1)
    raise TimeoutError("moto does not answer")
