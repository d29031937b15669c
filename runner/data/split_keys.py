"""Keys of rows that are made of their values alone, so that which part a row is in depends on nothing else."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pandas.util import hash_array

KEY_BITS = 32
"""Kept of a row's hash. Different rows that share a key are on one side of the split, which does no harm."""
AT_ONCE = 2**20  # keys that are mixed at a time


def value_hashes(features: pd.DataFrame) -> np.ndarray:
    """(rows,) uint64, the same for the same values, whatever the other rows are and however a column is stored.

    Numbers and booleans count as float64, all others as the text they are written as. A gap adds nothing, so that a
    column of gaps alone may be there or not; nor does the order of the columns count.

    Args:
        features: checked feature columns.
    """
    hashes = np.zeros(len(features), dtype=np.uint64)
    for name in features.columns:
        codes, gaps = _codes(features[name])
        codes = mixed(codes ^ hash_array(np.array([str(name)], dtype=object)))
        codes[gaps] = 0
        hashes += codes
    return mixed(hashes)


def split_keys(hashes: np.ndarray) -> np.ndarray:
    """(rows,) uint32 of uint64 hashes: what a split by hash goes by."""
    return (hashes >> np.uint64(64 - KEY_BITS)).astype(np.uint32)


def shares_of_keys(keys: np.ndarray, seed: int) -> np.ndarray:
    """(rows,) float32 from 0 up to 1, uniform over keys and another for each seed.

    Args:
        keys: as of `split_keys`.
        seed: of the split.
    """
    start = mixed(np.array([seed], np.uint64) + np.uint64(1))
    shares = np.empty(len(keys), np.float32)
    for first in range(0, len(keys), AT_ONCE):
        some = slice(first, first + AT_ONCE)
        # 24 bits, as many as a float32 holds: rounded up, the largest would be 1.
        shares[some] = (mixed(keys[some].astype(np.uint64) ^ start) >> np.uint64(40)).astype(np.float32) / 2**24
    return shares


def mixed(hashes: np.ndarray) -> np.ndarray:
    """uint64 of uint64, one to one, each bit depending on all: the mixing steps of splitmix64."""
    hashes = hashes * np.uint64(0xBF58476D1CE4E5B9)
    hashes ^= hashes >> np.uint64(31)
    hashes *= np.uint64(0x94D049BB133111EB)
    hashes ^= hashes >> np.uint64(30)
    return hashes


def _codes(column: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """64 bits a row, the same for the same value; and which rows are gaps."""
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "biuf":
        values = column.to_numpy(dtype=np.float64) + 0.0  # -0.0 becomes 0.0, its equal
        return values.view(np.uint64), np.isnan(values)
    codes, different = pd.factorize(column)
    hashed = np.append(hash_array(np.array([str(value) for value in different], dtype=object)), np.uint64(0))
    return hashed[codes], codes < 0  # gaps are -1, the last
