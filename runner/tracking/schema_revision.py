"""Whether a database was made by the MLflow that is installed, and what to do if not."""

from __future__ import annotations

import os
import sys
from importlib.metadata import version

import sqlalchemy
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from mlflow.store import db_migrations

from runner.writing.wording import typed, without_password


def other_revision(uri: str) -> str | None:
    """What is wrong with the revision of a database's schema, and the command that mends it; None if nothing is.

    Args:
        uri: of any store; of a server, and of what does not answer, nothing is known.
    """
    try:
        engine = sqlalchemy.create_engine(uri, poolclass=sqlalchemy.NullPool)
        with engine.connect() as connection:
            if not sqlalchemy.inspect(connection).has_table("alembic_version"):
                return None
            found = connection.execute(sqlalchemy.text("SELECT version_num FROM alembic_version")).scalar()
    except (sqlalchemy.exc.SQLAlchemyError, ModuleNotFoundError):
        return None
    config = Config()
    config.set_main_option("script_location", os.path.dirname(str(db_migrations.__file__)))
    scripts = ScriptDirectory.from_config(config)
    if found == scripts.get_current_head():
        return None
    store, installed = without_password(uri), f"the installed MLflow {version('mlflow')}"
    try:
        scripts.get_revision(str(found))
    except CommandError:
        command = typed(sys.executable, "-m", "pip", "install", "--upgrade", "mlflow")
        return f"the MLflow store {store} was made by a newer MLflow than {installed}: `{command}`"
    command = typed(sys.executable, "-m", "mlflow", "db", "upgrade", store)
    return f"the MLflow store {store} was made by an older MLflow than {installed}: make a copy of it, then `{command}`"
