"""What one run is asked to be, by the command line or by a sweep."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from runner.config.experiment_config import ExperimentConfig
from runner.experiment.retention import Retention, retained
from runner.runs.folder import RunFolder

Prune = Callable[[int, Mapping[str, float]], bool]
"""From an epoch's number, from 1, and its metrics to whether the run is given up."""


@dataclass(frozen=True)
class RunSpec:
    """What `admit` takes.

    Attributes:
        config: checked and typed.
        choices: the chosen option of each config group.
        folder: where the run's files go.
        overrides: what the command line changed, for the run's name.
        in_sweep: whether the run is one of a sweep's, which shows its progress and keeps figures and model of the best.
        parent_id: the MLflow run of the sweep, or empty.
        trial: its number, where a search asks for it.
        prune: told of each epoch's metrics, whether the search gives the run up; None where nobody asks.
        setting: what the sweep varies besides the loss: see `runner.runs.naming.setting`.
        recipe: likewise, where it has other values for each loss, so that it is a part of what is compared.
    """

    config: ExperimentConfig
    choices: Mapping[str, str]
    folder: RunFolder
    overrides: Sequence[str] = ()
    in_sweep: bool = False
    parent_id: str = ""
    setting: str = ""
    recipe: str = ""
    trial: int | None = None
    prune: Prune | None = None

    @property
    def figures(self) -> Retention:
        """Of which runs figures are kept."""
        return retained(self.config.figures, in_sweep=self.in_sweep)

    @property
    def models(self) -> Retention:
        """Of which runs models are kept."""
        return retained(self.config.tracking.models, in_sweep=self.in_sweep)
