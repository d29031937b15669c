"""The batches of an epoch for all members of a stack, gathered a few at a time."""

from __future__ import annotations

from runner.training.runtime import tf

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from runner.data.splits import Part, StreamedPart
from runner.training.batches import epoch_order
from runner.training.pools import epoch_pools
from runner.training.stack.program import Batches
from runner.training.trainer import TrainerSettings

GATHERED_FLOATS = 8_000_000  # of batches that wait to be trained on: 32 MB


@dataclass(frozen=True)
class Steps:
    """What the next steps are trained on.

    Attributes:
        batches: of several steps, or without that axis of one.
        count: how many steps; 0 for a single one, which is the last of the epoch.
        members: whose last step it is, ascending; None: of all.
    """

    batches: Batches
    count: int
    members: tuple[int, ...] | None = None


class StackedBatches:
    """Each member's batches of its training part, in its own order.

    Args:
        parts: the rows to train on, of each split.
        settings: `batch_size`, `stratified_batches` and `positive_share` are read.
        most_floats: numbers to gather at once; one batch is gathered even where it has more.

    Raises:
        ValueError: the parts make unequal numbers of batches, or have other columns.
    """

    def __init__(self, parts: Sequence[Part], settings: TrainerSettings, most_floats: int = GATHERED_FLOATS) -> None:
        if len({batches_key(part, settings.batch_size) for part in parts}) > 1:
            raise ValueError("members of a stack need as many batches of the same columns")
        self._parts, self._labels = parts, [part.labels for part in parts]
        self._columns = [
            [part.inputs, part.labels] + ([] if part.weights is None else [part.weights]) for part in parts
        ]
        self._size, self._settings = settings.batch_size, settings
        self._most_floats = most_floats

    def epoch(self, epoch: int, members: Sequence[tuple[int, int]]) -> Iterator[Steps]:
        """The steps of an epoch, a few at a time; the last one by itself if it is smaller, for those of equal size.

        Args:
            epoch: from 0.
            members: the split of each, and the seed of its order.
        """
        size, part = self._size, self._parts[0]
        if isinstance(part, StreamedPart):
            yield from self._streamed(part, epoch, [seed for _, seed in members])
            return
        orders = {
            (split, seed): epoch_order(self._labels[split], self._settings, seed, epoch) for split, seed in set(members)
        }
        of_member = [orders[member] for member in members]
        splits = np.array([split for split, _ in members])
        full = min(map(len, of_member)) // size
        if full:
            together = np.stack([order[: full * size] for order in of_member])
            yield from self._full(together, splits, self._columns, self._at_once(len(members), full))
        left = np.array([len(order) - full * size for order in of_member])
        sizes = sorted({int(rows) for rows in left} - {0})
        for rows in sizes:
            chosen = np.flatnonzero(left == rows)
            rest = np.stack([of_member[index][full * size :] for index in chosen])
            yield Steps(
                self._gathered(rest, splits[chosen], self._columns),
                0,
                None if len(chosen) == len(members) else tuple(map(int, chosen)),
            )

    def _streamed(self, part: StreamedPart, epoch: int, seeds: Sequence[int]) -> Iterator[Steps]:
        """As `epoch`, of rows that are read once for all members; each goes through a pool in its own order."""
        size, shared = self._size, np.zeros(len(seeds), np.int64)
        at_once = self._at_once(len(seeds), len(part.labels) // size)
        for pool in epoch_pools(part, size, epoch):
            orders = {seed: pool.order(seed, epoch) for seed in set(seeds)}
            order = np.stack([orders[seed] for seed in seeds])
            full = order.shape[1] - order.shape[1] % size
            if full:
                yield from self._full(order[:, :full], shared, [pool.columns], at_once)
            if full < order.shape[1]:
                yield Steps(self._gathered(order[:, full:], shared, [pool.columns]), 0)

    def _at_once(self, members: int, full: int) -> int:
        """How many steps are gathered at once, of so many full batches."""
        floats = members * self._size * sum(int(np.prod(column.shape[1:])) for column in self._columns[0])
        return min(max(1, self._most_floats // floats), full)

    def _full(
        self, order: np.ndarray, splits: np.ndarray, columns: Sequence[Sequence[np.ndarray]], at_once: int
    ) -> Iterator[Steps]:
        members, size = len(order), self._size
        full = order.shape[1] // size
        for start in range(0, full, at_once):
            count = min(at_once, full - start)
            chosen = order[:, start * size : (start + count) * size].reshape(members, count, size)
            if count < at_once:  # the program takes so many; it does not look at those beyond `count`
                chosen = np.concatenate([chosen, np.zeros((members, at_once - count, size), chosen.dtype)], axis=1)
            yield Steps(self._gathered(chosen, splits, columns, steps_first=True), count)

    def _gathered(
        self,
        rows: np.ndarray,
        splits: np.ndarray,
        of_splits: Sequence[Sequence[np.ndarray]],
        *,
        steps_first: bool = False,
    ) -> Batches:
        """The columns at `rows`, of which the first axis is the members'; with `steps_first` it becomes the second."""

        def gathered(columns: Sequence[np.ndarray]) -> np.ndarray:
            used = np.unique(splits)
            if len(used) == 1:
                return columns[used[0]][rows.swapaxes(0, 1) if steps_first else rows]
            first = columns[used[0]]
            values = np.empty((*rows.shape, *first.shape[1:]), first.dtype)
            for split in used:
                own = splits == split
                values[own] = columns[split][rows[own]]
            return values.swapaxes(0, 1) if steps_first else values

        return tuple(tf.constant(gathered(columns)) for columns in zip(*of_splits, strict=True))


def batches_key(part: Part, batch_size: int) -> tuple[object, ...]:
    """Equal for training parts that members of one stack may have: as many batches, of the same columns.

    Of streamed parts only those that are read at once, which are one.
    """
    own = id(part.inputs) if isinstance(part, StreamedPart) else None
    return -(-len(part.labels) // batch_size), part.inputs.shape[1:], part.weights is None, own
