"""Which rows form which batch: a pure function of seed and epoch, so that every trainer sees the same batches."""

from __future__ import annotations

import numpy as np


def batch_order(rows: int, seed: int, epoch: int) -> np.ndarray:
    """The order in which an epoch goes through the rows; consecutive slices of it are the batches.

    Args:
        rows: number of training rows.
        seed: the run's seed.
        epoch: from 0.

    Returns:
        (rows,) int32 permutation.
    """
    return np.random.default_rng([seed, epoch]).permutation(rows).astype(np.int32)
