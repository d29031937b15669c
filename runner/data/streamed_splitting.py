"""StreamedDataset -> Splits: rows divided by hash, preprocessing fitted in one pass, inputs made when they are read."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import numpy as np
import pandas as pd
from sklearn import config_context
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from runner.data.allocation import TRAIN, check_classes
from runner.data.columns import not_finite
from runner.data.part_weights import part_weights
from runner.data.preprocessing import make_preprocessing
from runner.data.split.hash_split import HashSplit
from runner.data.split.protocol import Split
from runner.data.split.random_split import RandomSplit
from runner.data.splits import Splits, StreamedPart
from runner.data.streamed_dataset import StreamedDataset
from runner.data.streamed_inputs import StreamedInputs
from runner.errors import InputError

SURELY_SOME = 20
"""Positives expected in a row group, of which chance leaves none once in five hundred million."""

log = logging.getLogger("runner.data")


def make_streamed_splits(dataset: StreamedDataset, split: Split, preprocessing: str) -> Splits:
    """Train, validation and test parts, none of whose inputs is in memory as a whole.

    Medians, quantiles, categories, and which columns get an indicator of gaps are those of the training rows in the
    dataset's sample. Means and standard deviations, where numbers are standardised at last, are of all training rows.

    Args:
        dataset: checked.
        split: `RandomSplit`, for which a hash of the row decides, or `HashSplit`.
        preprocessing: how numbers are rescaled, see ``runner.data.preprocessing``.

    Raises:
        InputError: the dataset cannot be split so, or its inputs cannot be standardised.
    """
    sides = _by_hash(split).rows(dataset)
    check_classes(dataset.name, dataset.labels, sides)
    weights = part_weights(dataset, sides)
    fitted = _fitted(dataset, sides[TRAIN], preprocessing)
    width = len(fitted.get_feature_names_out())

    def inputs_of(features: pd.DataFrame) -> np.ndarray:
        # What overflows is refused by name; that raw values are finite has been looked at.
        with np.errstate(all="ignore"), config_context(assume_finite=True):
            inputs = fitted.transform(features).astype(np.float32)
        wrong = ~np.isfinite(inputs).all(axis=0)
        if wrong.any():
            raise not_finite(dataset, str(fitted.get_feature_names_out()[int(wrong.argmax())]))
        return inputs

    _warn_of_sorted_labels(dataset, sides[TRAIN])
    train, held_out, tested = (
        StreamedPart(
            rows,
            StreamedInputs(dataset.blocks, rows, inputs_of, width),
            dataset.labels[rows].astype(np.float32),
            own,
        )
        for rows, own in zip(sides, weights, strict=True)
    )
    return Splits(train=train, validation=held_out, test=tested, preprocessing=fitted)


def _warn_of_sorted_labels(dataset: StreamedDataset, rows: np.ndarray) -> None:
    """Warns where row groups of thousands of positives and of none show that the rows are in the order of the label."""
    bounds = np.searchsorted(rows, np.cumsum(dataset.blocks.sizes)[:-1])
    counts = np.array([[len(own), own.sum()] for own in np.split(dataset.labels[rows], bounds)])
    expected = counts[:, 0] * counts[:, 1].sum() / len(rows)
    bare = (expected >= SURELY_SOME) & (counts[:, 1] == 0)
    if bare.any():
        log.warning(
            "%s: %d of %d row groups have no positive training row, where %.0f were to be expected: rows are in the"
            " order of the target, and batches of neighbours are all of one class; write the files in random order",
            *(dataset.name, bare.sum(), len(counts), expected[bare].mean()),
        )


def _by_hash(split: Split) -> HashSplit:
    """The split that decides row by row.

    Raises:
        InputError: this one looks at all rows.
    """
    if isinstance(split, HashSplit):
        return split
    if isinstance(split, RandomSplit):
        if split.duplicates == "drop":
            raise InputError(
                "split.duplicates=drop looks at all rows at once, and this table is streamed: equal rows are in one"
                " part anyway, by split.duplicates=together; or dataset.streaming=false"
            )
        return HashSplit(split.seed, split.validation, split.test)
    raise InputError(
        f"split: {type(split).__name__} looks at all rows at once, and this table is streamed: choose split=hash, or"
        " dataset.streaming=false where memory allows"
    )


def _fitted(dataset: StreamedDataset, rows: np.ndarray, preprocessing: str) -> ColumnTransformer:
    """The preprocessing, fitted on the training rows."""
    sample = dataset.features_of(rows)
    if not len(sample):
        raise InputError(f"{dataset.name}: no training row in the sample of the rows; choose larger parts")
    fitted = make_preprocessing(sample, preprocessing)
    with np.errstate(all="ignore"):
        fitted.fit(sample)
        numbers = fitted.named_transformers_.get("values")
        if isinstance(numbers, Pipeline) and isinstance(numbers[-1], StandardScaler):
            columns = next(columns for name, _, columns in fitted.transformers_ if name == "values")
            numbers.steps[-1] = (numbers.steps[-1][0], _scaler(numbers[:-1], columns, dataset, rows))
    return fitted


def _scaler(before: Pipeline, columns: list[str], dataset: StreamedDataset, rows: np.ndarray) -> StandardScaler:
    """The standardisation by all training rows, of what the steps before it make of them."""
    scaler = StandardScaler()
    for features in _training_blocks(dataset, rows):
        scaler.partial_fit(before.transform(features[columns]))
    return scaler


def _training_blocks(dataset: StreamedDataset, rows: np.ndarray) -> Iterator[pd.DataFrame]:
    start = 0
    for block, size in enumerate(dataset.blocks.sizes):
        first, end = np.searchsorted(rows, [start, start + size])
        if end > first:
            yield dataset.blocks.read(block, rows[first:end] - start)
        start += size
