"""A run's own folder: everything about it in plain files, complete without MLflow."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from omegaconf import DictConfig, OmegaConf

from runner.evaluation import Predictions
from runner.wording import without_password


class RunFolder:
    """Writes a run's files under one folder.

    Args:
        path: the folder, made if missing; Hydra's output folder of the job.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def config(self, config: DictConfig) -> None:
        """config.yaml: the composed config, interpolations resolved."""
        self._file("config.yaml").write_text(
            without_password(OmegaConf.to_yaml(config, resolve=True)), encoding="utf-8"
        )

    def epoch(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """history.csv: one row an epoch, written as they come, so that a killed run keeps its curves."""
        with self._file("history.csv").open("a" if epoch > 1 else "w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file, lineterminator="\n")
            if epoch == 1:
                rows.writerow(["epoch", *metrics])
            rows.writerow([epoch, *("" if math.isnan(value) else value for value in metrics.values())])

    def metrics(self, metrics: Mapping[str, float]) -> None:
        """metrics.json: the final metrics under MLflow's names."""
        self._file("metrics.json").write_text(json.dumps(dict(metrics), indent=2) + "\n", encoding="utf-8")

    def about(self, facts: Mapping[str, Any]) -> None:
        """run.json: name, variant, dataset and its digest, choices, fingerprint: what tells the run from others."""
        self._file("run.json").write_text(json.dumps(dict(facts), indent=2) + "\n", encoding="utf-8")

    def weights(self, weights: Sequence[np.ndarray]) -> None:
        """weights.npz: the network's weights, in Keras's order, of which a model can be made later."""
        arrays: dict[str, Any] = {f"{number:04d}": array for number, array in enumerate(weights)}
        np.savez(self._file("weights.npz"), **arrays)

    def summary(self, text: str) -> None:
        """summary.md: what MLflow shows as the run's note."""
        self._file("summary.md").write_text(text, encoding="utf-8")

    def predictions(self, part: str, predictions: Predictions) -> None:
        """predictions/PART.parquet: row, label, logit, probability."""
        import pyarrow
        from pyarrow import parquet

        table = {name: column.to_numpy() for name, column in predictions.table().items()}
        # Dictionaries would pay for values that repeat, and these do not.
        parquet.write_table(pyarrow.table(table), self._file(f"predictions/{part}.parquet"), use_dictionary=False)

    def figure(self, name: str, figure: Any) -> None:
        """figures/NAME.png"""
        from runner.figures import save

        save(figure, self._file(f"figures/{name}.png"))

    def _file(self, name: str) -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path
