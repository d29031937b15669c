"""A run's own folder: everything about it in plain files, written and read here, complete without MLflow."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow
from pyarrow import parquet

from runner.config.experiment_config import ExperimentConfig
from runner.terms.findings import Finding
from runner.writing.whole_files import whole_file, write_text
from runner.writing.wording import without_password


@dataclass(frozen=True)
class RunFacts:
    """What a run's folder says of it beside its numbers: run.json.

    Attributes:
        name, variant, fingerprint: see `RunIdentity`.
        dataset: its name.
        dataset_sha256: `Dataset.digest`.
        choices: the chosen option of each config group.
    """

    name: str
    variant: str
    dataset: str
    choices: Mapping[str, str]
    fingerprint: str
    dataset_sha256: str


class RunFolder:
    """The files of one run.

    Args:
        path: the folder, made when the first file is written; Hydra's output folder of the job.
    """

    FACTS = "run.json"
    ENTRIES = (
        "config.yaml",
        "history.csv",
        "metrics.json",
        "checks.json",
        "calibrator.json",
        "groups.csv",
        FACTS,
        "weights.npz",
        "summary.md",
        "predictions",
        "figures",
        "model",
    )
    """What a run writes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def taken(self) -> str | None:
        """The first of a run's files and folders that is there already, whosever it is; None where there is none."""
        return next((name for name in self.ENTRIES if (self.path / name).exists()), None)

    def write_config(self, config: ExperimentConfig) -> None:
        """config.yaml: the whole configuration, interpolations resolved, passwords hidden."""
        write_text(self._file("config.yaml"), without_password(config.to_yaml()))

    def read_config(self) -> ExperimentConfig:
        """What `write_config` wrote; see `ExperimentConfig.read` for its errors."""
        return ExperimentConfig.read(self.path / "config.yaml")

    def append_epoch(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """history.csv: one row an epoch, written as they come, so that a killed run keeps its curves."""
        with self._file("history.csv").open("a" if epoch > 1 else "w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file, lineterminator="\n")
            if epoch == 1:
                rows.writerow(["epoch", *metrics])
            rows.writerow([epoch, *("" if math.isnan(value) else value for value in metrics.values())])

    def read_history(self) -> pd.DataFrame:
        """One row an epoch: epoch, and the metrics of `append_epoch`."""
        return pd.read_csv(self.path / "history.csv")

    def write_metrics(self, metrics: Mapping[str, float]) -> None:
        """metrics.json: the final metrics under MLflow's names."""
        write_text(self._file("metrics.json"), json.dumps(dict(metrics), indent=2) + "\n")

    def read_metrics(self) -> dict[str, float]:
        """What `write_metrics` wrote.

        Raises:
            OSError, ValueError: the file is not there, or is no JSON.
        """
        return dict(json.loads((self.path / "metrics.json").read_text(encoding="utf-8")))

    def write_calibrator(self, content: Mapping[str, Any]) -> None:
        """calibrator.json: what makes the probabilities that the model serves, as `Calibrator.as_json` has it."""
        write_text(self._file("calibrator.json"), json.dumps(dict(content)) + "\n")

    def write_groups(self, table: pd.DataFrame) -> None:
        """groups.csv: the test metrics of each group of rows, as `subgroup_table` has them."""
        with whole_file(self._file("groups.csv")) as beside:
            table.to_csv(beside, index=False)

    def read_groups(self) -> pd.DataFrame:
        """What `write_groups` wrote."""
        texts = pd.read_csv(
            self.path / "groups.csv", dtype=str, keep_default_na=False
        )  # a group may be called NA, or 007
        numbers = [name for name in texts if name not in ("group", "reason")]
        return texts.assign(**{str(name): pd.to_numeric(texts[name]) for name in numbers})

    def write_importance(self, table: pd.DataFrame) -> None:
        """figures/importance.csv: the importance of each column, as `permutation_importance` has it."""
        with whole_file(self._file("figures/importance.csv")) as beside:
            table.to_csv(beside, index=False)

    def write_facts(self, facts: RunFacts) -> None:
        """run.json: what tells the run from others."""
        content = {
            "name": facts.name,
            "variant": facts.variant,
            "dataset": facts.dataset,
            "choices": dict(facts.choices),
            "fingerprint": facts.fingerprint,
            "dataset.sha256": facts.dataset_sha256,
        }
        write_text(self._file(self.FACTS), json.dumps(content, indent=2) + "\n")

    def read_facts(self) -> RunFacts:
        """What `write_facts` wrote.

        Raises:
            OSError, ValueError, KeyError: the file is not there, or is no such file.
        """
        content = json.loads((self.path / self.FACTS).read_text(encoding="utf-8"))
        return RunFacts(
            content["name"],
            content["variant"],
            content["dataset"],
            content["choices"],
            content["fingerprint"],
            content["dataset.sha256"],
        )

    @property
    def has_weights(self) -> bool:
        """Whether `write_weights` was called."""
        return (self.path / "weights.npz").exists()

    @property
    def has_network(self) -> bool:
        """Whether weights or a model are there, of which the network can be made."""
        return self.has_weights or self.network.is_file()

    def write_weights(self, weights: Sequence[np.ndarray]) -> None:
        """weights.npz: the network's weights, in Keras's order, from which a model can be made later."""
        arrays: dict[str, Any] = {f"{number:04d}": array for number, array in enumerate(weights)}
        with whole_file(self._file("weights.npz")) as beside:
            np.savez(beside, **arrays)

    def read_weights(self) -> list[np.ndarray]:
        """What `write_weights` wrote."""
        with np.load(self.path / "weights.npz") as weights:
            return [weights[name] for name in weights.files]

    def write_findings(self, findings: Sequence[Finding]) -> None:
        """checks.json: what there is to look at before the numbers are believed; no file where there is nothing."""
        if findings:
            content = [[finding.code, finding.sentence] for finding in findings]
            write_text(self._file("checks.json"), json.dumps(content, indent=2) + "\n")

    def read_findings(self) -> list[Finding]:
        """What `write_findings` wrote."""
        path = self.path / "checks.json"
        content = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
        return [Finding(*each) for each in content]

    def write_summary(self, text: str) -> None:
        """summary.md: what MLflow shows as the run's note."""
        write_text(self._file("summary.md"), text)

    def read_summary(self) -> str:
        """What `write_summary` wrote."""
        return (self.path / "summary.md").read_text(encoding="utf-8")

    def write_predictions(self, part: str, table: pd.DataFrame) -> None:
        """predictions/PART.parquet: row, label, logit, probability, as `Predictions.table` has them."""
        columns = {name: column.to_numpy() for name, column in table.items()}
        # Dictionaries would pay for values that repeat, and these do not.
        with whole_file(self._file(f"predictions/{part}.parquet")) as beside:
            parquet.write_table(pyarrow.table(columns), beside, use_dictionary=False)

    def read_logits(self, part: str) -> np.ndarray:
        """(n,) float64 logits of `write_predictions`."""
        saved = pd.read_parquet(self.path / "predictions" / f"{part}.parquet", columns=["logit"])
        return saved["logit"].to_numpy()

    @property
    def figures(self) -> Path:
        """The folder of the figures, there or not."""
        return self.path / "figures"

    def figure_path(self, name: str) -> Path:
        """figures/NAME.png, where a figure may be saved."""
        return self._file(f"figures/{name}.png")

    @property
    def model(self) -> Path:
        """The folder of the packed model, there or not."""
        return self.path / "model"

    @property
    def network(self) -> Path:
        """The packed model's network, there or not."""
        return self.model / "artifacts" / "network.keras"

    def _file(self, name: str) -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path
