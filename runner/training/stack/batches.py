"""The batches of an epoch for all members of a stack, gathered a few at a time."""

from __future__ import annotations

from runner.training.runtime import tf

from collections.abc import Iterator, Sequence

import numpy as np

from runner.data.splits import Part
from runner.training.batches import epoch_order
from runner.training.stack.program import Batches
from runner.training.trainer import TrainerSettings

GATHERED_FLOATS = 8_000_000  # of batches that wait to be trained on: 32 MB


class StackedBatches:
    """Each member's batches of the training part, in its own order.

    Args:
        part: the rows to train on.
        settings: `batch_size` and `stratified_batches` are read.
        most_floats: numbers to gather at once; one batch is gathered even where it has more.
    """

    def __init__(self, part: Part, settings: TrainerSettings, most_floats: int = GATHERED_FLOATS) -> None:
        self._labels = part.labels
        self._columns = [part.inputs, part.labels] + ([] if part.weights is None else [part.weights])
        self._size, self._stratified = settings.batch_size, settings.stratified_batches
        self._most_floats = most_floats

    def epoch(self, epoch: int, seeds: Sequence[int]) -> Iterator[tuple[Batches, int]]:
        """Yields (batches, how many of them), a few at a time; at the end the smaller last one as (batch, 0).

        Args:
            epoch: from 0.
            seeds: of the members' orders.
        """
        size = self._size
        orders = {
            seed: epoch_order(self._labels, size, seed, epoch, stratified=self._stratified) for seed in set(seeds)
        }
        order = np.stack([orders[seed] for seed in seeds])
        members, rows = order.shape
        full = rows // size
        floats = members * min(size, rows) * sum(int(np.prod(column.shape[1:])) for column in self._columns)
        at_once = min(max(1, self._most_floats // floats), max(full, 1))
        for start in range(0, full, at_once):
            count = min(at_once, full - start)
            chosen = order[:, start * size : (start + count) * size].reshape(members, count, size).swapaxes(0, 1)
            if count < at_once:  # the program takes so many; it does not look at those beyond `count`
                chosen = np.concatenate([chosen, np.zeros((at_once - count, members, size), chosen.dtype)])
            yield self._gathered(chosen), count
        if rows % size:
            yield self._gathered(order[:, full * size :]), 0

    def _gathered(self, rows: np.ndarray) -> Batches:
        return tuple(tf.constant(column[rows]) for column in self._columns)
