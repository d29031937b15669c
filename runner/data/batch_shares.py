"""Batches with a share of positives of their own: `trainer.positive_share`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from runner.data.splits import Splits


def positives_of_batches(rows: int, batch_size: int, share: float) -> np.ndarray:
    """(batches,) how many positives each batch of an epoch has; both classes are in each that has room for them.

    Args:
        rows: of an epoch.
        batch_size: rows a batch; the last may be smaller.
        share: of positives, between 0 and 1.
    """
    ends = np.minimum(np.arange(batch_size, rows + batch_size, batch_size), rows)
    sizes = np.diff(ends, prepend=0)
    wanted = np.diff(np.round(share * ends), prepend=0).astype(int)
    return np.clip(wanted, np.minimum(1, sizes - 1), np.maximum(1, sizes - 1))


def with_batch_share(splits: Splits, batch_size: int, share: float) -> Splits:
    """The splits with a training part that says how many rows of each class an epoch of such batches shows.

    Args:
        splits: whose training part has both classes.
        batch_size: rows a batch.
        share: of positives in each, between 0 and 1.
    """
    rows = len(splits.train.labels)
    positives = int(positives_of_batches(rows, batch_size, share).sum())
    return replace(splits, train=replace(splits.train, shown=(positives, rows - positives)))
