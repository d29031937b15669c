"""Which rows form which batch: a pure function of seed and epoch, so that every trainer sees the same batches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from runner.data.batch_shares import positives_of_batches

if TYPE_CHECKING:
    from runner.training.trainer import TrainerSettings

LONGEST_EXECUTION = 1024  # steps between two looks at Ctrl-C, where the number of steps has such a divisor


def epoch_order(labels: np.ndarray, settings: TrainerSettings, seed: int, epoch: int) -> np.ndarray:
    """The order of an epoch's rows: `shared_order`, `stratified_order` or `batch_order`, as the settings say."""
    if settings.positive_share is not None:
        return shared_order(labels, settings.batch_size, settings.positive_share, seed, epoch)
    if settings.stratified_batches:
        return stratified_order(labels, settings.batch_size, seed, epoch)
    return batch_order(len(labels), seed, epoch)


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


def stratified_order(labels: np.ndarray, batch_size: int, seed: int, epoch: int) -> np.ndarray:
    """An order whose batches all hold positives, in proportion to their size; every row occurs once, as ever.

    Args:
        labels: (rows,) in {0, 1}; at least as many positives as batches.
        batch_size: rows a batch; the last may be smaller.
        seed: the run's seed.
        epoch: from 0.

    Returns:
        (rows,) int32 permutation.
    """
    rows, positives = len(labels), int(np.count_nonzero(labels == 1))
    batches = -(-rows // batch_size)
    sizes = np.full(batches, batch_size)
    sizes[-1] = rows - batch_size * (batches - 1)
    # One positive for each batch, the others by the room that is left.
    room = np.cumsum(sizes - 1)
    up_to = (positives - batches) * room // max(room[-1], 1)
    of_batch = 1 + np.diff(up_to, prepend=0)
    shuffled = batch_order(rows, seed, epoch)
    is_positive = labels[shuffled] == 1
    batch = np.empty(rows, np.int64)
    batch[is_positive] = np.repeat(np.arange(batches), of_batch)
    batch[~is_positive] = np.repeat(np.arange(batches), sizes - of_batch)
    # A stable sort keeps the shuffled order inside each batch: positives do not all come first.
    return shuffled[np.argsort(batch, kind="stable")]


def shared_order(labels: np.ndarray, batch_size: int, share: float, seed: int, epoch: int) -> np.ndarray:
    """An order whose batches all have a given share of positives, whatever the share of the part.

    It is as long as the part has rows. Each class is gone through in an order of its own, and again in another where
    an epoch has more places for it than rows; where it has fewer, rows are left out, in each epoch others.

    Args:
        labels: (rows,) in {0, 1}; both classes are there.
        batch_size: rows a batch; the last may be smaller.
        share: of positives, see `positives_of_batches`.
        seed: the run's seed.
        epoch: from 0.

    Returns:
        (rows,) int32.
    """
    rows, rng = len(labels), np.random.default_rng([seed, epoch])
    positives = positives_of_batches(rows, batch_size, share)
    batch = np.arange(rows) // batch_size
    within = np.arange(rows) - batch * batch_size
    is_positive = within < positives[batch]
    order = np.empty(rows, np.int32)
    for label, places in ((1, is_positive), (0, ~is_positive)):
        there, wanted = np.flatnonzero(labels == label), int(places.sum())
        rounds = -(-wanted // len(there))
        order[places] = np.concatenate([rng.permutation(there) for _ in range(rounds)] or [there[:0]])[:wanted]
    # Positives do not come first in their batches.
    return order[np.lexsort([rng.random(rows), batch])]


def steps_per_execution(steps: int) -> int:
    """How many of an epoch's steps `fit` runs without coming back to Python.

    A divisor of `steps`, for Keras would borrow the rest from the next epoch; all of them where each divisor is small.
    """
    divisor = next(size for size in range(min(steps, LONGEST_EXECUTION), 0, -1) if steps % size == 0)
    return divisor if divisor >= 64 else steps
