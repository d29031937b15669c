"""Dataset -> Splits: stratified, groups and duplicates on one side, the preprocessing fitted on train alone."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from runner import data
from runner.data.allocation import LEAST, PARTS, TEST, TRAIN, VALIDATION, TooFewRows, allocate, targets
from runner.data.dataset import Dataset
from runner.data.linked_rows import linked_sets, row_keys
from runner.data.part_weights import part_weights
from runner.data.splits import Part, Splits
from runner.errors import InputError
from runner.wording import join_names, override

log = logging.getLogger("runner.data")

SHARE_TOLERANCE = 0.03
"""A part that misses its asked share of the rows by more than this is worth a warning."""
SCARCE = 20
"""Rows of the rarer class that a part should have; with fewer, no interval is narrow enough to compare by."""

HEAVY_TAIL = 30
"""Standard deviations that a column's largest value is from its mean, where standardising leaves little of the rest."""
HEAVY_SHARE = 1 / 3
"""Share of the inputs with such a value from which another preprocessing is worth a try."""


def make_splits(
    dataset: Dataset,
    *,
    seed: int,
    validation: float,
    test: float,
    duplicates: str = "together",
    preprocessing: str = "standard",
) -> Splits:
    """Train, validation and test parts with their network inputs.

    The rows depend on the data and these arguments only: runs with any loss or model see the same ones.

    Args:
        dataset: a checked dataset.
        seed: of the random choice of rows (``split.seed``).
        validation: share of all rows for validation.
        test: share of all rows for the test.
        duplicates: ``together`` keeps rows with the same feature values on one side of the split, whatever their
            labels; ``drop`` keeps only the first of them.
        preprocessing: how numbers are rescaled, see ``runner.data.preprocessing``.
    """
    sides = split_rows(dataset, seed=seed, validation=validation, test=test, duplicates=duplicates)
    weights = part_weights(dataset, sides)
    trained = dataset.features.iloc[sides[TRAIN]]
    fitted = data.make_preprocessing(trained, preprocessing)  # loads scikit-learn, once the split is not refused
    with np.errstate(all="ignore"):  # what overflows is refused by name
        fitted.fit(trained)

    def part(rows: np.ndarray, weights: np.ndarray | None) -> Part:
        with np.errstate(all="ignore"):
            inputs = fitted.transform(dataset.features.iloc[rows]).astype(np.float32)
        _check_finite(dataset, rows, inputs, fitted.get_feature_names_out)
        return Part(
            rows=rows,
            inputs=inputs,
            labels=dataset.labels[rows].astype(np.float32),
            weights=weights,
        )

    train, held_out, tested = map(part, sides, weights)
    if preprocessing == "standard":
        _warn_heavy_tails(dataset, train.inputs, fitted.get_feature_names_out)
    return Splits(train=train, validation=held_out, test=tested, preprocessing=fitted)


def _check_finite(dataset: Dataset, rows: np.ndarray, inputs: np.ndarray, names: Callable[[], Sequence[str]]) -> None:
    """Refuses inputs that are infinite or NaN, as of values too large to be standardised."""
    wrong = ~np.isfinite(inputs)
    if not wrong.any():
        return
    place = int(wrong.any(axis=0).argmax())
    column = str(names()[place]).removeprefix("values__")
    row = int(rows[wrong[:, place].argmax()])
    said = f"its largest value is {dataset.features[column].abs().max():g}" if column in dataset.features else ""
    raise InputError(
        f"{dataset.name}: column '{column}' is not finite once it is standardised (row {row + 1}; {said}): numbers of"
        f" this size overflow; rescale or clear them, or leave the column out: {override('dataset.drop', [column])}"
    )


