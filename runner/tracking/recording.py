"""Records one run while it happens: in its folder always, in MLflow unless tracking is off."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from omegaconf import DictConfig

from runner.data.dataset import Dataset
from runner.errors import InputError, RunFailed
from runner.tracking.folder import RunFolder
from runner.tracking.store import Store, first_line, without_password
from runner.tracking.writer import MetricWriter, StoreError

if TYPE_CHECKING:
    import mlflow

log = logging.getLogger("runner.tracking")

PARAMS_A_BATCH = 100  # MLflow's limits
PARAM_LENGTH = 6000


class Recorder(Protocol):
    """What the experiment tells about a run, and whom."""

    def epoch(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """An epoch is over; epochs count from 1."""

    def finish(self, metrics: Mapping[str, float]) -> None:
        """The run is evaluated; its figures, predictions and summary are in its folder."""

    def model(self, packed: dict[str, Any]) -> None:
        """The trained model, which scores raw rows, as `runner.tracking.model.packed` hands it over."""

    def final(self, metrics: Mapping[str, float]) -> None:
        """Metrics known only when all else is recorded."""

    @property
    def where(self) -> str:
        """Where to look at the run: an MLflow run id, or nothing."""


class FolderRecorder:
    """Records nowhere but in the run's folder."""

    where = ""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder

    def epoch(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """See `Recorder`."""
        self._folder.epoch(epoch, metrics)

    def finish(self, metrics: Mapping[str, float]) -> None:
        """See `Recorder`; everything is in the folder already."""

    def model(self, packed: dict[str, Any]) -> None:
        """See `Recorder`; it is in the folder already."""

    def final(self, metrics: Mapping[str, float]) -> None:
        """See `Recorder`."""


class MlflowRecorder:
    """Records in the run's folder and in an MLflow run."""

    def __init__(self, folder: RunFolder, client: Any, run_id: str, flush_seconds: float) -> None:
        self.where = run_id
        self._folder = folder
        self._client = client
        self._last_epoch = 0
        self._writer = MetricWriter(client, run_id, flush_seconds)

    def epoch(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """See `Recorder`."""
        self._folder.epoch(epoch, metrics)
        self._writer.add(metrics, step=epoch)
        self._last_epoch = epoch

    def finish(self, metrics: Mapping[str, float]) -> None:
        """See `Recorder`."""
        self.final(metrics)
        self._client.set_tag(
            self.where, "mlflow.note.content", (self._folder.path / "summary.md").read_text(encoding="utf-8")
        )
        for name in ("config.yaml", "figures", "predictions", "history.csv", "metrics.json"):
            path = self._folder.path / name
            if path.is_dir():
                self._client.log_artifacts(self.where, str(path), name)
            else:
                self._client.log_artifact(self.where, str(path))

    def model(self, packed: dict[str, Any]) -> None:
        """See `Recorder`."""
        from runner.tracking.model import log_model

        log_model(packed)

    def final(self, metrics: Mapping[str, float]) -> None:
        """See `Recorder`."""
        # MLflow shows the value of the highest step, and of two at one step the later one: so at the last epoch's.
        self._writer.add(metrics, step=self._last_epoch)

    def close(self) -> None:
        """Writes the metrics that still wait."""
        self._writer.close()


@contextmanager
def record(
    config: DictConfig,
    folder: RunFolder,
    dataset: Dataset,
    store: Store | None,
    *,
    name: str,
    params: Mapping[str, str],
    tags: Mapping[str, str],
) -> Iterator[Recorder]:
    """Opens the record of a run and closes it as what it was: FINISHED, FAILED, or KILLED by Ctrl-C or SIGTERM.

    Args:
        config: the composed config.
        folder: the run's own.
        dataset: what it is trained on.
        store: the MLflow store; None records in the folder only.
        name, params, tags: of the MLflow run.
    """
    tracking = config.tracking
    folder.config(config)
    if store is None:
        yield FolderRecorder(folder)
        return

    import mlflow
    from mlflow.entities import Param
    from mlflow.exceptions import MlflowException

    client = mlflow.MlflowClient(store.uri)
    run_id = client.create_run(
        store.experiment_id, run_name=name, tags={k: without_password(v) for k, v in tags.items()}
    ).info.run_id
    recorder = None
    status, reason = "FAILED", ""
    before = os.environ.get("MLFLOW_TRACKING_URI")
    try:
        mlflow.set_tracking_uri(store.uri)
        # By id, so that an MLFLOW_RUN_ID in the environment cannot make this run overwrite another.
        mlflow.start_run(run_id=run_id, log_system_metrics=tracking.system_metrics)
        entries = [Param(key, without_password(value)[:PARAM_LENGTH]) for key, value in params.items()]
        for start in range(0, len(entries), PARAMS_A_BATCH):
            client.log_batch(run_id, params=entries[start : start + PARAMS_A_BATCH])
        client.log_inputs(run_id, datasets=[_dataset_input(dataset)])
        recorder = MlflowRecorder(folder, client, run_id, tracking.flush_seconds)
        yield recorder
        recorder.close()
        status = "FINISHED"
    except (InputError, RunFailed) as problem:
        reason = str(problem)
        raise
    except KeyboardInterrupt:
        status, reason = "KILLED", f"Interrupted at {time.strftime('%Y-%m-%d %H:%M:%S')}; the epochs so far are kept."
        raise
    except (MlflowException, StoreError) as problem:
        reason = f"The MLflow store stopped answering or refused: {first_line(problem)}"
        raise RunFailed(f"{reason}; what there is of the run is in {folder.path}") from problem
    except BaseException as problem:
        reason = f"{type(problem).__name__}: {problem}"
        raise
    finally:
        try:
            if status != "FINISHED":
                _say_why(client, run_id, status, reason)
                if recorder is not None:
                    recorder.close()
        except (MlflowException, StoreError) as problem:
            log.warning("the MLflow run %s could not be closed: %s", run_id, first_line(problem))
        finally:
            with contextlib.suppress(MlflowException):
                mlflow.end_run(status)
            mlflow.set_tracking_uri(before or "")
            if before is None:  # MLflow writes it there itself; the next run of a sweep may have another store
                os.environ.pop("MLFLOW_TRACKING_URI", None)


def _say_why(client: mlflow.MlflowClient, run_id: str, status: str, reason: str) -> None:
    from mlflow.entities import RunTag

    tags = [RunTag("mlflow.note.content", f"**{status}.** {reason}"[:5000]), RunTag("failure", reason[:5000])]
    client.log_batch(run_id, tags=tags)


def _dataset_input(dataset: Dataset) -> Any:
    """The dataset as MLflow lists it. MLflow keeps 36 characters of a digest; the tag `dataset.sha256` has them all."""
    from mlflow.entities import Dataset as MlflowDataset
    from mlflow.entities import DatasetInput, InputTag

    columns = [{"type": str(dtype), "name": str(name)} for name, dtype in dataset.features.dtypes.items()]
    profile = {
        "rows": len(dataset.labels),
        "columns": len(columns),
        "positives": int(dataset.labels.sum()),
        "prevalence": dataset.prevalence,
        "sha256": dataset.digest,
    }
    described = MlflowDataset(
        name=dataset.name,
        digest=dataset.digest[:32],
        source_type="local",
        source=json.dumps({"uri": dataset.source}),
        schema=json.dumps({"columns": columns})[:1_000_000],
        profile=json.dumps(profile),
    )
    return DatasetInput(described, tags=[InputTag("mlflow.data.context", "training")])
