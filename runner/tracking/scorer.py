"""The model as MLflow serves it. This file is logged with the model and run where it is loaded: no `runner` needed."""

import warnings
from typing import Any

import joblib
import keras
import numpy as np
import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel


class Scorer(PythonModel):
    """Raw feature columns in, `probability` and `label` (at the threshold chosen on validation) out."""

    def load_context(self, context: Any) -> None:
        """Loads what training left: the fitted preprocessing and the network."""
        self.preprocessing = joblib.load(context.artifacts["preprocessing.joblib"])
        network = keras.saving.load_model(context.artifacts["network.keras"], compile=False)
        # The logit, not the rounded float32 probability: the same digits as in the run's saved predictions.
        self.logits = keras.Model(network.input, network.get_layer("logit").output)
        self.threshold = context.model_config["threshold"]
        self.numeric = context.model_config["numeric"]

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict | None = None) -> pd.DataFrame:
        """Scores rows. Unknown categories and missing values are fine; a missing column is refused by name."""
        columns = list(self.preprocessing.feature_names_in_)
        missing = [name for name in columns if name not in model_input]
        if missing:
            raise ValueError(f"Columns missing: {', '.join(missing)}. The model needs: {', '.join(columns)}")
        frame = model_input[columns].copy()
        for name in columns:
            frame[name] = _as_number(frame[name]) if name in self.numeric else _as_text(frame[name])
        inputs = np.asarray(self.preprocessing.transform(frame), dtype="float32")
        logits = np.asarray(self.logits.predict(inputs, batch_size=4096, verbose=0), dtype="float64")[:, 0]
        probability = np.exp(-np.logaddexp(0, -logits))
        return pd.DataFrame(
            {"probability": probability, "label": (probability >= self.threshold).astype("int64")},
            index=model_input.index,
        )


def _as_number(column: pd.Series) -> pd.Series:
    """Whole numbers, true/false, None and pd.NA where training saw decimals."""
    try:
        return column.where(column.notna(), np.nan).astype("float64")
    except (TypeError, ValueError) as problem:
        raise ValueError(f"Column {column.name} must hold numbers: {problem}") from problem


def _as_text(column: pd.Series) -> pd.Series:
    """Numbers where training saw text, as happens when a file is read anew with a gap more or a word less.

    34.0 is then the category "34". What was written "007" cannot be told from 7 any more, so it is said aloud.
    """
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return column
    warnings.warn(
        f"Column {column.name} was text in training and holds numbers now: read it with dtype=str to be sure",
        stacklevel=2,
    )
    texts = [None if pd.isna(value) else str(int(value)) if value == int(value) else str(value) for value in column]
    return pd.Series(texts, index=column.index, name=column.name, dtype="object")


set_model(Scorer())
