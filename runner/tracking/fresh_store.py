"""A new SQLite store, put into its place whole: whoever is killed while it is made leaves none.

MLflow makes one by all the changes its tables have seen in years, which takes seconds. So the first one that a version
of MLflow makes is kept, empty, and copied from then on.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import mlflow
from platformdirs import user_cache_path

MEMORY = Path("/dev/shm")  # SQLite waits for a disk after each of the changes


def place_fresh_store(file: Path) -> None:
    """Puts an empty store into `file`, which is not there yet; another process may not do so at the same time.

    Raises:
        OSError: it cannot be written.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    template = user_cache_path("imbalance-runner") / f"mlflow-{mlflow.__version__}.db"
    if _is_whole(template):
        _copy(template, file)
        return
    with _made_store() as made:
        with contextlib.suppress(OSError):  # it saves time, and no more
            template.parent.mkdir(parents=True, exist_ok=True)
            _copy(made, template)
        _copy(made, file)


@contextlib.contextmanager
def _made_store() -> Iterator[Path]:
    """A store as MLflow makes it, without its experiment `Default`: that is made where the store is first used."""
    place = MEMORY if os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="imbalance-runner-", dir=place) as folder:
        made = Path(folder) / "mlflow.db"
        mlflow.MlflowClient(f"sqlite:///{made}").search_experiments()
        with contextlib.closing(sqlite3.connect(made)) as connection, connection:
            connection.execute("DELETE FROM experiments")
        yield made


def _is_whole(file: Path) -> bool:
    """Whether a file is an SQLite database with MLflow's tables, and nothing has been cut off."""
    if not file.is_file():
        return False
    try:
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
            connection.execute("SELECT version_num FROM alembic_version").fetchone()
            return bool(connection.execute("PRAGMA quick_check").fetchone() == ("ok",))
    except sqlite3.Error:
        return False


def _copy(source: Path, target: Path) -> None:
    """Copies a file; `target` is the whole of it, or not there."""
    aside = target.with_name(f"{target.name}.{os.getpid()}.tmp")
    try:
        shutil.copyfile(source, aside)
        with aside.open("rb") as copied:
            os.fsync(copied.fileno())
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)
