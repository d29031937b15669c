"""The batches of a part that is streamed: blocks in random order, a few at a time in a pool whose rows are shuffled."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from runner.data.splits import StreamedPart

POOL_FLOATS = 32_000_000
"""Inputs that a pool has at least, 128 MB; of 30 columns about a million rows. More are better shuffled."""


@dataclass(frozen=True, eq=False)
class Pool:
    """Rows that are shuffled together.

    Attributes:
        columns: inputs (n, width), labels (n,) and, where rows have weights, those too.
        number: of the pool in its epoch, from 0.
        is_last: whether it is the epoch's last; only then n may be no multiple of the batch size.
    """

    columns: tuple[np.ndarray, ...]
    number: int
    is_last: bool

    def order(self, seed: int, epoch: int) -> np.ndarray:
        """(n,) the order in which a run goes through the pool; consecutive slices are its batches.

        Args:
            seed: of the run.
            epoch: from 0.
        """
        return np.random.default_rng([seed, epoch, self.number]).permutation(len(self.columns[0]))


def epoch_pools(part: StreamedPart, batch_size: int, epoch: int) -> Iterator[Pool]:
    """The pools of an epoch; together they hold every row of the part once.

    The next pool is made while one is trained on. Which rows are in which pool depends on the epoch, and not on a run's
    seed: so that runs with different seeds can be trained on what is read once. Rows that do not fill a batch go to the
    next pool.

    Args:
        part: to train on.
        batch_size: rows a step.
        epoch: from 0.
    """
    with ThreadPoolExecutor(1, "fill-pools") as reader:
        pools = _pools(part, batch_size, epoch)
        coming = reader.submit(next, pools, None)
        while (pool := coming.result()) is not None:
            coming = reader.submit(next, pools, None)
            yield pool


def _pools(part: StreamedPart, batch_size: int, epoch: int) -> Iterator[Pool]:
    inputs = part.inputs
    ends = inputs.block_ends
    starts = np.concatenate([[0], ends[:-1]])
    order = np.random.default_rng([epoch]).permutation(np.flatnonzero(ends > starts))
    least = max(batch_size, POOL_FLOATS // inputs.shape[1])
    number, waiting, rows, left = 0, [], 0, len(part.labels)
    for block, of_block in zip(order, inputs.in_blocks(order.tolist()), strict=True):
        of_rows = slice(int(starts[block]), int(ends[block]))
        own = [of_block, part.labels[of_rows]] + ([] if part.weights is None else [part.weights[of_rows]])
        waiting.append(own)
        rows, left = rows + len(of_block), left - len(of_block)
        if rows < least and left:
            continue
        together = [np.concatenate(column) for column in zip(*waiting, strict=True)]
        full = rows - rows % batch_size if left else rows
        # Copied, for else the rows that wait would keep the whole pool in memory.
        waiting, rows = [[column[full:].copy() for column in together]], rows - full
        yield Pool(tuple(column[:full] for column in together), number, not left)
        number += 1
