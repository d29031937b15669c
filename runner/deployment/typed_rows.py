"""Rows of a file as the frame that a model scores: numbers where training saw numbers, and which rows have none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import compute

from runner.data.sources.reading import USUAL_GAPS
from runner.deployment.tables import BadRow, Chunk
from runner.tracking.loaded_model import NUMBER, LoadedModel


def gaps_of(reading: Mapping[str, Any]) -> tuple[str, ...]:
    """Words for gaps in new files: those of the training file, and the usual ones unless training took them for words.

    Args:
        reading: `LoadedModel.reading`.
    """
    usual = USUAL_GAPS if reading.get("usual_gaps", True) else ()
    return (*reading.get("gaps", ()), *usual)


def typed_rows(chunk: Chunk, model: LoadedModel) -> tuple[pd.DataFrame, np.ndarray, list[BadRow]]:
    """The rows of a chunk that can be scored, their numbers, and the others, each with its reason."""
    columns: dict[str, Any] = {}
    reasons: dict[int, str] = {}
    for name, column in zip(chunk.table.column_names, chunk.table.columns, strict=True):
        if model.columns[name] == NUMBER and _is_text(column) and _is_plain(model.reading, name):
            values, wrong = _numbers(column, name, model.reading)
            columns[name] = values
            for row in wrong:
                reasons.setdefault(int(row), f"{name}='{column[int(row)].as_py()}' is no number")
        else:
            columns[name] = column.to_pandas()
    frame = pd.DataFrame(columns)
    bad = [*chunk.bad, *(BadRow(int(chunk.numbers[row]), reason) for row, reason in reasons.items())]
    if reasons:
        kept = np.setdiff1d(np.arange(len(frame)), list(reasons))
        return frame.iloc[kept], chunk.numbers[kept], sorted(bad, key=lambda row: row.number)
    return frame, chunk.numbers, bad


def _is_text(column: pa.ChunkedArray) -> bool:
    return pa.types.is_string(column.type) or pa.types.is_large_string(column.type)


def _is_plain(reading: Mapping[str, Any], name: str) -> bool:
    """Whether training read the column's numbers as they are; others the model reads itself."""
    form = reading.get("formats", {}).get(name)
    return form is None or (form["decimal"] == "." and not form["thousands"] and not form["unit"])


def _numbers(column: pa.ChunkedArray, name: str, reading: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """(n,) float64, NaN in gaps, and the places of words that are neither a number nor a gap."""
    try:
        return compute.cast(column, pa.float64()).to_numpy().astype(np.float64), np.empty(0, int)
    except pa.ArrowInvalid:
        pass
    gaps = {"", *gaps_of(reading)}
    forced = name in (reading.get("numeric") or ())
    texts, places = np.unique(column.fill_null("").to_numpy(zero_copy_only=False).astype(str), return_inverse=True)
    values, wrong = np.full(len(texts), np.nan), np.zeros(len(texts), bool)
    for place, text in enumerate(texts.tolist()):
        plain = text.strip()
        if plain in gaps:
            continue
        number = _number(plain)
        if number is not None:
            values[place] = number
        else:
            wrong[place] = not forced
    return values[places], np.flatnonzero(wrong[places])


def _number(text: str) -> float | None:
    """A text as the model reads it: true is 1, false is 0; None of another word."""
    if text.casefold() in ("true", "false"):
        return float(text.casefold() == "true")
    try:
        return float(text)
    except ValueError:
        return None
