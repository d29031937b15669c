"""A loaded model behind MLflow's own scoring server, in this process."""

from __future__ import annotations

import contextlib
import json
import logging
import socket
from typing import Any

import numpy as np
import pandas as pd
import uvicorn
from mlflow.exceptions import MlflowException
from mlflow.models import Model
from mlflow.pyfunc import scoring_server

from runner.tracking.guarded_app import Application, GuardedApp, RequestLimits
from runner.tracking.loaded_model import NUMBER, LoadedModel
from runner.writing.wording import first_line, no_column

LAST_SECONDS = 10
"""In which requests under way are answered once the server is to end."""


def scoring_app(model: LoadedModel, limits: RequestLimits) -> Application:
    """MLflow's scoring server for a model, behind limits: `/invocations`, `/health`, `/ping`, `/version`.

    The model has scored rows once when this returns, so that the first request does not wait for it.

    Args:
        model: loaded.
        limits: of requests.
    """
    served: Any = ServedModel(model, limits.rows)
    for rows in (1, 2, 3):  # one program for one row, and one, made at the second other number, for any number
        model.score(_gaps(model, rows))
    return GuardedApp(scoring_server.init(served), limits)


def serve(app: Application, host: str, listening: socket.socket) -> None:
    """Answers requests until the process is told to end (Ctrl-C, SIGTERM), which is not told of.

    Args:
        app: see `scoring_app`.
        host: the address, for the log.
        listening: a bound socket.
    """
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    config = uvicorn.Config(
        app,
        host=host,
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=LAST_SECONDS,
    )
    with contextlib.suppress(KeyboardInterrupt):  # the server has ended, and gives the signal on
        uvicorn.Server(config).run(sockets=[listening])


class ServedModel:
    """Takes the place of MLflow's loaded model in its scoring server: errors name the column.

    Args:
        model: loaded.
        most_rows: of a request.
    """

    def __init__(self, model: LoadedModel, most_rows: int) -> None:
        self.metadata = Model()  # our models say no types of their inputs; see `model_package`
        self._model, self._most_rows = model, most_rows

    def predict(self, data: Any) -> pd.DataFrame:
        """The scores of a request's rows.

        Raises:
            RefusedRequest: they cannot be scored; says why in one line.
        """
        frame = self._table(data)
        if len(frame) > self._most_rows:
            raise RefusedRequest(
                f"{len(frame):,} rows, where this server takes {self._most_rows:,} at once: send fewer", 413
            )
        try:
            return self._model.score(frame)
        except (ValueError, TypeError, KeyError) as problem:
            raise RefusedRequest(first_line(problem)) from problem

    def _table(self, data: Any) -> pd.DataFrame:
        try:
            frame = data if isinstance(data, pd.DataFrame) else pd.DataFrame(data)
        except (ValueError, TypeError) as problem:
            raise RefusedRequest(f"no table of named columns: {first_line(problem)}") from problem
        lacking = [name for name in self._model.columns if name not in frame]
        if lacking:
            raise RefusedRequest(no_column(lacking, frame.columns))
        twice = [name for name in self._model.columns if isinstance(frame[name], pd.DataFrame)]
        if twice:
            raise RefusedRequest(f"two columns are called '{twice[0]}'")
        return frame


class RefusedRequest(MlflowException):
    """A request that cannot be answered, in one line; MLflow would put the whole request before it.

    Args:
        reason: what is wrong.
        status: of HTTP.
    """

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self._reason, self._status = reason, status

    def serialize_as_json(self) -> str:
        """What the client gets."""
        code = "BAD_REQUEST" if self._status == 400 else "REQUEST_LIMIT_EXCEEDED"
        return json.dumps({"error_code": code, "message": self._reason})

    def get_http_status_code(self) -> int:
        """Of HTTP."""
        return self._status


def _gaps(model: LoadedModel, rows: int) -> pd.DataFrame:
    """Rows that hold nothing."""
    return pd.DataFrame({name: [np.nan if kind == NUMBER else None] * rows for name, kind in model.columns.items()})
