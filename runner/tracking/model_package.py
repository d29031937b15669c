"""Packs preprocessing, network and threshold into one MLflow model that needs none of our code."""

from __future__ import annotations

import json
import logging
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import joblib
import mlflow
import mlflow.pyfunc
import pandas as pd
from mlflow.models import Model, ModelSignature
from mlflow.types.schema import ColSpec, Schema

from runner.data.dataset import Dataset
from runner.data.splits import Splits
from runner.evaluation import Evaluation, calibration_map
from runner.tracking import names
from runner.tracking.model_loading import tracking_uri
from runner.tracking.recorder import ModelPackage
from runner.tracking.store import Store

if TYPE_CHECKING:  # Keras loads with it, and a store is opened long before anything is trained
    from runner.models import Network

RAW = "as the network says it: not calibrated, and the bias that the loss gives probabilities is not undone"
"""What the model's metadata say of its raw probabilities."""
# Named here, because MLflow would take 15 seconds to find them out by itself.
REQUIREMENTS = ("mlflow", "tensorflow", "keras", "scikit-learn", "pandas", "numpy", "joblib")


@contextmanager
def packed(network: Network, splits: Splits, dataset: Dataset, evaluation: Evaluation) -> Iterator[ModelPackage]:
    """A trained network as a package that MLflow can save; its parts live as long as the context.

    Args:
        network: trained.
        splits: whose preprocessing it was trained with.
        dataset: whose columns it takes.
        evaluation: has the threshold, and the calibrator.
    """
    with tempfile.TemporaryDirectory() as parts, _without_advice():
        yield ModelPackage(_pack(Path(parts), network, splits, dataset, evaluation))


def save_model(package: ModelPackage, path: Path) -> None:
    """Saves the model as a folder, which scores raw frames without any store: `mlflow.pyfunc.load_model(path)`."""
    mlflow.pyfunc.save_model(path=str(path), **package.arguments)


def log_model(store: Store, run_id: str, package: ModelPackage) -> None:
    """Logs the model under the name `model` to an MLflow run, which need not be running."""
    with tracking_uri(store.uri):  # what logs models takes no other address
        # Made here, for MLflow would look for the experiment of an active run, and there is none.
        client = mlflow.MlflowClient(store.uri)
        model = client.create_logged_model(store.experiment_id, name=names.MODEL, source_run_id=run_id)
        Model.log(None, mlflow.pyfunc, name=names.MODEL, run_id=run_id, model_id=model.model_id, **package.arguments)


def _pack(parts: Path, network: Network, splits: Splits, dataset: Dataset, evaluation: Evaluation) -> dict[str, Any]:
    """Writes network, preprocessing and calibrator into `parts`; returns what makes an MLflow model of them."""
    network.probabilities.save(parts / "network.keras")
    joblib.dump(splits.preprocessing, parts / "preprocessing.joblib")
    calibrator = evaluation.calibrator
    (parts / "calibrator.json").write_text(json.dumps(calibrator.as_json()), encoding="utf-8")
    files = {name: str(parts / name) for name in ("network.keras", "preprocessing.joblib", "calibrator.json")}
    features = dataset.features[list(splits.preprocessing.feature_names_in_)]
    numeric = [str(name) for name in features.select_dtypes(["number", "bool"]).columns]
    # No types of the inputs: MLflow would refuse 3 for 3.0, a gap in a column of whole numbers, or all CSV.
    columns = {str(name): "number" if str(name) in numeric else "category" for name in features.columns}
    outputs = Schema([ColSpec("double", "probability"), ColSpec("double", "raw_probability"), ColSpec("long", "label")])
    return {
        "python_model": str(Path(__file__).with_name("scorer.py")),
        "artifacts": {**files, "calibration_map.py": str(calibration_map.__file__)},
        "model_config": {
            "threshold": evaluation.threshold,
            "numeric": numeric,
            "reading": dict(dataset.reading),
            "calibrator": str(calibrator),
        },
        "signature": ModelSignature(outputs=outputs),
        "metadata": {
            "columns": columns,
            "probability": f"calibrated by {calibrator}, fitted on {len(evaluation.validation.labels)} validation rows",
            "raw_probability": RAW,
            "label": f"1 where raw_probability >= {evaluation.threshold:.6g} ({evaluation.rule}, chosen on validation)",
            "prevalence": float(evaluation.validation.labels.mean()),
        },
        "input_example": _as_json_holds_it(features.iloc[splits.train.rows[:5]]),
        "pip_requirements": [f"{package}=={version(package)}" for package in REQUIREMENTS],
    }


@contextmanager
def _without_advice() -> Iterator[None]:
    """MLflow warns of columns of whole numbers and of missing type hints; `Scorer` copes with both."""
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


def _as_json_holds_it(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.astype(dict.fromkeys(frame.select_dtypes(["category"]).columns, "object"))
