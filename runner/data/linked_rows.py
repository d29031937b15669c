"""Rows that must not be separated: exact duplicates, and rows of one group."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from runner.data.split_keys import mixed


def duplicate_rows(features: pd.DataFrame) -> int:
    """Number of rows that repeat an earlier row."""
    return len(features) - int(row_keys(features).max(initial=-1)) - 1


def row_keys(features: pd.DataFrame) -> np.ndarray:
    """(rows,) integers from 0 in order of appearance; two rows have the same one if all their values are the same.

    A missing value equals a missing value. Rows are told apart by a 64-bit hash; should two different rows share one,
    the comparison with the first row of that hash finds it, and another hash is taken.
    """
    # The same integers as features.groupby(columns, dropna=False, sort=False).ngroup(), which a test holds them
    # against. That sorts or hashes column by column: on 1,000,000 rows of 30 floats it takes ten times as long.
    for seed in count():
        keys, _ = pd.factorize(row_hashes(features, seed))
        firsts = np.unique(keys, return_index=True)[1]
        repeats = np.flatnonzero(firsts[keys] != np.arange(len(keys)))
        originals = firsts[keys[repeats]]
        if all((codes[repeats] == codes[originals]).all() for codes in _codes(features)):
            return keys
    raise AssertionError("unreachable: the count of seeds does not end")


def row_hashes(features: pd.DataFrame, seed: int) -> np.ndarray:
    """(rows,) uint64, the same for the same values: the mixing steps of splitmix64, column after column.

    Args:
        features: checked feature columns.
        seed: rows that share a hash under one seed hardly ever share one under another.
    """
    hashes = np.full(len(features), seed + 1, dtype=np.uint64)
    for codes in _codes(features):
        hashes = mixed(hashes ^ codes)
    return hashes


def linked_sets(keys: np.ndarray, groups: np.ndarray | None) -> np.ndarray:
    """(rows,) the number of each row's set, from 0: rows that share a key or a group are in one, also through others.

    Args:
        keys: (rows,) as of `row_keys`.
        groups: (rows,) group of each row, or None; then the sets are those of equal keys.
    """
    if groups is None:
        return keys
    group_codes, names = pd.factorize(np.asarray(groups))
    key_nodes = int(keys.max()) + 1
    nodes = key_nodes + len(names)
    links = coo_array((np.ones(len(keys), dtype=np.int8), (keys, key_nodes + group_codes)), shape=(nodes, nodes))
    _, component = connected_components(links, directed=False)
    return component[keys]


def _codes(features: pd.DataFrame) -> Iterator[np.ndarray]:
    """For each column 64 bits a row, the same for the same value."""
    for name in features.columns:
        column = features[name]
        if not isinstance(column.dtype, np.dtype) or column.dtype.kind not in "biuf":
            yield pd.factorize(column)[0].astype(np.int64).view(np.uint64)
        elif column.dtype.kind == "f":
            values = column.to_numpy(dtype=np.float64) + 0.0  # -0.0 becomes 0.0, its equal
            values[np.isnan(values)] = np.nan  # a NaN may carry other bits; make them one
            yield values.view(np.uint64)
        else:
            yield column.to_numpy().astype(np.int64).view(np.uint64)
