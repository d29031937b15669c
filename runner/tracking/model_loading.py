"""Loads logged models: of a folder, of a run, or of the registry."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mlflow
import mlflow.artifacts
import mlflow.pyfunc
import numpy as np
from mlflow.exceptions import MlflowException

from runner.data.profile import Profile
from runner.errors import InputError
from runner.tracking import names
from runner.tracking.loaded_model import Inside, LoadedModel
from runner.writing.wording import first_line, without_password

BATCH = 16384
"""Rows that go through a network at once, as where it scores them."""


def load_model(place: str, uri: str, name: str) -> LoadedModel:
    """A model of a folder, or of an MLflow store.

    Args:
        place: the folder, `runs:/ID/model`, or `models:/NAME@ALIAS`.
        uri: of the store.
        name: what the user calls it.

    Raises:
        InputError: there is none, it cannot be loaded, or it is no model of this program's.
    """
    logging.getLogger("mlflow").setLevel(logging.ERROR)  # other patch versions of packages than it was made with
    with tracking_uri(uri):
        try:
            loaded = mlflow.pyfunc.load_model(place)
        except (MlflowException, OSError) as problem:
            there = "" if os.path.exists(place) else f" in {without_password(uri)}"
            raise InputError(f"{name}: no model can be loaded{there}: {first_line(problem)}") from problem
    said = loaded.metadata.metadata or {}
    if "columns" not in said:
        raise InputError(f"{name}: this model was not made by `runner`: it does not say which columns it needs")
    reading = (loaded.model_config or {}).get("reading") or {}
    scorer: Any = loaded.unwrap_python_model()
    kept = getattr(scorer, "profile", None)
    return LoadedModel(
        name,
        dict(said["columns"]),
        reading,
        said.get("prevalence"),
        loaded.predict,
        getattr(scorer, "typed", lambda frame: frame),
        None if kept is None else Profile.of_json(kept),
        loaded.metadata.run_id or "",
        loaded.metadata.model_id or "",
        _inside(scorer),
    )


def _inside(scorer: Any) -> Inside | None:
    """What a model's own code has loaded, by the names that it has had in all versions."""
    preprocessing, network = getattr(scorer, "preprocessing", None), getattr(scorer, "logits", None)
    if preprocessing is None or network is None:
        return None

    def logits(inputs: np.ndarray) -> np.ndarray:
        parts = [network.predict_on_batch(inputs[at : at + BATCH]) for at in range(0, len(inputs), BATCH)]
        return np.concatenate(parts).astype(np.float64)[:, 0]

    return Inside(preprocessing, logits)


def model_file(run_id: str, path: str, uri: str) -> Path | None:
    """A file of a run's logged model, on this machine; None where there is none.

    Args:
        run_id: of the run.
        path: of the file, in the model.
        uri: of the store.
    """
    with tracking_uri(uri):
        try:
            return Path(mlflow.artifacts.download_artifacts(f"runs:/{run_id}/{names.MODEL}/{path}", tracking_uri=uri))
        except (MlflowException, OSError):
            return None


@contextmanager
def tracking_uri(uri: str) -> Iterator[None]:
    """Has MLflow's functions that take no address use this one, and leaves no trace in the environment."""
    before = os.environ.get("MLFLOW_TRACKING_URI")
    mlflow.set_tracking_uri(uri)
    try:
        yield
    finally:
        mlflow.set_tracking_uri(before or "")
        if before is None:
            os.environ.pop("MLFLOW_TRACKING_URI", None)
