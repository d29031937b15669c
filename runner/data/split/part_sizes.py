"""Warnings of parts that are larger, smaller or poorer in a class than they should be."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
import pandas as pd

from runner.data.allocation import PARTS, TEST, TRAIN
from runner.data.dataset import Dataset
from runner.data.linked_rows import row_keys
from runner.data.split.linked import LinkedRows
from runner.data.split.time_order import time_order
from runner.errors import InputError
from runner.terms import findings
from runner.writing.wording import join_names, override

log = logging.getLogger("runner.data")

SHARE_TOLERANCE = 0.03
"""A part that misses its asked share of the rows by more than this is worth a warning."""
SCARCE = 20
"""Rows of the rarer class that a part should have; with fewer, no interval is narrow enough to compare by."""


def warn_missed_shares(
    linked: LinkedRows, sides: Sequence[np.ndarray], asked: Sequence[float], wanted: Sequence[int]
) -> None:
    """Warns where sets of several rows made a part larger or smaller than single rows would have.

    Args:
        linked: the rows that were divided.
        sides: the rows of train, validation and test.
        asked: shares of the rows, for each part.
        wanted: rows that single rows would have given each part.
    """
    dataset, total = linked.dataset, len(linked.rows)
    count = np.array([len(rows) for rows in sides])
    got = count / total
    # Up to a rounding error: 0.23 - 0.2 is a little more than 0.03.
    if not ((np.abs(got - asked) > SHARE_TOLERANCE + 1e-9) & (count != wanted)).any():
        return
    largest = int(np.bincount(linked.sets).max())
    reason, way_out = "equal rows stay together and one set of them", "split.duplicates=drop keeps one row of each set"
    if dataset.groups is not None:
        group = int(np.bincount(pd.factorize(dataset.groups[linked.rows])[0]).max())
        reason = "one group" if group == largest else "groups that share equal rows stay together and one set of them"
        way_out = "choose smaller groups for shares closer to the asked ones"
    shares = (
        f"{part} {_percent(there)} (asked {_percent(share)})"
        for part, there, share in zip(PARTS, got, asked, strict=True)
    )
    log.warning(
        "%s: the shares of the rows are %s: %s holds %s of the rows; %s",
        *(dataset.name, ", ".join(shares), reason, _percent(largest / total), way_out),
    )


def warn_scarce(dataset: Dataset, sides: Sequence[np.ndarray], way_out: str) -> None:
    """Warns where a part has so few rows of the rarer class that its numbers tell little.

    Args:
        dataset: whose.
        sides: the rows of train, validation and test.
        way_out: what to do, in words.
    """
    rarer = int(np.concatenate([dataset.labels[rows] for rows in sides]).mean() <= 0.5)
    counts = [int((dataset.labels[rows] == rarer).sum()) for rows in sides]
    if min(counts) < SCARCE:
        held = ", ".join(f"{part} {count}" for part, count in zip(PARTS, counts, strict=True))
        findings.warn(
            log,
            "FEW01",
            "%s: few %s (%s): below %d the threshold and the test metrics are uncertain; %s, and read the intervals",
            *(dataset.name, "positives" if rarer else "negatives", held, SCARCE, way_out),
        )


def warn_repeated(dataset: Dataset, sides: Sequence[np.ndarray]) -> None:
    """Warns of test rows whose features are those of a row that was trained on or validated on.

    Args:
        dataset: whose.
        sides: the rows of train, validation and test.
    """
    keys = row_keys(dataset.features)
    repeated = int(np.isin(keys[sides[TEST]], keys[np.concatenate(sides[:TEST])]).sum())
    if repeated:
        log.warning(
            "%s: %d of %d test rows have the features of a row in train or validation, so that remembering pays; "
            "this split cannot keep them together, split=random and split=kfold do",
            *(dataset.name, repeated, len(sides[TEST])),
        )


def warn_divided_groups(dataset: Dataset, sides: Sequence[np.ndarray]) -> None:
    """Warns of groups with rows in the test and in another part, where a split goes by something else.

    Args:
        dataset: whose.
        sides: the rows of train, validation and test.
    """
    if dataset.groups is None:
        return
    groups = pd.factorize(dataset.groups)[0]
    tested = np.unique(groups[sides[TEST]])
    divided = int(np.isin(tested, groups[np.concatenate(sides[:TEST])]).sum())
    if divided:
        log.warning(
            "%s: %d of the %d groups in the test have rows in train or validation too: this split does not go by "
            "groups, split=group does",
            *(dataset.name, divided, len(tested)),
        )


def warn_of_dates(dataset: Dataset) -> None:
    """Warns that rows with dates are drawn at random, so that a network is tested on what came before it."""
    if dataset.dates:
        findings.warn(
            log,
            "TIME01",
            "%s: %s like dates, and rows are drawn at random, so that some train on what is newer than the test, which"
            " can rank losses otherwise than in use; to test on the newest rows, split=time %s",
            dataset.name,
            f"{join_names(dataset.dates, 3)} look{'s' if len(dataset.dates) == 1 else ''}",
            override("split.column", dataset.dates[0]),
        )


def warn_of_overlap(dataset: Dataset, sides: Sequence[np.ndarray]) -> None:
    """Warns of a feature of dates by which rows that are trained on are newer than some that are tested.

    Args:
        dataset: whose.
        sides: the rows of train, validation and test.
    """
    for name in dataset.dates:
        if name not in dataset.features:
            continue
        try:
            times = time_order(dataset.features[name].to_numpy(), name)
        except InputError:  # gaps, or dates in two ways: no order to go by
            continue
        newer = int((times[sides[TRAIN]] > times[sides[TEST]].min()).sum())
        if newer:
            findings.warn(
                log,
                "TIME01",
                "%s: by column '%s', %d of %d training rows are newer than the oldest test row, so that a network is"
                " tested on what came before it; to test on the newest rows, split=time %s",
                *(dataset.name, name, newer, len(sides[TRAIN]), override("split.column", name)),
            )
            return


def _percent(share: float) -> str:
    return f"{100 * share:.3g}%"
