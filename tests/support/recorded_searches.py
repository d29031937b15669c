"""What a search has left in its store and its study."""

from __future__ import annotations

from pathlib import Path

import mlflow
import optuna


def family(store: mlflow.MlflowClient) -> tuple[mlflow.entities.Run, list[mlflow.entities.Run]]:
    """The one parent and its children, the oldest first."""
    runs = store.search_runs(["1"], order_by=["start_time ASC"])
    (parent,) = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    return parent, [run for run in runs if run is not parent]


def study_of(tmp_path: Path, parent: mlflow.entities.Run) -> optuna.Study:
    return optuna.load_study(study_name=parent.info.run_id, storage=f"sqlite:///{tmp_path / 'outputs' / 'optuna.db'}")
