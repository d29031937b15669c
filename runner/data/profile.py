"""What is kept of training data so that later data can be held against them: counts between quantiles, and no row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

SHARES = np.linspace(0.02, 0.98, 49)
"""Quantiles that are kept of a column of numbers; the least and the greatest value are none of them."""
MOST_WORDS = 30
"""Categories of a column that are kept by name, the most frequent ones."""


@dataclass(frozen=True)
class ColumnProfile:
    """A column of the training part.

    Attributes:
        points: ascending, the distinct quantiles of a column of numbers; empty of categories.
        words: the most frequent categories; empty of numbers.
        counts: rows in each cell: of numbers up to each point and above the last; of categories each word, and the
            other words; at last the gaps.
    """

    points: Sequence[float]
    words: Sequence[str]
    counts: Sequence[int]

    @property
    def is_number(self) -> bool:
        """Whether the column holds numbers."""
        return not self.words

    def counted(self, values: pd.Series) -> np.ndarray:
        """(cells,) rows of other data in the same cells.

        Args:
            values: numbers or categories as training read them, gaps missing.
        """
        gaps = values.isna().to_numpy()
        if self.is_number:
            cells: np.ndarray = np.searchsorted(self.points, values.to_numpy(np.float64)[~gaps], side="left")
        else:
            place = {word: number for number, word in enumerate(self.words)}
            cells = values[~gaps].astype(str).map(place).fillna(len(self.words)).to_numpy(np.int64)
        counts = np.bincount(cells, minlength=len(self.counts) - 1)
        return np.append(counts, gaps.sum())


def column_profile(values: pd.Series) -> ColumnProfile:
    """The profile of a column: of numbers where it holds numbers or true/false, else of categories.

    Args:
        values: of the training part.
    """
    known = values.dropna()
    if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        numbers = known.to_numpy(np.float64)
        points = np.unique(np.quantile(numbers, SHARES, method="inverted_cdf")).tolist() if len(numbers) else []
        empty = ColumnProfile(points, [], [0] * (len(points) + 2))
        return ColumnProfile(points, [], empty.counted(values.astype(np.float64)).tolist())
    words = known.astype(str).value_counts().index[:MOST_WORDS].tolist() or [""]
    empty = ColumnProfile([], words, [0] * (len(words) + 2))
    return ColumnProfile([], words, empty.counted(values).tolist())


@dataclass(frozen=True)
class Profile:
    """What later data are held against.

    Attributes:
        rows: of the training part.
        positives: of these.
        columns: of each feature, by name.
        probability: of the served probabilities of the test part, which was not trained on.
        promised: what the threshold is guaranteed to keep, as the configuration says it; empty where nothing is.
    """

    rows: int
    positives: int
    columns: Mapping[str, ColumnProfile]
    probability: ColumnProfile
    promised: Sequence[str] = ()

    @property
    def prevalence(self) -> float:
        """Share of positives in the training part."""
        return self.positives / self.rows

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @classmethod
    def of_json(cls, content: Mapping[str, Any]) -> Profile:
        """What `as_json` made."""
        columns = {name: ColumnProfile(**column) for name, column in content["columns"].items()}
        return cls(**{**content, "columns": columns, "probability": ColumnProfile(**content["probability"])})


def profile_of(
    features: pd.DataFrame, labels: np.ndarray, probabilities: np.ndarray, promised: Sequence[str] = ()
) -> Profile:
    """The profile of a training part.

    Args:
        features: (n, columns) of the training part.
        labels: (n,) 0 or 1.
        probabilities: (m,) served, of rows that were not trained on.
        promised: see `Profile`.
    """
    columns = {str(name): column_profile(column) for name, column in features.items()}
    score = column_profile(pd.Series(probabilities, dtype=np.float64))
    return Profile(len(labels), int(np.sum(labels)), columns, score, list(promised))
