"""The model as MLflow serves it. This file is logged with the model and run where it is loaded: no `runner` needed."""

import json
import runpy
import warnings
from pathlib import Path
from typing import Any

import joblib
import keras
import numpy as np
import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel

BATCH = 16384
"""Rows that go through the network at once: `predict` takes four times as long, for what it does around its steps."""


class Scorer(PythonModel):
    """Raw feature columns in; `probability` (calibrated), `raw_probability` (the network's own) and `label` out.

    The label is 1 where `raw_probability` reaches the threshold chosen on validation.
    """

    def load_context(self, context: Any) -> None:
        """Loads what training left: the fitted preprocessing and the network."""
        self.preprocessing = joblib.load(context.artifacts["preprocessing.joblib"])
        network = keras.saving.load_model(context.artifacts["network.keras"], compile=False)
        # The logit, not the rounded float32 probability: the same digits as in the run's saved predictions.
        self.logits = keras.Model(network.input, network.get_layer("logit").output)
        # The code that calibrated in training; it is run and not imported, for another model may bring another version.
        self.calibrated = runpy.run_path(context.artifacts["calibration_map.py"])["calibrated"]
        self.calibrator = json.loads(Path(context.artifacts["calibrator.json"]).read_text(encoding="utf-8"))
        self.threshold = context.model_config["threshold"]
        self.numeric = context.model_config["numeric"]
        # How a text file was read: new rows, read by plain pandas, hold its texts where training saw numbers and gaps.
        self.reading = context.model_config.get("reading") or {}
        # What `runner monitor` holds later data against; models of older versions have none.
        kept = context.artifacts.get("profile.json")
        self.profile = json.loads(Path(kept).read_text(encoding="utf-8")) if kept else None

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict | None = None) -> pd.DataFrame:
        """Scores rows. Unknown categories and missing values are fine; a missing column is refused by name."""
        frame = self.typed(model_input)
        if not len(frame):  # scikit-learn takes no table without rows
            return self._scores(np.zeros(0), model_input.index)
        inputs = np.asarray(self.preprocessing.transform(frame), dtype="float32")
        parts = [self.logits.predict_on_batch(inputs[at : at + BATCH]) for at in range(0, len(inputs), BATCH)]
        logits = np.concatenate(parts).astype("float64")[:, 0]
        return self._scores(logits, model_input.index)

    def typed(self, model_input: pd.DataFrame) -> pd.DataFrame:
        """The model's columns as training read them: numbers, and categories, gaps missing."""
        columns = list(self.preprocessing.feature_names_in_)
        missing = [name for name in columns if name not in model_input]
        if missing:
            raise ValueError(f"Columns missing: {', '.join(missing)}. The model needs: {', '.join(columns)}")
        frame = model_input[columns].copy()
        for name in columns:
            frame[name] = self._number(frame[name]) if name in self.numeric else self._category(frame[name])
        return frame

    def _scores(self, logits: np.ndarray, index: pd.Index) -> pd.DataFrame:
        """The table that `predict` returns."""
        raw = np.exp(-np.logaddexp(0, -logits))
        scores = {
            "probability": self.calibrated(self.calibrator, logits),
            "raw_probability": raw,
            "label": (raw >= self.threshold).astype("int64"),
        }
        return pd.DataFrame(scores, index=index)

    def _number(self, column: pd.Series) -> pd.Series:
        """The column as training read it: decimal commas, signs between thousands, words for gaps."""
        if not self.reading:
            return _as_number(column)
        form = self.reading["formats"].get(column.name)
        if _holds_texts(column):
            forced = column.name in self.reading["numeric"]
            gaps = ("", *self.reading["gaps"])
            column = column.map(lambda value: _parsed(value, form, gaps, forced)).astype("object")
        elif form and form["whole"] and "." in form["thousands"]:
            values = _as_number(column)
            if (values.dropna() % 1 != 0).any():
                raise ValueError(
                    f"Column {column.name} had points between thousands in training (1.234 was 1234) and holds"
                    " fractions now: read it with thousands='.' or dtype=str"
                )
        column = _as_number(column)
        return column.where(~column.isin(self.reading["gap_numbers"]))

    def _category(self, column: pd.Series) -> pd.Series:
        """The column as training read it: trimmed, words for gaps, codes as texts."""
        if not self.reading:
            return _as_text(column)
        name, gaps = column.name, {"", *self.reading["gaps"]}
        if _holds_texts(column):
            trimmed = column.map(lambda value: value.strip() if isinstance(value, str) else value).astype("object")
            return trimmed.where(~trimmed.isin(gaps), None)
        if pd.api.types.is_numeric_dtype(column):
            column = column.where(~column.isin(self.reading["gap_numbers"]))
        if name not in self.reading["codes"]:
            return _as_text(column)
        width = self.reading["widths"].get(name, 0)
        return _codes(column, width) if pd.api.types.is_numeric_dtype(column) else column


def _holds_texts(column: pd.Series) -> bool:
    return not pd.api.types.is_numeric_dtype(column) and any(isinstance(value, str) for value in column)


def _parsed(value: Any, form: dict | None, gaps: tuple, forced: bool) -> Any:
    """A text as a number in the format of its column; what is no number is returned as it is, or as a gap."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if text in gaps:
        return np.nan
    if text.casefold() in ("true", "false"):
        return float(text.casefold() == "true")
    number = text
    if form:
        number = "".join(sign for sign in text.replace(form["unit"], "") if sign not in form["thousands"]).strip()
        number = number.replace(form["decimal"], ".")
    try:
        return float(number)
    except ValueError:
        return np.nan if forced else value


def _codes(column: pd.Series, width: int) -> pd.Series:
    """Numbers as the texts of categories, with the leading zeros they had in training."""
    texts = [
        None if pd.isna(value) else str(int(value)).zfill(width) if value == int(value) else str(value)
        for value in column
    ]
    return pd.Series(texts, index=column.index, name=column.name, dtype="object")


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
    return _codes(column, width=0)


set_model(Scorer())
