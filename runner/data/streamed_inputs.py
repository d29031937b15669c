"""The network inputs of a part that are made of its rows when they are asked for, a block at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain

import numpy as np
import pandas as pd

from runner.data.streamed_dataset import RowBlocks

Transform = Callable[[pd.DataFrame], np.ndarray]
"""Features of n rows -> (n, width) float32 network inputs."""


class StreamedInputs:
    """Stands where a part in memory has its (n, width) float32 array: read by slices in ascending order, or by blocks.

    The next block is read while the last one is used, so that three are held at most. One thread at a time may read.

    Args:
        blocks: of the whole table.
        rows: (n,) ascending positions of the part's rows.
        transform: makes inputs of features.
        width: of the inputs.

    Attributes:
        shape: (n, width).
        block_ends: where each block's rows end among the part's.
    """

    dtype = np.dtype(np.float32)

    def __init__(self, blocks: RowBlocks, rows: np.ndarray, transform: Transform, width: int) -> None:
        self._blocks, self._rows, self._transform = blocks, rows, transform
        self._starts = np.concatenate([[0], np.cumsum(blocks.sizes)])
        self.shape = (len(rows), width)
        self.block_ends = np.searchsorted(rows, self._starts[1:])
        self._held: dict[int, np.ndarray] = {}
        self._ahead: dict[int, Future[np.ndarray]] = {}
        self._reader = ThreadPoolExecutor(1, "read-rows")

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def nbytes(self) -> int:
        """Memory that is taken at most: three blocks."""
        largest = int(np.diff(self.block_ends, prepend=0).max(initial=0))
        return 3 * largest * self.shape[1] * self.dtype.itemsize

    def __getitem__(self, rows: slice) -> np.ndarray:
        """(m, width) inputs of consecutive rows of the part."""
        first, end, step = rows.indices(len(self))
        if step != 1:
            raise IndexError(f"streamed inputs are read by slices of consecutive rows, not by {rows}")
        parts = []
        while first < end:
            block = int(np.searchsorted(self.block_ends, first, side="right"))
            begin, stop = self._bounds(block)
            upto = min(stop, end)
            parts.append(self._block(block)[first - begin : upto - begin])
            first = upto
        if not parts:
            return np.empty((0, self.shape[1]), self.dtype)
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def taken(self, rows: np.ndarray) -> np.ndarray:
        """(m, width) inputs of some rows of the part.

        Args:
            rows: (m,) ascending places among the part's rows.
        """
        ends = np.searchsorted(rows, self.block_ends)
        wanted = np.flatnonzero(np.diff(ends, prepend=0)).tolist()
        parts = [
            inputs[rows[ends[block - 1] if block else 0 : ends[block]] - self._bounds(block)[0]]
            for block, inputs in zip(wanted, self.in_blocks(wanted), strict=True)
        ]
        return np.concatenate(parts) if parts else np.empty((0, self.shape[1]), self.dtype)

    def in_blocks(self, order: Iterable[int]) -> Iterator[np.ndarray]:
        """The inputs of the part's rows of each block, in this order of blocks; the next one is read ahead.

        Args:
            order: numbers of blocks.
        """
        waiting: Future[np.ndarray] | None = None
        for block in chain(order, [None]):
            coming = None if block is None else self._reader.submit(self._read, block)
            if waiting is not None:
                yield waiting.result()
            waiting = coming

    def _bounds(self, block: int) -> tuple[int, int]:
        return int(self.block_ends[block - 1]) if block else 0, int(self.block_ends[block])

    def _block(self, block: int) -> np.ndarray:
        """The inputs of a block; kept until another one is asked for, while the next one is read."""
        if block not in self._held:
            coming = self._ahead.pop(block, None) or self._reader.submit(self._read, block)
            self._held, self._ahead = {}, {}
            following = next((each for each in range(block + 1, len(self.block_ends)) if self._has_rows(each)), None)
            if following is not None:
                self._ahead[following] = self._reader.submit(self._read, following)
            self._held[block] = coming.result()
        return self._held[block]

    def _has_rows(self, block: int) -> bool:
        begin, end = self._bounds(block)
        return end > begin

    def _read(self, block: int) -> np.ndarray:
        begin, end = self._bounds(block)
        if begin == end:
            return np.empty((0, self.shape[1]), self.dtype)
        return self._transform(self._blocks.read(block, self._rows[begin:end] - self._starts[block]))
