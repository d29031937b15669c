"""Stratified resamples, drawn once for all runs that share them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from threading import Lock

import numpy as np

CELLS = 4_000_000  # resamples times rows held at once: 32 MB an array of float64
KEPT_BYTES = 64_000_000  # of all draws that are kept for the next run

Draws = tuple[np.ndarray, ...]

_kept: OrderedDict[tuple[bytes, int, int, int], Draws] = OrderedDict()  # the latest last
_lock = Lock()


def resampled_counts(with_positive: np.ndarray, *, rows: int, resamples: int, seed: int) -> Iterable[np.ndarray]:
    """How often each unit is drawn: units with a positive among themselves, the others among themselves.

    The runs of a sweep judge the same test part and ask for the same draws: these are kept, the latest 64 MB of them.
    Draws too many to keep are made anew each time, a piece at a time. Any thread may ask.

    Args:
        with_positive: (units,) bool; a unit is a row, or a group of rows that is drawn whole.
        rows: in all units; only so many resamples are made at once that resamples times rows stay within CELLS.
        resamples: how many.
        seed: of the draws.

    Returns:
        pieces of shape (units, some), read-only unsigned integers, `resamples` columns in all.
    """
    step = max(1, CELLS // rows)
    strata = np.flatnonzero(with_positive), np.flatnonzero(~with_positive)
    if len(with_positive) * resamples > KEPT_BYTES:
        return _pieces(strata, step, resamples, seed)
    key = (with_positive.tobytes(), step, resamples, seed)
    with _lock:
        if key not in _kept:
            _kept[key] = tuple(_pieces(strata, step, resamples, seed))
        _kept.move_to_end(key)
        draws = _kept[key]
        while sum(piece.nbytes for kept in _kept.values() for piece in kept) > KEPT_BYTES:
            _kept.popitem(last=False)
    return draws


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
