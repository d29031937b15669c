"""Models of scikit-learn that networks are measured against, on the same inputs: an outside yardstick."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from runner.data.splits import Part, Splits
from runner.data.threads import half_of_the_cores

MOST_VALUES = 30_000_000
"""Inputs of a training part, rows times columns, beyond which a sample of the rows is trained on."""
ROWS_AT_ONCE = 2**20  # that are predicted
MOST_STEPS = 300  # of logistic regression; scikit-learn's hundred is too few for inputs that are correlated


@dataclass(frozen=True, eq=False)
class FittedReference:
    """A model of scikit-learn, and what it says.

    Attributes:
        settings: its hyper-parameters.
        rows: how many it was trained on.
        validation, test: (n,) float64 logits, in the order of the parts' rows.
    """

    settings: Mapping[str, Any]
    rows: int
    validation: np.ndarray
    test: np.ndarray


def fit_reference(name: str, splits: Splits, most_values: int = MOST_VALUES) -> FittedReference:
    """Trains a reference on the training part, with its sample weights, and predicts the other parts.

    The models are scikit-learn's with their defaults, as people take them; nothing is tuned.

    Args:
        name: one of `runner.config.schemas.REFERENCES`.
        splits: the parts, with the inputs that networks get.
        most_values: rows times columns beyond which a sample of the rows, classes in equal shares, is trained on.

    Raises:
        ValueError: there is no such reference.
    """
    estimator = _estimator(name)
    part = splits.train
    rows = sampled_rows(part, most_values)
    weights = None if part.weights is None else part.weights[rows]
    with half_of_the_cores(), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a yardstick that is nearly there is one
        estimator.fit(part.inputs_of(rows).astype(np.float64), part.labels[rows].astype(int), sample_weight=weights)

    def logits(inputs: np.ndarray) -> np.ndarray:
        with half_of_the_cores():
            parts = [
                estimator.decision_function(inputs[start : start + ROWS_AT_ONCE].astype(np.float64))
                for start in range(0, len(inputs), ROWS_AT_ONCE)
            ]
        return np.concatenate(parts).astype(float)

    return FittedReference(
        estimator.get_params(), len(rows), logits(splits.validation.inputs), logits(splits.test.inputs)
    )


def sampled_rows(part: Part, most_values: int) -> np.ndarray:
    """Positions of all rows of a part, or of as many as have `most_values` inputs, classes in equal shares; ascending.

    The same for every call.
    """
    rows, width = part.inputs.shape
    share = most_values / max(1, rows * width)
    if share >= 1:
        return np.arange(rows)
    draw = np.random.default_rng(0)
    of_class = [np.flatnonzero(part.labels == label) for label in (0, 1)]
    drawn = [draw.choice(own, max(1, round(share * len(own))), replace=False) for own in of_class]
    return np.sort(np.concatenate(drawn))


def _estimator(name: str) -> LogisticRegression | HistGradientBoostingClassifier:
    match name:
        case "logistic":
            return LogisticRegression(max_iter=MOST_STEPS)
        case "gradient_boosting":
            return HistGradientBoostingClassifier(random_state=0)
    raise ValueError(f"no reference {name!r}")
