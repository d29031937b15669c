"""Parquet files larger than memory: read once for labels, keys, digest and a sample, then again for each epoch."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil

from runner.data.checks import as_image_shape, check_image, checked_groups, checked_weights
from runner.data.columns import plain_column, plain_columns
from runner.data.dataset import Dataset
from runner.data.labels import binary_labels, described_counts, named_values
from runner.data.sources.column_warnings import warn_of_columns
from runner.data.sources.feature_columns import feature_columns
from runner.data.sources.file_table import with_columns_found
from runner.data.sources.new_rows import for_new_rows
from runner.data.sources.parquet_files import ParquetFiles, check_types, kind
from runner.data.sources.reading import Reading
from runner.data.sources.row_warnings import warn_of_rows
from runner.data.sources.streamed_table import StreamedTable
from runner.data.sources.table_files import PARQUET
from runner.data.split_keys import split_keys, value_hashes
from runner.data.streamed_dataset import StreamedDataset
from runner.errors import InputError

log = logging.getLogger("runner.data")

COPIES = 3
"""How often numbers are in memory at the same time while a table is read, checked and preprocessed as a whole."""
SHARE_OF_FREE = 0.5
"""Of free memory, beyond which ``dataset.streaming=auto`` streams."""
SAMPLED_ROWS = 300_000
SAMPLED_VALUES = 30_000_000
"""Rows and values of the sample; of tables of many columns fewer rows, but no fewer than `LEAST_SAMPLED`."""
LEAST_SAMPLED = 10_000
HEAD = 1000
"""Rows of the first row group that show what columns look like."""


@dataclass(frozen=True)
class Asked:
    """What `load_file` was asked for, of what concerns a streamed table; see there."""

    target: str
    positive_label: Any
    features: Sequence[str] | None
    drop: Sequence[str]
    sample_weight: str | None
    group: str | None
    name: str
    image_shape: Sequence[int] | None


def memory_in_words(files: ParquetFiles) -> tuple[bool, str]:
    """Whether the table is too large to be read as a whole now, and why, in words.

    Args:
        files: of the table.
    """
    needed, free = COPIES * files.column_bytes, psutil.virtual_memory().available
    words = f"as a whole it would take some {needed / 2**30:.3g} GiB, and {free / 2**30:.3g} GiB of memory are free"
    return needed > SHARE_OF_FREE * free, words


def streamed_files(streaming: str | bool, paths: Sequence[Path], elsewhere: Mapping[str, Any]) -> ParquetFiles | None:
    """The files to be streamed; None where they are to be read as a whole.

    Args:
        streaming: ``auto``, true or false.
        paths: of the files.
        elsewhere: options that a streamed table does not know, by key; None where they are not given.

    Raises:
        InputError: they cannot be streamed, and were to be.
    """
    of_kind = [path.suffix.casefold() in PARQUET and path.is_file() for path in paths]
    if streaming is False or (streaming == "auto" and not all(of_kind)):
        return None
    for path, fits in zip(paths, of_kind, strict=True):
        if not fits and path.exists():
            raise InputError(
                f"dataset.streaming=true reads Parquet files, and {path} is none: write it as one, or"
                " dataset.streaming=auto"
            )
        if not fits:
            return None  # there is no such file, which whoever reads it says
    files = ParquetFiles.open(paths)
    if streaming == "auto":
        too_large, words = memory_in_words(files)
        log.info("%s: %s: %s", files.where, "streamed" if too_large else "read as a whole", words)
        if not too_large:
            return None
    for key, value in elsewhere.items():
        if value is not None:
            raise InputError(
                f"{key}={value}: not for a table that is streamed, as {files.where} is (dataset.streaming={streaming});"
                " leave it out, or dataset.streaming=false where memory allows"
            )
    return files


@dataclass
class _Rows:
    """What is kept of all rows while they are read for the first time."""

    target: list[np.ndarray] = field(default_factory=list)
    classes: dict[Any, int] = field(default_factory=dict)
    keys: list[np.ndarray] = field(default_factory=list)
    weights: list[pd.Series] = field(default_factory=list)
    groups: list[np.ndarray] = field(default_factory=list)
    sample: list[pd.DataFrame] = field(default_factory=list)

    def add_target(self, values: pd.Series, first: int, where: str) -> None:
        """Keeps the number of each row's class, from 0 in order of appearance.

        Raises:
            InputError: a value is missing.
        """
        codes, found = pd.factorize(values)
        if (codes < 0).any():
            row = first + int((codes < 0).argmax()) + 1
            raise InputError(
                f"{where}: {(codes < 0).sum()} values are missing, the first in row {row}; fill them in or delete these"
                " rows"
            )
        numbers = np.array([self.classes.setdefault(value, len(self.classes)) for value in found], np.int32)
        self.target.append(numbers[codes])


def load_streamed(files: ParquetFiles, how: Reading, asked: Asked) -> StreamedDataset:
    """The table of Parquet files, whose features stay where they are.

    All columns are read once. Warnings of columns and rows are of the sample.

    Args:
        files: of one table.
        how: what the user says of them.
        asked: which columns are what.

    Raises:
        InputError: they cannot be read so.
    """
    where = files.where
    check_types(files.paths)
    files.check_group_sizes()
    if not files.groups:
        raise InputError(f"{where}: has no rows; there is nothing to learn from")
    some = np.arange(min(files.groups[0].rows, HEAD))
    head = replace(StreamedTable(files, how, files.schema.names).table(0, files.schema.names, some), where=where)
    head.columns.reading = how = with_columns_found(head, how)
    _refuse_texts_as_numbers(files, how)
    target = head.find("target", asked.target)
    weight = None if asked.sample_weight is None else head.find("sample_weight", asked.sample_weight)
    group = None if asked.group is None else head.find("group", asked.group)
    taken = {column for column in (target, weight, group) if column is not None}
    chosen = feature_columns(head, target, asked.features, asked.drop, taken)
    table = StreamedTable(files, how, chosen)
    positions = _sampled(files.rows, len(chosen))
    digest = hashlib.sha256(f"streamed {files.rows}\n".encode())
    digest.update("\0".join(f"{name}:{kind(files.schema.field(name).type)}" for name in chosen).encode())
    rows, first = _Rows(), 0
    for place, size in enumerate(table.sizes):
        content = table.table(place, list(dict.fromkeys([*chosen, *taken])))
        features = pd.DataFrame({name: plain_column(content.feature(name), content.where) for name in chosen})
        hashes = value_hashes(features)
        digest.update(hashes.tobytes())
        rows.add_target(
            content.target(target, named_values(asked.positive_label)[0]), first, f"{where}: target column '{target}'"
        )
        if weight is not None:
            rows.weights.append(content.other(weight))
        if group is not None:
            own = checked_groups(content.other(group), where=f"{content.where}: group column '{group}'")
            hashes = value_hashes(pd.DataFrame({"group": own}))
            rows.groups.append(hashes)
        rows.keys.append(split_keys(hashes))
        begin, end = np.searchsorted(positions, [first, first + size])
        rows.sample.append(features.iloc[positions[begin:end] - first])
        first += size
    dates = [name for name in head.names if name != target and head.has_dates(name)]
    dataset = _dataset(table, asked, rows, positions, dates)
    for part in (dataset.labels, dataset.weights, dataset.groups):
        digest.update(b"\0none\0" if part is None else b"\0some\0" + part.tobytes())
    return replace(dataset, content_digest=digest.hexdigest(), reading=for_new_rows(head, dataset.features))


def _dataset(
    table: StreamedTable, asked: Asked, rows: _Rows, positions: np.ndarray, dates: Sequence[str]
) -> StreamedDataset:
    """The dataset of what was kept of the rows, but for its digest and reading, with warnings of what it looks like."""
    files = table.files
    where = f"{files.where}: target column '{asked.target}'"
    values = pd.Series(list(rows.classes))
    of_class = binary_labels(values, asked.positive_label, where=where)
    target = np.concatenate(rows.target)
    labels = of_class[target]
    features = plain_columns(pd.concat(rows.sample, ignore_index=True), where=files.where)
    image = as_image_shape(asked.image_shape)
    if image is not None:
        check_image(features, image, files.where)
    weights = None
    if rows.weights:
        given = pd.concat(rows.weights, ignore_index=True)
        weights = checked_weights(given, labels, where=f"{files.where}: weight column '{asked.sample_weight}'")
    counts = pd.Series(np.bincount(target, minlength=len(values)), index=values).sort_values(ascending=False)
    of_value = pd.Series(of_class, index=values)[counts.index]
    numbers = frozenset(str(name) for name, column in features.items() if column.dtype.kind in "biuf")
    sampled = "all rows" if len(positions) == len(labels) else f"a sample of {len(positions)} rows"
    dataset = StreamedDataset(
        asked.name,
        features,
        labels,
        files.where,
        weights,
        np.concatenate(rows.groups) if rows.groups else None,
        image_shape=image,
        summary=(
            f"{files.where}: {len(labels)} rows, {len(files.schema.names)} columns ({features.shape[1]} features),"
            f" parquet, streamed in {len(table.sizes)} row groups, {memory_in_words(files)[1]}; medians, quantiles and"
            f" categories of {sampled}; target '{asked.target}':"
            f" {described_counts(counts[of_value == 1], counts[of_value == 0])}"
        ),
        dates=dates,
        blocks=replace(table, columns=list(features.columns), numbers=numbers),
        sampled=positions,
        keys=np.concatenate(rows.keys),
        content_digest="",
    )
    warn_of_columns(features, files.where, table.reading.categorical, typed=True)
    warn_of_rows(Dataset(asked.name, features, labels[positions], files.where), files.where)
    return dataset


def _sampled(rows: int, columns: int) -> np.ndarray:
    """Ascending positions of the rows of the sample; the same for every call."""
    most = max(min(SAMPLED_ROWS, SAMPLED_VALUES // columns), LEAST_SAMPLED)
    if most >= rows:
        return np.arange(rows)
    return np.sort(np.random.default_rng(0).choice(rows, most, replace=False, shuffle=False))


def _refuse_texts_as_numbers(files: ParquetFiles, how: Reading) -> None:
    """Refuses to read numbers from texts: how they are written is told by all of them together.

    Raises:
        InputError: names the column.
    """
    for name in how.numeric:
        if kind(files.schema.field(name).type) == "texts":
            raise InputError(
                f"{files.where}: dataset.numeric: column '{name}' holds texts, and how they are written as numbers is"
                " seen by all rows at once, while this table is streamed: write it as numbers, or"
                " dataset.streaming=false"
            )
