"""What several test files share: the command line in this process, so that TensorFlow is imported once."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import absl.logging
import pytest

# Hydra closes all log handlers when it sets up its own; absl's, which TensorFlow brings, would close pytest's capture.
absl.logging.get_absl_handler().python_handler.stream = sys.__stderr__

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"

TINY = (
    "dataset=synthetic",
    "dataset.rows=240",
    "dataset.prevalence=0.2",
    "trainer.epochs=2",
    "evaluation.bootstrap=50",
)
"""Overrides of a run that takes about a second."""


@dataclass(frozen=True)
class Finished:
    """A finished command: exit status, standard output, standard error."""

    status: int
    out: str
    err: str

    @property
    def run_id(self) -> str:
        """The MLflow run's id, as the command printed it."""
        return re.findall(r"run id: (\w+)", self.out)[-1]

    def folder(self, start: Path) -> Path:
        """The run's folder, as the command printed it."""
        return start / re.findall(r"files: (.+)", self.out)[-1]


@pytest.fixture(scope="session")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One outputs/ for all tests: making a store takes seconds."""
    return tmp_path_factory.mktemp("outputs")


@pytest.fixture
def command(
    outputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., Finished]:
    """`runner ARGUMENTS` in an empty folder; runs go to `outputs` unless the arguments say otherwise."""
    import runner.training.runtime  # noqa: F401 - once per session, before its notices could be taken for the command's

    from runner.__main__ import main
    from runner.cli.main import COMMANDS

    if "joblib.externals.loky" in sys.modules:  # its processes outlive a sweep, and are still in another test's folder
        sys.modules["joblib.externals.loky"].get_reusable_executor().shutdown(wait=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("HYDRA_FULL_ERROR", raising=False)

    def run(*arguments: str) -> Finished:
        given = list(arguments)
        own = ("paths.outputs=", "--", *COMMANDS)
        if not any(argument.startswith(own) for argument in given):
            given.append(f"paths.outputs={outputs}")
        monkeypatch.setattr("sys.argv", ["runner", *given])
        before = signal.getsignal(signal.SIGTERM)
        capfd.readouterr()
        try:
            status = main()
        finally:
            signal.signal(signal.SIGTERM, before)
        out, err = capfd.readouterr()
        return Finished(status, out, err)

    return run
