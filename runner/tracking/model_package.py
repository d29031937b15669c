"""Packs preprocessing, network and threshold into one MLflow model that needs none of our code."""

from __future__ import annotations

import json
import logging
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import joblib
import mlflow
import mlflow.pyfunc
import pandas as pd
from mlflow.entities import LoggedModelStatus
from mlflow.exceptions import MlflowException
from mlflow.models import Model, ModelSignature
from mlflow.types.schema import ColSpec, Schema

from runner.data.dataset import Dataset
from runner.data.profile import profile_of
from runner.data.splits import Splits
from runner.evaluation import Evaluation, calibration_map
from runner.tracking import names
from runner.tracking.model_loading import tracking_uri
from runner.tracking.recorder import ModelPackage
from runner.tracking.store import Store
from runner.writing.whole_files import whole_file

if TYPE_CHECKING:  # Keras loads with it, and a store is opened long before anything is trained
    from runner.models import Network

RAW = "as the network says it: not calibrated, and the bias that the loss gives probabilities is not undone"
"""What the model's metadata say of its raw probabilities."""
PARTS = ("network.keras", "preprocessing.joblib", "calibrator.json", "profile.json")
# Named here, because MLflow would take 15 seconds to find them out by itself.
REQUIREMENTS = ("mlflow", "tensorflow", "keras", "scikit-learn", "pandas", "numpy", "joblib")


@contextmanager
def packed(
    network: Network, splits: Splits, dataset: Dataset, evaluation: Evaluation, decided_on: str = "validation"
) -> Iterator[ModelPackage]:
    """A trained network as a package that MLflow can save; its parts live as long as the context.

    Args:
        network: trained.
        splits: whose preprocessing it was trained with.
        dataset: whose columns it takes.
        evaluation: has the threshold, and the calibrator.
        decided_on: what both were chosen on, in words.
    """
    with tempfile.TemporaryDirectory() as parts, _without_advice():
        arguments = _pack(Path(parts), network, splits, dataset, evaluation)
        arguments["metadata"] |= _said(evaluation, decided_on)
        yield ModelPackage(arguments)


def save_model(package: ModelPackage, path: Path) -> None:
    """Saves the model as a folder, which scores raw frames without any store: `mlflow.pyfunc.load_model(path)`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as beside:
        mlflow.pyfunc.save_model(path=str(beside), **package.arguments)


def log_model(store: Store, run_id: str, package: ModelPackage) -> None:
    """Logs the model under the name `model` to an MLflow run, which need not be running."""
    _log(store, run_id, mlflow.pyfunc, package.arguments)


def log_saved_model(store: Store, run_id: str, folder: Path) -> None:
    """Logs the model that `save_model` saved in a folder as `log_model` would have logged it."""
    settings = Model.load(str(folder)).flavors[mlflow.pyfunc.FLAVOR_NAME].get(mlflow.pyfunc.MODEL_CONFIG, {})
    with _without_advice():
        _log(store, run_id, SavedModel(folder), {"model_config": settings, "validate_serving_input": False})


def has_model(client: mlflow.MlflowClient, run_id: str) -> bool:
    """Whether a run's model is logged, from its first file to its last."""
    outputs = client.get_run(run_id).outputs
    return any(_is_ready(client, each.model_id) for each in (outputs.model_outputs if outputs else ()))


def remove_unfinished(client: mlflow.MlflowClient, experiment_id: str, run_id: str) -> None:
    """Deletes what was begun of a run's model and never finished."""
    for model in client.search_logged_models([experiment_id], f"source_run_id = '{run_id}'"):
        if model.status != LoggedModelStatus.READY:
            client.delete_logged_model(model.model_id)


class SavedModel:
    """Takes the place of an MLflow flavor: what it saves is there already.

    Args:
        folder: where.
    """

    __name__ = "mlflow.pyfunc"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def save_model(self, path: str, mlflow_model: Model, **_: Any) -> None:
        """Copies the folder, under the name that the store has given the model."""
        shutil.copytree(self._folder, path, dirs_exist_ok=True)
        saved = Model.load(str(self._folder))
        mlflow_model.flavors, mlflow_model.signature = saved.flavors, saved.signature
        if (example := saved.saved_input_example_info) is not None:
            mlflow_model.saved_input_example_info = example
        mlflow_model.model_size_bytes = saved.model_size_bytes
        if saved.metadata is not None:
            mlflow_model.metadata = saved.metadata
        mlflow_model.save(str(Path(path, "MLmodel")))


def _log(store: Store, run_id: str, flavor: Any, arguments: Mapping[str, Any]) -> None:
    with tracking_uri(store.uri):  # what logs models takes no other address
        # Made here, for MLflow would look for the experiment of an active run, and there is none.
        client = mlflow.MlflowClient(store.uri)
        model = client.create_logged_model(store.experiment_id, name=names.MODEL, source_run_id=run_id)
        Model.log(None, flavor, name=names.MODEL, run_id=run_id, model_id=model.model_id, **arguments)


def _is_ready(client: mlflow.MlflowClient, model_id: str) -> bool:
    try:
        return bool(client.get_logged_model(model_id).status == LoggedModelStatus.READY)
    except MlflowException as problem:
        if problem.error_code == "RESOURCE_DOES_NOT_EXIST":  # deleted since
            return False
        raise


def _pack(parts: Path, network: Network, splits: Splits, dataset: Dataset, evaluation: Evaluation) -> dict[str, Any]:
    """Writes network, preprocessing and calibrator into `parts`; returns what makes an MLflow model of them."""
    network.probabilities.save(parts / "network.keras")
    joblib.dump(splits.preprocessing, parts / "preprocessing.joblib")
    calibrator = evaluation.calibrator
    (parts / "calibrator.json").write_text(json.dumps(calibrator.as_json()), encoding="utf-8")
    columns_in = list(splits.preprocessing.feature_names_in_)
    features = dataset.features_of(splits.train.rows)[columns_in]
    train, promised = splits.train, list(map(str, evaluation.rule.promised))
    profile = profile_of(features, train.labels, calibrator(evaluation.test.logits), promised)
    (parts / "profile.json").write_text(json.dumps(profile.as_json()), encoding="utf-8")
    files = {name: str(parts / name) for name in PARTS}
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
            "raw_probability": RAW,
            "prevalence": float(evaluation.validation.labels.mean()),
        },
        "input_example": _as_json_holds_it(features.iloc[:5]),
        "pip_requirements": [f"{package}=={version(package)}" for package in REQUIREMENTS],
    }


def _said(evaluation: Evaluation, decided_on: str) -> dict[str, str]:
    """What the model's metadata say of its probabilities and its labels."""
    count = len(evaluation.validation.labels)
    rows = f"{count} validation rows" if decided_on == "validation" else f"{decided_on} of {count} rows"
    return {
        "probability": f"calibrated by {evaluation.calibrator}, fitted on {rows}",
        "label": f"1 where raw_probability >= {evaluation.threshold:.6g} ({evaluation.rule}, chosen on {decided_on})",
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
