"""What a source hands over: one labelled table, checked, with a digest of everything in it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from runner.data.split_keys import split_keys, value_hashes
from runner.terms.costs import KEYS, Costs
from runner.terms.subgroups import Subgroups


@dataclass(frozen=True, eq=False)
class Dataset:
    """A binary classification table.

    Attributes:
        name: what the user calls it, for run names (``page_blocks``, ``abalone19``, a file's stem).
        features: (rows, columns) frame with a RangeIndex; numeric, boolean and categorical columns,
            missing values allowed.
        labels: (rows,) int8 array of 0 (negative) and 1 (positive).
        source: where it came from, for the record (a path, a package and version, an address).
        weights: (rows,) float64 array of non-negative sample weights, or None.
        groups: (rows,) array; rows of one group stay on one side of every split, or None.
        image_shape: (height, width, channels) when the columns are pixels in row-major order, or None.
        summary: what was read, in one line, or "".
        reading: how texts in the columns became numbers and gaps, so that new rows can be read alike: see
            `runner.tracking.scorer`; empty where they were never texts.
        split_by: (rows,) array that ``split=time`` orders the rows by, or that ``split=given`` reads their parts from,
            or None; no feature.
        dates: names of columns that look like dates, features or not.
        costs: of each row's decisions, or None.
        subgroups: by which metrics are reported (`evaluation.groups`), or None. No part of the digest: no prediction
            depends on them.
        unlabelled: whether a label of 0 says that nobody has looked, and not that the row is negative.
    """

    name: str
    features: pd.DataFrame
    labels: np.ndarray
    source: str
    weights: np.ndarray | None = None
    groups: np.ndarray | None = None
    image_shape: tuple[int, int, int] | None = None
    summary: str = ""
    reading: Mapping[str, Any] = field(default_factory=dict)
    split_by: np.ndarray | None = None
    dates: Sequence[str] = ()
    costs: Costs | None = None
    subgroups: Subgroups | None = None
    unlabelled: bool = False

    def of(self, rows: np.ndarray) -> Dataset:
        """The dataset of some rows, numbered anew from 0.

        Args:
            rows: (n,) positions, each once.
        """
        return replace(
            self,
            features=self.features.iloc[rows].reset_index(drop=True),
            labels=self.labels[rows],
            weights=None if self.weights is None else self.weights[rows],
            groups=None if self.groups is None else self.groups[rows],
            split_by=None if self.split_by is None else self.split_by[rows],
            costs=None if self.costs is None else self.costs.of(rows),
            subgroups=None if self.subgroups is None else self.subgroups.of(rows),
        )

    @property
    def prevalence(self) -> float:
        """Share of positive rows."""
        return float(self.labels.mean())

    @cached_property
    def split_keys(self) -> np.ndarray:
        """(rows,) uint32 that are equal for rows of one group, or without groups for equal rows; see `HashSplit`."""
        own = self.features if self.groups is None else pd.DataFrame({"group": self.groups})
        return split_keys(value_hashes(own))

    def at_hand(self, rows: np.ndarray) -> np.ndarray:
        """Those of these rows whose features are in memory."""
        return rows

    def features_of(self, rows: np.ndarray) -> pd.DataFrame:
        """The features of those of these rows that are at hand."""
        return self.features.iloc[rows]

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the full content: column names and types, every value, labels, and all that rows have.

        The dataset's name and source are left out: a renamed file is still the same data.
        """
        digest = hashlib.sha256(f"{self.features.shape}\n".encode())
        for name, column in self.features.items():
            digest.update(f"{len(str(name))}:{name}\0{column.dtype}\0".encode())
            digest.update(_content(column))
        for part in (self.labels, self.weights, self.groups):
            digest.update(b"\0none\0" if part is None else b"\0some\0" + _content(pd.Series(part)))
        if self.split_by is not None:  # else the digest is that of older versions
            digest.update(b"\0split_by\0" + _content(pd.Series(self.split_by)))
        if self.costs is not None:
            for key in KEYS:
                digest.update(f"\0{key}\0".encode() + _content(pd.Series(getattr(self.costs, key))))
        return digest.hexdigest()


def _content(column: pd.Series) -> bytes:
    """Every value of the column as bytes; two columns with different values never give the same bytes."""
    if column.dtype.kind in "biuf" and isinstance(column.dtype, np.dtype):
        return np.ascontiguousarray(column.to_numpy()).tobytes()
    # Each different value is spelled out once, with its length and type, and the rows point at them: as telling
    # as spelling out every row, and a hundred times faster on a million rows of texts.
    codes, values = pd.factorize(column.astype(object))
    texts = [f"{type(value).__name__}:{len(str(value))}:{value}" for value in values]
    return "".join([f"{len(texts)}\0", *texts]).encode() + codes.astype(np.int64).tobytes()
