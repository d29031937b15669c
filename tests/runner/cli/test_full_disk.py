"""A full disk in one line that names it, whoever met it."""

from __future__ import annotations

import errno
import shutil
from collections import namedtuple
from itertools import pairwise
from pathlib import Path

import pytest
from mlflow.exceptions import MlflowException

from runner.cli.full_disk import full_disk

Usage = namedtuple("Usage", "total used free")


def chained(*problems: Exception) -> BaseException:
    """The last of problems, each of which was raised from the one before."""
    for cause, problem in pairwise(problems):
        problem.__cause__ = cause
    return problems[-1]


@pytest.mark.parametrize(
    "problem",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        MlflowException("(sqlite3.OperationalError) database or disk is full\n[SQL: UPDATE ...]"),
        chained(OSError(errno.ENOSPC, "No space left on device"), RuntimeError("a stack"), ValueError("a sweep")),
        OSError("Error writing bytes to file. Detail: [errno 28] No space left on device"),
    ],
    ids=["the system", "SQLite by MLflow", "below others", "Arrow"],
)
def test_the_disk_is_named_and_not_the_one_that_has_room(problem, tmp_path, monkeypatch):
    outputs = tmp_path / "outputs" / "not made"
    monkeypatch.setattr(
        shutil, "disk_usage", lambda path: Usage(10**9, 0, 10 if Path(path).is_relative_to(tmp_path) else 10**9)
    )
    monkeypatch.setattr("os.path.ismount", lambda path: Path(path) in (tmp_path, Path("/")))
    told = full_disk(problem, [Path("/"), outputs])
    assert told == f"the disk at {tmp_path}: No space left on device: make room there; what was recorded so far is kept"


def test_a_file_that_is_known_is_named():
    told = full_disk(OSError(errno.EDQUOT, "Disk quota exceeded", "/data/table.csv"), [Path("/")])
    assert told == "/data/table.csv: Disk quota exceeded: make room there; what was recorded so far is kept"


def test_other_problems_are_not_about_the_disk():
    assert full_disk(chained(OSError(errno.EACCES, "Permission denied"), ValueError("x")), [Path("/")]) is None
