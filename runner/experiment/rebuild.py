"""Figures and model of a run made after it has ended, from what it left in its folder."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from runner import figures, models, tracking
from runner.config.experiment_config import ExperimentConfig
from runner.data import Dataset, Splits
from runner.evaluation import Evaluation
from runner.experiment import outputs
from runner.experiment.build import make_loss, make_network, make_trainer
from runner.experiment.evaluate import evaluate_logits
from runner.experiment.figures import RunPicture
from runner.experiment.importance import run_importance
from runner.experiment.resources import Resources
from runner.experiment.run import Logits
from runner.runs.folder import RunFacts, RunFolder
from runner.training.trainer import as_of_epoch


@dataclass(frozen=True)
class RecordedExperiment:
    """A finished run, as its folder has it.

    Attributes:
        folder: its own.
        config: its configuration.
        facts: its names.
        metrics: the final ones.
        resources: for the data, which are loaded when they are needed.
    """

    folder: RunFolder
    config: ExperimentConfig
    facts: RunFacts
    metrics: dict[str, float]
    resources: Resources

    @property
    def dataset(self) -> Dataset:
        """What it was trained on."""
        return self.resources.dataset(self.config)

    @property
    def splits(self) -> Splits:
        """Its splits, as it was trained on them."""
        return self.resources.splits(self.config)

    @property
    def splits_of_data(self) -> Splits:
        """Its splits, with all rows of the training part, each once."""
        return self.resources.splits_of_data(self.config)

    @property
    def data_unchanged(self) -> bool:
        """Whether the data are still those it was trained on."""
        return self.dataset.digest == self.facts.dataset_sha256


def load(path: Path, resources: Resources) -> RecordedExperiment | None:
    """The run of a folder; None if the folder is gone or incomplete.

    Args:
        path: of the folder.
        resources: of the sweep.
    """
    folder = RunFolder(path)
    try:
        facts, metrics, config = folder.read_facts(), folder.read_metrics(), folder.read_config()
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return RecordedExperiment(folder, config, facts, metrics, resources)


def draw_figures(recorded: RecordedExperiment) -> None:
    """Draws the figures the run would have drawn, into its folder."""
    outputs.save_figures(recorded.folder, _picture(recorded))


def send_figures(recorded: RecordedExperiment, drawing: figures.DrawingProcess) -> list[Future[None]]:
    """As `draw_figures`, by another process; returns at once."""
    return outputs.send_figures(recorded.folder, _picture(recorded), drawing)


def _picture(recorded: RecordedExperiment) -> RunPicture:
    evaluation, loss = _evaluation(recorded)
    return RunPicture(
        evaluation=evaluation,
        history=recorded.folder.read_history(),
        best_epoch=int(recorded.metrics["best_epoch"]),
        loss=loss,
        option=recorded.facts.choices["loss"],
        name=recorded.facts.name,
        bins=recorded.config.evaluation.calibration_bins,
        importance=_importance(recorded),
    )


def _importance(recorded: RecordedExperiment) -> pd.DataFrame | None:
    """Where it is asked for, and something of the network was kept."""
    if not (recorded.config.evaluation.importance and recorded.folder.has_network):
        return None
    return run_importance(network_of(recorded), recorded.dataset, recorded.splits, recorded.config.seed)


@contextmanager
def packed_model(recorded: RecordedExperiment) -> Iterator[tracking.ModelPackage]:
    """The model as a package for a record, after it was saved in the run's folder; from the weights that are there."""
    network = network_of(recorded)
    evaluation, _ = _evaluation(recorded)
    with tracking.packed(network, recorded.splits, recorded.dataset, evaluation) as package:
        tracking.save_model(package, recorded.folder.model)
        yield package


def network_of(recorded: RecordedExperiment) -> models.Network:
    """The trained network, of the weights or the model that are in the run's folder."""
    config, folder = recorded.config, recorded.folder
    make_trainer(config).start(config.seed)  # its precision
    network = make_network(config, recorded.splits, recorded.dataset)
    network.logits.set_weights(folder.read_weights() if folder.has_weights else models.saved_weights(folder.network))
    return network


def _evaluation(recorded: RecordedExperiment) -> tuple[Evaluation, Any]:
    """The evaluation, from the predictions that were saved, and the loss as it was in the epoch they are of."""
    loss = make_loss(recorded.config, recorded.splits)
    as_of_epoch(loss, int(recorded.metrics["best_epoch"]))
    # The intervals are among the metrics.
    config = replace(recorded.config, evaluation=replace(recorded.config.evaluation, bootstrap=0))
    logits = Logits(recorded.folder.read_logits("validation"), recorded.folder.read_logits("test"))
    evaluation = evaluate_logits(config, recorded.dataset, recorded.splits, loss, logits)
    evaluation = replace(evaluation, metrics=recorded.metrics)
    if evaluation.by_group is not None:  # likewise those of the groups
        evaluation = replace(evaluation, by_group=replace(evaluation.by_group, table=recorded.folder.read_groups()))
    return evaluation, loss
