"""Points a local store that was moved or copied, with the files beside it, at the place where it is now."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy
from sqlalchemy import Connection, Table, func

from runner.errors import InputError
from runner.tracking import names
from runner.tracking.last_store import forget
from runner.tracking.store import folder_of
from runner.writing.wording import first_line

LOCATIONS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
)
"""Columns of MLflow's tables that hold addresses of files, `file:` and all."""


def relocate(store: Path) -> dict[Path, int]:
    """Rewrites every address under the folder that the store was in, to the one it is in.

    Nothing but the store's file is written, in one transaction: a store that is copied becomes one of its own, and the
    one it was copied from stays as it is.

    Args:
        store: its SQLite file.

    Returns:
        By folder that the store was in: how many runs were pointed here. Empty where all is in its place.

    Raises:
        InputError: there is no such file, or it is no store of MLflow's.
    """
    if not store.is_file():
        raise InputError(f"{store} is not there: name the folder of a store with --outputs")
    here = store.absolute().parent
    engine = sqlalchemy.create_engine(f"sqlite:///{store}")
    moved: dict[Path, int] = {}
    try:
        with engine.begin() as connection:
            schema = sqlalchemy.MetaData()
            schema.reflect(connection)
            for there in _former_folders(connection, schema.tables, store.absolute()):
                moved[there] = _rewrite(connection, schema.tables, there, here)
    except (sqlalchemy.exc.DatabaseError, KeyError) as problem:
        raise InputError(f"{store} is no MLflow store ({first_line(problem)})") from problem
    finally:
        engine.dispose()
    if moved:  # it names the former place
        forget(here)
    return moved


def _former_folders(connection: Connection, tables: dict[str, Table], store: Path) -> list[Path]:
    """The folders that the store was in, by its experiments: they are gone, or hold the store that was copied.

    Artifacts that were somewhere else from the beginning stay there.
    """
    found = connection.execute(sqlalchemy.select(tables["experiments"].c.artifact_location)).scalars()
    folders = dict.fromkeys(folder_of(each).parent for each in found if each and each.startswith("file:"))
    return [each for each in folders if each != store.parent and (not each.exists() or (each / store.name).exists())]


def _rewrite(connection: Connection, tables: dict[str, Table], there: Path, here: Path) -> int:
    """Replaces the beginning of every address; returns how many runs had one."""
    runs = 0
    for table, column in LOCATIONS:
        if table in tables:
            changed = _replace(connection, tables[table].c[column], there.as_uri(), here.as_uri())
            runs = changed if table == "runs" else runs
    tags = tables["tags"]
    _replace(connection, tags.c.value, str(there), str(here), tags.c.key == names.FOLDER)
    if not there.parent.exists():  # where sweeps are resumed from: the project has moved with its outputs
        started_in = (tags.c.key == names.SWEEP_STARTED_IN) & (tags.c.value == str(there.parent))
        connection.execute(tags.update().where(started_in).values(value=str(here.parent)))
    return runs


def _replace(
    connection: Connection, column: sqlalchemy.Column, old: str, new: str, only: sqlalchemy.ColumnElement | None = None
) -> int:
    """Where a value is `old` or begins with `old/`; returns in how many rows."""
    under = (column == old) | (func.substr(column, 1, len(old) + 1) == f"{old}/")
    changed = column.table.update().where(under if only is None else under & only)
    return int(connection.execute(changed.values({column.name: new + func.substr(column, len(old) + 1)})).rowcount)
