"""Recorded runs as a table: one row a finished run, as `runner.comparison` reads it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from mlflow.entities import Run

    from runner.tracking.store import Store

VARIANT_TAG = "variant"
DATASET_TAG = "dataset.name"
PARAMETERS = ("loss.", "model.", "optimizer.")


def results_table(runs: Sequence[Run]) -> pd.DataFrame:
    """The finished runs among `runs`; of two with one fingerprint, the later.

    Returns:
        Columns run_id, loss (with its settings), option (the loss's config option), dataset, split, seed, n_train
        (all rows but the test part's: validation counts, for it stops training and chooses the threshold), n_test,
        seconds, every final metric under its MLflow name, and the parameters of loss, model and optimizer.
    """
    latest: dict[str, Run] = {}
    for run in sorted(runs, key=lambda run: run.info.start_time):
        if run.info.status == "FINISHED" and VARIANT_TAG in run.data.tags:
            latest[run.data.tags.get("fingerprint", run.info.run_id)] = run
    return pd.DataFrame([_row(run) for run in latest.values()])


def _row(run: Run) -> dict[str, Any]:
    tags, params, metrics = run.data.tags, run.data.params, run.data.metrics
    return {
        "run_id": run.info.run_id,
        "loss": tags[VARIANT_TAG],
        "option": params.get("loss", ""),
        "dataset": tags[DATASET_TAG],
        "split": int(params["split.seed"]),
        "seed": int(params["seed"]),
        "n_train": int(tags["rows.train"]) + int(tags["rows.validation"]),
        "n_test": int(tags["rows.test"]),
        **{name: value for name, value in metrics.items() if name.startswith(("test", "val/"))},
        "seconds": sum(value for name, value in metrics.items() if name.startswith("seconds/")) or math.nan,
        **{name: _value(said) for name, said in params.items() if name.startswith(PARAMETERS)},
    }


def swept(table: pd.DataFrame) -> list[str]:
    """The columns of parameters with several values within one loss option: what a sweep varied."""
    own = [name for name in table.columns.astype(str) if name.startswith(PARAMETERS)]
    values = table.groupby("option")[own].nunique() if own else pd.DataFrame()
    return [name for name in own if (values[name] > 1).any()]


def _value(said: str) -> float | str:
    try:
        return float(said)
    except ValueError:
        return said


def has_file(store: Store, run_id: str, path: str) -> bool:
    """Whether a run has an artifact of that path, or any in a folder of that path."""
    import mlflow

    return bool(mlflow.MlflowClient(store.uri).list_artifacts(run_id, path))


def recorded_file(store: Store, artifact_uri: str, path: str) -> Path | None:
    """An artifact of a run as a local file, or None if the run has no such artifact.

    Args:
        store: where the run is recorded.
        artifact_uri: `run.info.artifact_uri`; a folder of this machine is read as it is, without asking the store.
        path: of the artifact.
    """
    import mlflow
    from mlflow.exceptions import MlflowException
    from mlflow.utils.file_utils import local_file_uri_to_path
    from mlflow.utils.uri import is_local_uri

    if is_local_uri(artifact_uri):
        file = Path(local_file_uri_to_path(artifact_uri)) / path
        return file if file.exists() else None
    try:
        return Path(mlflow.artifacts.download_artifacts(f"{artifact_uri}/{path}", tracking_uri=store.uri))
    except (MlflowException, OSError):
        return None
