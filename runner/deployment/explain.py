"""`runner predict --explain`: what each column contributes to a row's logit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import FeatureUnion

from runner.data.profile import ColumnProfile
from runner.errors import InputError
from runner.evaluation.contributions import contributions
from runner.tracking.loaded_model import LoadedModel

BASE = "base_logit"
PREFIX = "contribution."
"""Before a column's name."""


class Explainer:
    """Explains rows that a model scores, against a row of training's medians and most frequent categories.

    Args:
        model: loaded.

    Raises:
        InputError: the model is of an older version, which does not say what training's rows were like.
    """

    def __init__(self, model: LoadedModel) -> None:
        if model.profile is None or model.inside is None:
            raise InputError(
                f"--explain: {model.name} is of an older version, which does not keep what its training data were "
                "like: train it again"
            )
        self._model, self._inside = model, model.inside
        self._columns = list(columns_of_inputs(model.inside.preprocessing))
        typical = {name: [_typical(model.profile.columns[name])] for name in model.columns}
        self._reference = self._inputs(pd.DataFrame(typical))[0]
        self.base = float(self._inside.logits(self._reference[None])[0])

    def explain(self, frame: pd.DataFrame) -> dict[str, np.ndarray]:
        """(n,) float64 of each column of scores that explains rows: the reference's logit, and the contributions.

        Together they are the logit of `raw_probability`.

        Args:
            frame: rows as `LoadedModel.score` takes them.
        """
        found = contributions(self._inside.logits, self._inputs(frame), self._reference, self._columns)
        names = [f"{PREFIX}{name}" for name in self._inside.preprocessing.feature_names_in_]
        return {BASE: np.full(len(frame), self.base), **dict(zip(names, found.T, strict=True))}

    def _inputs(self, frame: pd.DataFrame) -> np.ndarray:
        typed = self._model.typed(frame)
        return np.asarray(self._inside.preprocessing.transform(typed), dtype=np.float32)


def columns_of_inputs(preprocessing: Any) -> Iterator[np.ndarray]:
    """The places of each raw column's network inputs, in the order of `feature_names_in_`.

    Args:
        preprocessing: fitted, of `runner.data.preprocessing`; or several of them behind each other, as an ensemble of
            folds has them.
    """
    members = (
        [one for _, one in preprocessing.transformer_list]
        if isinstance(preprocessing, FeatureUnion)
        else [preprocessing]
    )
    names = list(preprocessing.feature_names_in_)
    owner = np.array([names.index(name) for member in members for name in _owners(member)], dtype=int)
    yield from (np.flatnonzero(owner == place) for place in range(len(names)))


def _owners(member: Any) -> Iterator[str]:
    """The raw column of each input, in the order of the inputs."""
    columns = {name: list(own) for name, _, own in member.transformers_}
    numbers, categories = columns["values"], columns["categories"]
    width = {name: part.stop - part.start for name, part in member.output_indices_.items()}
    for name in numbers:
        yield from [name] * (width["values"] // len(numbers))
    if width["missing"]:
        yield from (numbers[place] for place in member.named_transformers_["missing"][-1].features_)
    if categories:
        encoder = member.named_transformers_["categories"][-1]
        rare: Sequence[Any] = getattr(encoder, "infrequent_categories_", [None] * len(categories))
        for name, known, few in zip(categories, encoder.categories_, rare, strict=True):
            yield from [name] * (len(known) if few is None else len(known) - len(few) + 1)


def _typical(column: ColumnProfile) -> float | str | None:
    """The median of a column of numbers, to the nearest quantile that is kept; else the most frequent category."""
    if not column.is_number:
        return column.words[0] or None
    if not column.points:
        return np.nan
    below = np.cumsum(column.counts[:-1])
    place = int(np.searchsorted(below, below[-1] / 2))
    return float(column.points[min(place, len(column.points) - 1)])
