"""What a run was trained on, as MLflow lists it."""

from __future__ import annotations

import json

from mlflow.entities import Dataset as MlflowDataset
from mlflow.entities import DatasetInput, InputTag

from runner.data.dataset import Dataset


def dataset_input(dataset: Dataset) -> DatasetInput:
    """The dataset as MLflow lists it. MLflow keeps 36 characters of a digest; the tag `dataset.sha256` has them all."""
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
