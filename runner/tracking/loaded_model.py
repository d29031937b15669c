"""A logged model that is loaded, as other rooms use it. MLflow is not loaded here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from runner.data.profile import Profile

NUMBER = "number"
"""The kind of a model's column that holds numbers; others hold categories."""


@dataclass(frozen=True, eq=False)
class Inside:
    """What a model is made of.

    Attributes:
        preprocessing: fitted, from typed columns to network inputs.
        logits: from (n, width) float32 network inputs to (n,) float64 logits.
    """

    preprocessing: Any
    logits: Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A model that scores frames.

    Attributes:
        name: as it was asked for.
        columns: the kind of each column that it needs, by name, in order.
        reading: how the training file was read; empty where there was none.
        prevalence: share of positives among the rows that its probabilities were calibrated on; None of an old model,
            whose probabilities are the network's own.
        score: a frame with these columns to `probability`, `raw_probability` (not of old models) and `label`.
        typed: the same frame to its columns as training read them.
        profile: of the data it was trained on; None of an old model.
        run_id: of the MLflow run that made it; empty where it is a folder's.
        model_id: of the logged model in MLflow; likewise.
        inside: what it is made of; None of a model that does not tell.
    """

    name: str
    columns: Mapping[str, str]
    reading: Mapping[str, Any]
    prevalence: float | None
    score: Callable[[pd.DataFrame], pd.DataFrame]
    typed: Callable[[pd.DataFrame], pd.DataFrame] = field(default=lambda frame: frame)
    profile: Profile | None = None
    run_id: str = ""
    model_id: str = ""
    inside: Inside | None = None
