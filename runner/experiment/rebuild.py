"""Figures and model of a run made after it has ended, from what it left in its folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from omegaconf import DictConfig, OmegaConf

from runner.config.instantiate import build
from runner.data import Dataset, Splits
from runner.experiment.resources import Cache

if TYPE_CHECKING:
    import keras

    from runner.evaluation import Evaluation
    from runner.tracking import RunFolder


@dataclass(frozen=True)
class Past:
    """A run as its folder tells of it.

    Attributes:
        folder: its own.
        config: its composed config.
        about: see `RunFolder.about`.
        metrics: the final ones.
        cache: for the data, which are loaded when they are needed.
    """

    folder: RunFolder
    config: DictConfig
    about: Mapping[str, Any]
    metrics: Mapping[str, float]
    cache: Cache

    @property
    def dataset(self) -> Dataset:
        """What it was trained on."""
        return self.cache.dataset(self.config)

    @property
    def splits(self) -> Splits:
        """As then."""
        return self.cache.splits(self.config)

    @property
    def same_data(self) -> bool:
        """Whether the data are still those it was trained on."""
        return bool(self.dataset.digest == self.about["dataset.sha256"])


def reread(path: Path, cache: Cache) -> Past | None:
    """The run of a folder; None if the folder is gone or incomplete.

    Args:
        path: of the folder.
        cache: of the sweep.
    """
    from runner.tracking import RunFolder

    try:
        about = json.loads((path / "run.json").read_text(encoding="utf-8"))
        metrics = json.loads((path / "metrics.json").read_text(encoding="utf-8"))
        config = OmegaConf.load(path / "config.yaml")
    except (OSError, ValueError):
        return None
    assert isinstance(config, DictConfig)
    return Past(RunFolder(path), config, about, metrics, cache)


def draw(past: Past) -> None:
    """Draws the figures the run would have drawn, into its folder."""
    import runner.training.runtime  # noqa: F401 - the first to load TensorFlow, for it does so quietly

    from runner.experiment import figures as drawing

    evaluation, loss = _judged(past)
    history = pd.read_csv(past.folder.path / "history.csv")
    for name, figure in drawing.draw(
        evaluation,
        history,
        int(past.metrics["best_epoch"]),
        loss,
        past.about["choices"]["loss"],
        past.about["name"],
        past.config.evaluation.calibration_bins,
    ):
        past.folder.figure(name, figure)


@contextmanager
def packed_model(past: Past) -> Iterator[dict[str, Any]]:
    """The model's parts for a record, after it was saved in the run's folder; from the weights that are there."""
    import runner.training.runtime  # noqa: F401 - see above

    from runner.experiment.execute import make_network
    from runner.tracking.model_package import packed, save_model

    trainer = build("trainer", past.config.trainer)
    trainer.start(past.config.seed)  # its precision
    network = make_network(past.config, past.splits, past.dataset)
    with np.load(past.folder.path / "weights.npz") as weights:
        network.logits.set_weights([weights[name] for name in weights.files])
    with packed(network, past.splits, past.dataset, past.metrics["threshold"]) as parts:
        save_model(parts, past.folder.path / "model")
        yield parts


def _judged(past: Past) -> tuple[Evaluation, keras.losses.Loss]:
    """The evaluation, from the predictions that were saved, and the loss as training left it."""
    import runner.training.runtime  # noqa: F401 - see above

    from runner.experiment.execute import judge, make_loss

    loss = make_loss(past.config, past.splits)
    if hasattr(loss, "begin_epoch"):
        loss.begin_epoch(int(past.metrics["epochs"]) - 1)
    config = OmegaConf.merge(past.config, {"evaluation": {"bootstrap": 0}})  # the intervals are among the metrics
    assert isinstance(config, DictConfig)
    evaluation = judge(config, _saved_logits(past), loss, past.splits, past.dataset)
    return replace(evaluation, metrics=dict(past.metrics)), loss


def _saved_logits(past: Past) -> Callable[[np.ndarray], np.ndarray]:
    def predict(inputs: np.ndarray) -> np.ndarray:
        part = "validation" if inputs is past.splits.validation.inputs else "test"
        saved = pd.read_parquet(past.folder.path / "predictions" / f"{part}.parquet", columns=["logit"])
        return saved["logit"].to_numpy()

    return predict
