"""Stratified resamples, drawn once for all runs that share them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from threading import Lock

import numpy as np

Draws = tuple[np.ndarray, ...]


class ResampleCache:
    """Stratified resamples, of which the latest are kept for the next run.

    The runs of a sweep evaluate the same test part and ask for the same draws. Draws too many to keep are made anew
    each time, a piece at a time. Any thread may ask; threads that ask for the same draws get the same arrays.
    """

    def __init__(self, max_bytes: int = 64_000_000, cells: int = 4_000_000) -> None:
        """An empty cache.

        Args:
            max_bytes: of all draws that are kept, together.
            cells: resamples times rows drawn at once; 4,000,000 are 32 MB an array of float64.
        """
        self.max_bytes = max_bytes
        self.cells = cells
        self._draws: OrderedDict[tuple[bytes, int, int, int], Draws] = OrderedDict()  # the latest last
        self._lock = Lock()

    @property
    def bytes_held(self) -> int:
        """Bytes of the draws kept now."""
        return sum(piece.nbytes for draws in self._draws.values() for piece in draws)

    def counts(self, with_positive: np.ndarray, *, rows: int, resamples: int, seed: int) -> Iterable[np.ndarray]:
        """How often each unit is drawn: units with a positive among themselves, the others among themselves.

        Args:
            with_positive: (units,) bool; a unit is a row, or a group of rows that is drawn whole.
            rows: in all units; only so many resamples are made at once that resamples times rows stay within `cells`.
            resamples: how many.
            seed: of the draws.

        Returns:
            Pieces of shape (units, some), read-only unsigned integers, `resamples` columns in all.
        """
        step = max(1, self.cells // rows)
        strata = np.flatnonzero(with_positive), np.flatnonzero(~with_positive)
        if len(with_positive) * resamples > self.max_bytes:
            return _pieces(strata, step, resamples, seed)
        key = (with_positive.tobytes(), step, resamples, seed)
        with self._lock:
            if key not in self._draws:
                self._draws[key] = tuple(_pieces(strata, step, resamples, seed))
            self._draws.move_to_end(key)
            draws = self._draws[key]
            while self.bytes_held > self.max_bytes:
                self._draws.popitem(last=False)
        return draws


RESAMPLES = ResampleCache()
"""The draws shared by all runs of this process. Draws depend on their arguments alone, so sharing changes no number."""


def _pieces(strata: tuple[np.ndarray, np.ndarray], step: int, resamples: int, seed: int) -> Iterator[np.ndarray]:
    rng = np.random.default_rng(seed)
    for start in range(0, resamples, step):
        some = min(step, resamples - start)
        counts = [_counts(rng, len(members), some) for members in strata]
        most = max(int(of_stratum.max(initial=0)) for of_stratum in counts)
        piece = np.empty((sum(map(len, strata)), some), np.min_scalar_type(most))  # hardly ever more than a byte
        for members, of_stratum in zip(strata, counts, strict=True):
            piece[members] = of_stratum
        piece.setflags(write=False)
        yield piece


def _counts(rng: np.random.Generator, members: int, some: int) -> np.ndarray:
    """(members, some): how often each is drawn when as many are drawn, with replacement, as there are."""
    if not members:
        return np.zeros((0, some), int)
    drawn = rng.integers(members, size=(some, members))
    drawn += members * np.arange(some)[:, None]
    return np.bincount(drawn.ravel(), minlength=some * members).reshape(some, members).T
