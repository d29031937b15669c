"""Dataset -> Splits: the rows of each part as a split has them, the preprocessing fitted on train alone."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

import numpy as np

from runner import data
from runner.data.allocation import PARTS, TRAIN, check_classes
from runner.data.columns import not_finite
from runner.data.dataset import Dataset
from runner.data.linked_rows import linked_sets, row_keys
from runner.data.part_weights import part_weights
from runner.data.split.protocol import Split
from runner.data.splits import Part, Splits
from runner.data.streamed_dataset import StreamedDataset
from runner.errors import InputError
from runner.terms import findings
from runner.writing.wording import join_names

log = logging.getLogger("runner.data")

SHIFTED = 3  # inputs named, of those by which train and test differ
HEAVY_TAIL = 30
"""Standard deviations that a column's largest value is from its mean, where standardising leaves little of the rest."""
HEAVY_SHARE = 1 / 3
"""Share of the inputs with such a value from which another preprocessing is worth a try."""


def make_splits(dataset: Dataset, split: Split, preprocessing: str = "standard") -> Splits:
    """Train, validation and test parts with their network inputs.

    Args:
        dataset: a checked dataset.
        split: which rows go where.
        preprocessing: how numbers are rescaled, see ``runner.data.preprocessing``.

    Raises:
        InputError: the dataset cannot be split so, or its inputs cannot be standardised.
    """
    if isinstance(dataset, StreamedDataset):
        return data.make_streamed_splits(dataset, split, preprocessing)
    splits, names = _preprocessed(dataset, _checked(dataset, split.rows(dataset)), preprocessing)
    if not getattr(split, "at_random", False):
        _warn_of_shift(dataset, splits.train, splits.test, names)
    if preprocessing == "standard":
        _warn_heavy_tails(dataset, splits.train.inputs, names)
    return splits


def make_refit_splits(
    dataset: Dataset, rows: np.ndarray, tested: np.ndarray, preprocessing: str = "standard"
) -> Splits:
    """Parts for a network that is to be used: the rows that it learns stand for the validation part too.

    Nothing may be chosen on that part but by predictions that were made out of fold.

    Args:
        dataset: a checked dataset.
        rows: those that are learned, ascending.
        tested: those of the test part, ascending; none of them is learned.
        preprocessing: how numbers are rescaled; fitted on `rows`.

    Raises:
        InputError: the inputs cannot be standardised.
    """
    return _preprocessed(dataset, (rows, rows, tested), preprocessing)[0]


def _preprocessed(
    dataset: Dataset, sides: Sequence[np.ndarray], preprocessing: str
) -> tuple[Splits, Callable[[], Sequence[str]]]:
    """The parts with their network inputs, and what names these."""
    weights = part_weights(dataset, sides)
    trained = dataset.features_of(sides[TRAIN])
    fitted = data.make_preprocessing(trained, preprocessing)  # loads scikit-learn, once the split is not refused
    with np.errstate(all="ignore"):  # what overflows is refused by name
        fitted.fit(trained)

    def part(rows: np.ndarray, weights: np.ndarray | None) -> Part:
        with np.errstate(all="ignore"):
            inputs = fitted.transform(dataset.features_of(rows)).astype(np.float32)
        _check_finite(dataset, rows, inputs, fitted.get_feature_names_out)
        return Part(
            rows=rows,
            inputs=inputs,
            labels=dataset.labels[rows].astype(np.float32),
            weights=weights,
        )

    train, held_out, tested = map(part, sides, weights)
    splits = Splits(train=train, validation=held_out, test=tested, preprocessing=fitted)
    return splits, fitted.get_feature_names_out


def _check_finite(dataset: Dataset, rows: np.ndarray, inputs: np.ndarray, names: Callable[[], Sequence[str]]) -> None:
    """Refuses inputs that are infinite or NaN, as of values too large to be standardised."""
    wrong = ~np.isfinite(inputs)
    if not wrong.any():
        return
    place = int(wrong.any(axis=0).argmax())
    raise not_finite(dataset, str(names()[place]), int(rows[wrong[:, place].argmax()]))


def _checked(dataset: Dataset, sides: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
    """The rows of a split, ascending; a user's own way of splitting is held to the same rules as ours.

    Raises:
        InputError: they are not three parts of different rows, or a part lacks a class.
    """
    parts = tuple(np.sort(np.asarray(rows, dtype=np.int64).reshape(-1)) for rows in sides)
    if len(parts) != len(PARTS):
        raise InputError(f"split: its rows(dataset) returned {len(parts)} parts; return those of {', '.join(PARTS)}")
    together = np.concatenate(parts)
    if len(np.unique(together)) < len(together):
        raise InputError(f"{dataset.name}: split: a row is in two parts, or twice in one; each is in one of them")
    if len(together) and not 0 <= together.min() <= together.max() < len(dataset.labels):
        raise InputError(f"{dataset.name}: split: rows are numbered from 0 to {len(dataset.labels) - 1}")
    check_classes(dataset.name, dataset.labels, parts)
    return parts


def _warn_of_shift(dataset: Dataset, train: Part, test: Part, names: Callable[[], Sequence[str]]) -> None:
    """Warns where a classifier tells test rows from training rows."""
    sets = linked_sets(row_keys(dataset.features), dataset.groups)
    found = data.distribution_shift(train.inputs, test.inputs, (sets[train.rows], sets[test.rows]))
    if found is None or not found.found:
        return
    columns = [str(names()[column]).split("__", 1)[-1] for column in found.columns[:SHIFTED]]
    findings.warn(
        log,
        "SHIFT01",
        "%s: a classifier tells test rows from training rows (AUC %.2f, where 0.5 is chance%s), most by %s: what is "
        "chosen on validation may not hold on test; leave out columns that only tell when or where a row is from, or "
        "train on rows that are more like the test",
        *(dataset.name, found.auc, ", on a sample of the rows" if found.sampled else "", join_names(columns)),
    )


def _warn_heavy_tails(dataset: Dataset, inputs: np.ndarray, names: Callable[[], Sequence[str]]) -> None:
    """Warns where many standardised inputs are a few huge values and a rest that looks all alike."""
    heavy = np.abs(inputs).max(axis=0, initial=0) >= HEAVY_TAIL
    if heavy.mean() >= HEAVY_SHARE:
        columns = [
            str(name).removeprefix("values__") for name, is_heavy in zip(names(), heavy, strict=True) if is_heavy
        ]
        log.warning(
            "%s: columns with values %d standard deviations and more from their mean: %s; "
            "try preprocessing=quantile, which may gain more than any loss",
            *(dataset.name, HEAVY_TAIL, join_names(columns)),
        )
