"""What is told of a run in the tests of recording, by one process of several, and what that must come to."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from runner.data import Dataset
from runner.runs.folder import RunFacts, RunFolder
from runner.runs.naming import RunIdentity
from runner.tracking import MlflowTracker, ModelPackage, NoTracker, Tracker, names, open_store, save_model
from runner.tracking.environment import set_defaults

DATASET = Dataset("größe · 数据", pd.DataFrame({"x": np.arange(10.0)}), np.array([0, 1] * 5, np.int8), "here")
EXPERIMENT = "recording · größe"
EPOCHS = 30
METRIC = "val/" + "m" * (names.KEY_LENGTH - 4)
CURVES = {
    "val/loss": lambda epoch: epoch / 8,
    "val/none": lambda epoch: math.nan if epoch % 2 else 0.5,
    "val/huge": lambda epoch: math.inf,
    "val/low": lambda epoch: -math.inf,
    "val/tiny": lambda epoch: 5e-324 * epoch,
    METRIC: lambda epoch: 1.7976931348623157e308,
}
RESULTS = {"test/f1": 0.1 + 0.2, "test/nan": math.nan, **{f"test/of {number}": float(number) for number in range(20)}}
PARAMS = {
    **{f"key.{number}": str(number) for number in range(130)},  # more than MLflow takes at once
    "k" * names.KEY_LENGTH: "v" * names.PARAM_LENGTH,
    "empty": "",
    "unicode": "größe γ=2 数据 🙂",
    "lines": "one\ntwo\t'three' \"four\" %s {five} \\",
}
TAGS = {
    "long": "t" * names.TAG_LENGTH,
    "unicode": "größe γ=2 数据 🙂",
    "t" * names.KEY_LENGTH: "x",
    "empty": "",
}
TOO_LONG = {"too long": "p" * (names.PARAM_LENGTH + 100), "ke/y?": "refused in a key"}
MODEL = """
import mlflow

class Halves(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input["x"] / 2

mlflow.models.set_model(Halves())
"""


@dataclass(frozen=True)
class Work:
    """What one process records.

    Attributes:
        uri, environment: of the backend; no address for `NoTracker`.
        folder: of its runs.
        runs: how many.
        model: whether the first of them has one.
    """

    uri: str
    environment: Mapping[str, str]
    folder: Path
    runs: int
    model: bool = False


def tracker_of(work: Work) -> Tracker:
    """The tracker of a backend, in one experiment for all processes."""
    if not work.uri:
        return NoTracker()
    return MlflowTracker(open_store(work.uri, EXPERIMENT, work.folder), flush_seconds=2.0)


def record(work: Work) -> None:
    """Records runs that are open together, each with all that can be told of one."""
    os.environ.update(work.environment)
    set_defaults()
    with tracker_of(work).recording() as recording:
        folders = [RunFolder(work.folder / f"run {number} größe") for number in range(work.runs)]
        recorders = []
        for folder in folders:
            folder.path.mkdir(parents=True)
            (folder.path / "config.yaml").write_text("seed: 0\n")
            recorders.append(recording.open(_identity(folder.path), folder, DATASET))
        for epoch in range(1, EPOCHS + 1):
            for recorder in recorders:
                recorder.log_epoch(epoch, {name: curve(epoch) for name, curve in CURVES.items()})
        for folder, recorder in zip(folders, recorders, strict=True):
            write_results(folder)
            recorder.log_results(RESULTS, {"known": "late"})
            if work.model and folder is folders[0]:
                recorder.log_model(package(folder))
            recorder.log_metrics({"wall_seconds/log": 0.5})
            recorder.close()
        for recorder in recorders:
            recorder.wait()


def write_results(folder: RunFolder) -> None:
    """What a run leaves in its folder."""
    folder.figure_path("roc").write_bytes(b"picture")
    folder.write_predictions("test", pd.DataFrame({"row": [0, 1], "logit": [0.5, -0.5]}))
    folder.write_summary("# a note\ngröße 🙂")
    folder.write_facts(RunFacts(folder.path.name, "focal γ=2", DATASET.name, {}, "f" * 64, DATASET.digest))
    folder.write_metrics(RESULTS)


def package(folder: RunFolder) -> ModelPackage:
    """A small model, saved in the run's folder as a run's is."""
    source = folder.path / "halves.py"
    source.write_text(MODEL)
    made = ModelPackage(
        {"python_model": str(source), "pip_requirements": ["mlflow"], "model_config": {"threshold": 0.5}}
    )
    save_model(made, folder.model)
    return made


def _identity(path: Path) -> RunIdentity:
    name = f"{path.parent.name} · {path.name} · {'n' * names.NAME_LENGTH}"
    tags = {**TAGS, names.VARIANT: "focal γ=2", names.FOLDER: str(path)}
    return RunIdentity(name, variant="focal γ=2", fingerprint="f" * 64, params={**PARAMS, **TOO_LONG}, tags=tags)
