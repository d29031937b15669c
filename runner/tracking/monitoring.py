"""The record of a check of a model against later data: a run nested under the run that made the model."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import mlflow
from mlflow.entities import LoggedModelInput, Metric, RunTag
from mlflow.exceptions import MlflowException

from runner.errors import RunFailed
from runner.tracking import names
from runner.tracking.loaded_model import LoadedModel
from runner.writing.wording import first_line


def record_monitoring(
    uri: str, model: LoadedModel, file: Path, metrics: Mapping[str, float], report: Path, *, holds: bool
) -> str:
    """Records what was found, under the run that made the model and on the page of the model; the new run's id.

    Args:
        uri: of the store.
        model: of a run in it.
        file: with the later data.
        metrics: what was found.
        report: a file, which becomes an artifact.
        holds: whether the model may be used as before.

    Raises:
        RunFailed: the store refused.
    """
    client = mlflow.MlflowClient(uri)
    try:
        made_by = client.get_run(model.run_id)
        tags = {
            names.PARENT: model.run_id,
            names.MONITOR: "holds" if holds else "moved",
            names.MONITORED_FILE: str(file.absolute())[: names.TAG_LENGTH],
        }
        name = f"monitor {file.name}"[: names.NAME_LENGTH]
        run_id = str(client.create_run(made_by.info.experiment_id, tags=tags, run_name=name).info.run_id)
        now = int(time.time() * 1000)
        shown = model.model_id or None
        entries = [Metric(key, float(value), now, 0, model_id=shown, run_id=run_id) for key, value in metrics.items()]
        client.log_batch(run_id, metrics=entries, tags=[RunTag(names.COLOUR, "#009E73" if holds else "#D55E00")])
        if shown:
            client.log_inputs(run_id, models=[LoggedModelInput(model_id=shown)])
        client.log_artifact(run_id, str(report))
        client.set_terminated(run_id, "FINISHED")
    except MlflowException as problem:
        raise RunFailed(
            f"{file.name} was looked at, see {report}, but not recorded: {first_line(problem)}"
        ) from problem
    return run_id
