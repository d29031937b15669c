"""What all tests share: the process as they found it, one store, and the command line."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import absl.logging
import mlflow
import pytest
from commands import TINY, Command, command_in
from hypothesis import settings
from isolation import end_joblib_workers, heed_signals, isolated
from postgresql import PostgreSQL, running
from s3 import S3, s3_server

__all__ = ["TINY"]

# Hydra closes all log handlers when it sets up its own; absl's, which TensorFlow brings, would close pytest's capture.
absl.logging.get_absl_handler().python_handler.stream = sys.__stderr__

heed_signals()
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
for variable in ("MLFLOW_TRACKING_URI", "HYDRA_FULL_ERROR"):  # of whoever runs the tests
    os.environ.pop(variable, None)

settings.register_profile("tests", deadline=None, database=None)
settings.load_profile("tests")


@pytest.fixture(autouse=True)
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing that a test leaves in the process disturbs the next; random numbers of Keras are those of its seed."""
    keras = sys.modules.get("keras")
    if keras is not None and keras.config.backend() == "tensorflow":
        keras.utils.set_random_seed(0)
    with isolated(tmp_path_factory.getbasetemp()):
        yield
    end_joblib_workers()


@pytest.fixture(scope="session")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One outputs/ for all tests of a process: making a store takes seconds."""
    return tmp_path_factory.mktemp("outputs")


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of an MLflow store with its tables, and no run: making them takes seconds."""
    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    mlflow.MlflowClient(f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A PostgreSQL server, one for all tests of a process."""
    # Not in pytest's folders, which another run of pytest closes to all but their owner.
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "server") as server:
        yield server


@pytest.fixture(scope="session")
def empty_database(postgresql: PostgreSQL) -> str:
    """The name of a database of `postgresql` with MLflow's tables, and no run, for `PostgreSQL.create` to copy."""
    mlflow.MlflowClient(postgresql.create("empty_of_mlflow")).search_experiments()
    return "empty_of_mlflow"


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    """An S3 server, one for all tests of a process."""
    with s3_server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
def store(tmp_path: Path, empty_store: Path) -> mlflow.MlflowClient:
    """The test's own store, in `outputs` of its folder: for tests that count runs."""
    (tmp_path / "outputs").mkdir()
    shutil.copy(empty_store, tmp_path / "outputs")
    return mlflow.MlflowClient(f"sqlite:///{tmp_path / 'outputs' / 'mlflow.db'}")


@pytest.fixture
def command(outputs: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Command:
    """`runner ARGUMENTS` in the test's own folder; runs go to `outputs` unless the arguments say otherwise."""
    os.chdir(tmp_path)
    return command_in(tmp_path, outputs, tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def module_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of `module_command`."""
    return tmp_path_factory.mktemp("module")


@pytest.fixture(scope="module")
def module_command(outputs: Path, module_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    """`command` for what many tests read; its folder is `module_folder`."""
    yield command_in(module_folder, outputs, tmp_path_factory.getbasetemp())
    end_joblib_workers()
