"""`runner ARGUMENTS` in this process, so that TensorFlow is imported once; and what many tests give it."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from isolation import end_joblib_workers, isolated

TINY = (
    "dataset=synthetic",
    "dataset.rows=240",
    "dataset.prevalence=0.2",
    "trainer.epochs=2",
    "evaluation.bootstrap=50",
    "comparison.references=none",
)
"""Overrides of a run that takes about a second."""
PLAIN = ("figures=none", "tracking.models=none", "comparison=none")
"""Overrides for tests that look at neither: each takes about as long as the run."""


@dataclass(frozen=True)
class Finished:
    """A finished command: exit status, standard output, standard error."""

    status: int
    out: str
    err: str

    @property
    def errors(self) -> list[str]:
        """The lines of standard error but for warnings."""
        return [line for line in self.err.strip().splitlines() if not line.startswith("WARNING: ")]

    @property
    def run_id(self) -> str:
        """The MLflow run's id, as the command printed it."""
        return re.findall(r"run id: (\w+)", self.out)[-1]

    def folder(self, start: Path) -> Path:
        """The run's folder, as the command printed it."""
        return start / re.findall(r"files: (.+)", self.out)[-1]


Command = Callable[..., Finished]


def command_in(folder: Path, outputs: Path, temporary: Path) -> Command:
    """The function that runs `runner ARGUMENTS` as a new process would.

    Args:
        folder: the current folder of the command.
        outputs: where runs go unless the arguments say otherwise.
        temporary: see `isolated`.
    """
    import runner.training.runtime  # noqa: F401 - TensorFlow has notices of its own, which are none of the command's

    from runner.__main__ import main
    from runner.cli.main import COMMANDS

    def run(*arguments: str) -> Finished:
        own = ("paths.outputs=", "--", *COMMANDS)
        elsewhere = any(argument.startswith(own) for argument in arguments)
        with isolated(temporary), _captured() as (out, err):
            os.chdir(folder)
            sys.argv[:] = ["runner", *arguments, *([] if elsewhere else [f"paths.outputs={outputs}"])]
            status = main()
            end_joblib_workers()  # they write where this command's output went, also for the next one
            return Finished(status, out(), err())

    return run


@contextmanager
def _captured() -> Iterator[tuple[Callable[[], str], Callable[[], str]]]:
    """Two functions that read what this process and its children have written to the terminal."""
    with _redirected(1, "stdout") as out, _redirected(2, "stderr") as err:
        yield out, err


@contextmanager
def _redirected(descriptor: int, name: str) -> Iterator[Callable[[], str]]:
    """Sends a descriptor and the stream in `sys` to a file; gives the function that reads it."""
    stream, kept = getattr(sys, name), os.dup(descriptor)
    stream.flush()
    with tempfile.TemporaryFile() as file, open(file.fileno(), "w", encoding="utf-8", closefd=False) as text:
        os.dup2(file.fileno(), descriptor)
        setattr(sys, name, text)

        def read() -> str:
            text.flush()
            file.seek(0)
            return file.read().decode()

        try:
            yield read
        finally:
            setattr(sys, name, stream)
            os.dup2(kept, descriptor)
            os.close(kept)
