"""The record of a run while it is open: what a run tells, whoever keeps it. MLflow is not loaded here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from runner.runs.folder import RunFolder


class StoreError(RuntimeError):
    """The store did not take what it was given."""


class StoreAway(StoreError):
    """The store does not answer now; later it may take what it was given."""


@dataclass(frozen=True)
class ModelPackage:
    """A packed model, as `runner.tracking.model_package.packed` makes it; its parts live as long as that context.

    Attributes:
        arguments: of `mlflow.pyfunc.save_model` and `log_model`.
    """

    arguments: Mapping[str, Any]


class Recorder(Protocol):
    """The record of one run, while it is open."""

    @property
    def run_id(self) -> str:
        """The MLflow run's id, or nothing where none is made."""

    def log_epoch(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """An epoch is over; epochs count from 1."""

    def log_results(self, metrics: Mapping[str, float], tags: Mapping[str, str] | None = None) -> None:
        """The run is evaluated; its figures, predictions and summary are in its folder.

        Args:
            metrics: its final ones.
            tags: what is known only now.
        """

    def log_model(self, package: ModelPackage) -> None:
        """The trained model, which scores raw rows."""

    def log_metrics(self, metrics: Mapping[str, float]) -> None:
        """Metrics known only when all else is recorded."""

    def close(self, problem: BaseException | None = None) -> None:
        """The run is over: well, or with `problem`. Returns at once."""

    def wait(self) -> None:
        """Returns when all of a closed record is written.

        Raises:
            RunFailed: the store did not take it; what there is of the run is in its folder.
        """


class FolderRecorder:
    """Records nowhere but in the run's folder, where results, figures and model are already.

    Args:
        folder: the run's own.
    """

    run_id = ""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder

    def log_epoch(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """See `Recorder`."""
        self._folder.append_epoch(epoch, metrics)

    def log_results(self, metrics: Mapping[str, float], tags: Mapping[str, str] | None = None) -> None:
        """See `Recorder`."""

    def log_model(self, package: ModelPackage) -> None:
        """See `Recorder`."""

    def log_metrics(self, metrics: Mapping[str, float]) -> None:
        """See `Recorder`."""

    def close(self, problem: BaseException | None = None) -> None:
        """See `Recorder`."""

    def wait(self) -> None:
        """See `Recorder`."""
