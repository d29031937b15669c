"""Recorded runs as a table: one row a finished run, as `runner.comparison` reads it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from mlflow.entities import Run

VARIANT_TAG = "variant"
DATASET_TAG = "dataset.name"


def results_table(runs: Sequence[Run]) -> pd.DataFrame:
    """The finished runs among `runs`; of two with one fingerprint, the later.

    Returns:
        Columns run_id, loss (with its settings), option (the loss's config option), dataset, split, seed, n_train,
        n_test, seconds, and every final metric under its MLflow name.
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
        "n_train": int(tags["rows.train"]),
        "n_test": int(tags["rows.test"]),
        **{name: value for name, value in metrics.items() if name.startswith(("test", "val/"))},
        "seconds": sum(value for name, value in metrics.items() if name.startswith("seconds/")) or math.nan,
    }
