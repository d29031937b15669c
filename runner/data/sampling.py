"""`sampling=`: the training part with other shares of the classes, as people do instead of choosing a loss.

imbalanced-learn draws the rows. Validation and test stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, Protocol

import numpy as np

from runner.data.splits import Part, Splits
from runner.errors import InputError
from runner.writing.wording import join_names

OWN_STREAM = 1
"""Third word of the generator's seed, that sampling shares no random numbers with the batch order of any epoch."""


class Sampler(Protocol):
    """A way of sampling, with the values of its config."""

    def sample(self, splits: Splits, seed: int) -> Part:
        """The training part that is trained on instead of `splits.train`.

        Args:
            splits: preprocessed; validation and test are not to be used.
            seed: of the random choice.

        Raises:
            InputError: the part cannot be sampled so.
        """


def with_sampled_train(splits: Splits, sampler: Sampler, seed: int) -> Splits:
    """The splits with a sampled training part, which remembers how many rows of each class there were before.

    Args:
        splits: as a split of the data has them; left as they are.
        sampler: says how.
        seed: the run's; runs with one seed and one split are trained on the same rows.

    Raises:
        InputError: the part cannot be sampled so, or a class is missing afterwards.
    """
    own = int(np.random.default_rng([seed, 0, OWN_STREAM]).integers(2**31))
    train = sampler.sample(splits, own)
    positives = int(train.labels.sum())
    if not 0 < positives < len(train.labels):
        raise InputError(f"sampling: {type(sampler).__name__} leaves rows of one class alone to train on")
    if train.weights is not None:
        train = replace(train, weights=train.weights / np.abs(train.weights).mean())
    return replace(splits, train=replace(train, drawn_from=(splits.positives, splits.negatives)))


@dataclass(frozen=True)
class ToRatio:
    """What samplers that come to a ratio have in common.

    Attributes:
        ratio: positives to one negative afterwards, up to 1.
    """

    ratio: float

    def __post_init__(self) -> None:
        if isinstance(self.ratio, bool) or not isinstance(self.ratio, int | float) or not 0 < self.ratio <= 1:
            raise InputError(
                f"sampling.ratio={self.ratio} is not a number of positives to one negative, above 0 and up to 1"
            )


@dataclass(frozen=True)
class Undersample(ToRatio):
    """Leaves negatives out at random. Attributes: see `ToRatio`."""

    def sample(self, splits: Splits, seed: int) -> Part:
        """See `Sampler`."""
        _check_above_present(splits, self.ratio)
        wanted = {1: splits.positives, 0: min(round(splits.positives / self.ratio), splits.negatives)}
        sampler = _imblearn("under_sampling").RandomUnderSampler(sampling_strategy=wanted, random_state=seed)
        return _rows_of(splits.train, sampler)


@dataclass(frozen=True)
class Oversample(ToRatio):
    """Repeats positives at random; each stays in at least once. Attributes: see `ToRatio`."""

    def sample(self, splits: Splits, seed: int) -> Part:
        """See `Sampler`."""
        _check_above_present(splits, self.ratio)
        sampler = _imblearn("over_sampling").RandomOverSampler(
            sampling_strategy=_more_positives(splits, self.ratio), random_state=seed
        )
        return _rows_of(splits.train, sampler)


@dataclass(frozen=True)
class Smote(ToRatio):
    """Adds positives between a positive and one of its nearest neighbours among them: Chawla et al. 2002.

    The neighbours are those of the preprocessed inputs. Rows that are made have -1 for their position in the dataset,
    and stand at the end.

    Attributes:
        k_neighbors: of each positive.
    """

    k_neighbors: int = 5

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.k_neighbors, bool) or not isinstance(self.k_neighbors, int) or self.k_neighbors < 1:
            raise InputError(f"sampling.k_neighbors={self.k_neighbors} is not a whole number from 1 up")

    def sample(self, splits: Splits, seed: int) -> Part:
        """See `Sampler`."""
        _check_above_present(splits, self.ratio)
        self._check(splits)
        train = splits.train
        sampler = _imblearn("over_sampling").SMOTE(
            sampling_strategy=_more_positives(splits, self.ratio), k_neighbors=self.k_neighbors, random_state=seed
        )
        inputs, labels = sampler.fit_resample(train.inputs, train.labels.astype(int))
        made = len(labels) - len(train.labels)
        rows = np.concatenate([train.rows, np.full(made, -1, train.rows.dtype)])
        return Part(rows, inputs.astype(np.float32), labels.astype(np.float32))

    def _check(self, splits: Splits) -> None:
        """Refuses what has no rows in between."""
        if columns := _categories(splits):
            raise InputError(
                f"sampling=smote: between two categories there is none, and {join_names(columns)} "
                f"{'is a column' if len(columns) == 1 else 'are columns'} of categories: use sampling=oversample, or "
                "leave them out (dataset.drop)"
            )
        if splits.train.weights is not None:
            raise InputError(
                "sampling=smote: the rows that it makes have no sample weight and no costs: use sampling=oversample, "
                "or dataset.sample_weight=null and a loss without costs of rows"
            )
        if splits.positives <= self.k_neighbors:
            fewer = f"sampling.k_neighbors={splits.positives - 1} or fewer, or " if splits.positives > 1 else ""
            raise InputError(
                f"sampling.k_neighbors={self.k_neighbors}: the training part has {splits.positives} positives, so none "
                f"has so many neighbours among them: use {fewer}sampling=oversample"
            )


def _rows_of(part: Part, sampler: Any) -> Part:
    """The part's rows that a sampler of imbalanced-learn chooses, ascending; some perhaps several times."""
    sampler.fit_resample(np.arange(len(part.labels))[:, None], part.labels.astype(int))
    chosen = np.sort(sampler.sample_indices_)
    weights = None if part.weights is None else part.weights[chosen]
    return Part(part.rows[chosen], part.inputs[chosen], part.labels[chosen], weights)


def _more_positives(splits: Splits, ratio: float) -> dict[int, int]:
    return {1: max(round(ratio * splits.negatives), splits.positives), 0: splits.negatives}


def _check_above_present(splits: Splits, ratio: float) -> None:
    """Refuses a ratio that the training part is beyond already."""
    present = splits.positives / splits.negatives
    if ratio < present:
        raise InputError(
            f"sampling.ratio={ratio:g}: the training part has {present:.3g} positives to one negative already "
            f"({splits.positives} to {splits.negatives}), and sampling makes them more: ask for more than that, or "
            "sampling=none"
        )


def _categories(splits: Splits) -> Sequence[str]:
    """The columns that became one-hot inputs."""
    of_kind = {name: columns for name, _, columns in splits.preprocessing.transformers_}
    return [str(column) for column in of_kind.get("categories", [])]


def _imblearn(module: str) -> Any:
    try:
        return import_module(f"imblearn.{module}")  # late, because the package is optional
    except ImportError as error:
        raise InputError(
            "sampling needs the package imbalanced-learn, not installed: pip install imbalanced-learn"
        ) from error