def split_rows(
    dataset: Dataset, *, seed: int, validation: float, test: float, duplicates: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The ascending int64 rows of train, validation and test; arguments as for ``make_splits``."""
    _check_shares(validation, test)
    if duplicates not in ("together", "drop"):
        raise InputError(f"split.duplicates={duplicates} is neither 'together' nor 'drop'")
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise InputError(f"split.seed={seed} is not a whole number from 0 up")

    keys = row_keys(dataset.features)
    if duplicates == "drop":
        rows = np.unique(keys, return_index=True)[1]
        _warn_dropped(dataset, keys, rows)
        keys = np.arange(len(rows))
    else:
        rows = np.arange(len(keys))
    labels = dataset.labels[rows]
    sets = linked_sets(keys, None if dataset.groups is None else dataset.groups[rows])
    try:
        asked = (1 - validation - test, validation, test)
        wanted = targets(np.bincount(labels, minlength=2), asked)
        side = allocate(sets, labels, wanted, np.random.default_rng(seed))
    except TooFewRows as problem:
        raise InputError(_too_few(dataset, labels, sets, problem)) from problem
    _warn_missed_shares(dataset, rows, sets, side, wanted.sum(axis=1), asked)
    _warn_scarce(dataset, labels, side)
    return rows[side == TRAIN], rows[side == VALIDATION], rows[side == TEST]


def _check_shares(validation: float, test: float) -> None:
    for name, share in (("split.validation", validation), ("split.test", test)):
        if not isinstance(share, (int, float)) or not 0 < share < 1:
            raise InputError(f"{name}={share} is not a share of the rows between 0 and 1, such as 0.2")
    if validation + test >= 1:
        raise InputError(
            f"split.validation={validation} and split.test={test} leave no rows to train on; lower one of them"
        )


def _warn_dropped(dataset: Dataset, keys: np.ndarray, firsts: np.ndarray) -> None:
    dropped = len(keys) - len(firsts)
    if dropped:
        conflicting = int((dataset.labels != dataset.labels[firsts][keys]).sum())
        log.warning(
            "%s: %d of %d rows repeat an earlier row and were dropped; %d of them had another label than the first",
            dataset.name,
            dropped,
            len(keys),
            conflicting,
        )


def _warn_missed_shares(
    dataset: Dataset,
    rows: np.ndarray,
    sets: np.ndarray,
    side: np.ndarray,
    wanted: np.ndarray,
    asked: tuple[float, float, float],
) -> None:
    """Warns where sets of several rows made a part larger or smaller than single rows would have."""
    count = np.bincount(side, minlength=len(PARTS))
    got = count / len(rows)
    # Up to a rounding error: 0.23 - 0.2 is a little more than 0.03.
    if not ((np.abs(got - asked) > SHARE_TOLERANCE + 1e-9) & (count != wanted)).any():
        return
    largest = int(np.bincount(sets).max())
    reason, way_out = "equal rows stay together and one set of them", "split.duplicates=drop keeps one row of each set"
    if dataset.groups is not None:
        group = int(np.bincount(pd.factorize(dataset.groups[rows])[0]).max())
        reason = "one group" if group == largest else "groups that share equal rows stay together and one set of them"
        way_out = "choose smaller groups for shares closer to the asked ones"
    shares = (
        f"{part} {_percent(there)} (asked {_percent(share)})"
        for part, there, share in zip(PARTS, got, asked, strict=True)
    )
    log.warning(
        "%s: the shares of the rows are %s: %s holds %s of the rows; %s",
        *(dataset.name, ", ".join(shares), reason, _percent(largest / len(rows)), way_out),
    )


def _warn_scarce(dataset: Dataset, labels: np.ndarray, side: np.ndarray) -> None:
    """Warns where a part has so few rows of the rarer class that its numbers tell little."""
    rarer = int(labels.mean() <= 0.5)
    counts = np.bincount(side[labels == rarer], minlength=len(PARTS))
    if counts.min() < SCARCE:
        held = ", ".join(f"{part} {count}" for part, count in zip(PARTS, counts, strict=True))
        log.warning(
            "%s: few %s (%s): below %d the threshold and the test metrics are uncertain; "
            "repeat the split, split.seed=0,1,2,3,4, and read the intervals",
            *(dataset.name, "positives" if rarer else "negatives", held, SCARCE),
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


def _percent(share: float) -> str:
    return f"{100 * share:.3g}%"


def _too_few(dataset: Dataset, labels: np.ndarray, sets: np.ndarray, problem: TooFewRows) -> str:
    called = "positive" if problem.label else "negative"
    rows = int((labels == problem.label).sum())
    distinct = len(np.unique(sets[labels == problem.label]))
    linked, way_out = "", "choose a dataset with more of them"
    if distinct < rows:
        linked = f", in {distinct} sets of duplicates or groups that stay together,"
        if dataset.groups is not None:
            way_out = "choose smaller groups, or " + way_out.removeprefix("choose ")
    return (
        f"{dataset.name}: {rows} {called} rows{linked} are too few for three parts (1 for validation, 1 for test,"
        f" {LEAST[TRAIN, problem.label]} to train on): {problem.part} goes without; {way_out}"
    )
