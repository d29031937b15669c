"""The user's own table: CSV, Parquet and whatever else pandas or Arrow reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from runner.data.checks import as_image_shape, check, checked_groups, checked_weights
from runner.data.costs import make_costs
from runner.data.dataset import Dataset
from runner.data.labels import binary_labels, described, named_values
from runner.data.sources.column_warnings import warn_of_columns
from runner.data.sources.feature_columns import feature_columns
from runner.data.sources.file_parts import find_parts, part_of_rows
from runner.data.sources.file_table import Table, formats_in_words, read_table, with_columns_found
from runner.data.sources.new_rows import for_new_rows
from runner.data.sources.reading import AUTO, names, reading
from runner.data.sources.row_warnings import warn_of_rows
from runner.data.sources.streamed_file import Asked, load_streamed, streamed_files
from runner.data.subgroups import make_subgroups
from runner.errors import InputError


def load_file(
    path: str | Path | Sequence[str],
    target: str,
    positive_label: Any = None,
    features: Sequence[str] | None = None,
    drop: Sequence[str] = (),
    sample_weight: str | None = None,
    group: str | None = None,
    *,
    test_path: str | Path | Sequence[str] | None = None,
    validation_path: str | Path | Sequence[str] | None = None,
    split_column: str | None = None,
    subgroup_column: str | None = None,
    name: str | None = None,
    separator: str = AUTO,
    decimal: str = AUTO,
    thousands: str | None = AUTO,
    encoding: str = AUTO,
    missing: Any = AUTO,
    categorical: Sequence[str] | None = None,
    numeric: Sequence[str] | None = None,
    image_shape: Sequence[int] | None = None,
    streaming: str | bool = False,
    cost_fn: str | float | None = None,
    cost_fp: str | float | None = None,
    gain_tp: str | float | None = None,
    unlabelled: bool | None = None,
) -> Dataset:
    """A table with a header, one row an example.

    Args:
        path: a file, a list of files, a pattern such as ``day*.csv``, or a folder of Parquet files, whose rows are put
            together. Text (``.csv``, ``.tsv``, ``.txt``, ...), Parquet, Feather, ORC, JSON, Excel and Stata, plain or
            compressed.
        target: the column with the class.
        positive_label: the value of the target that counts as positive, or a list of them; all others, however many,
            are negative. ``{"not": VALUE}``: all but this one are positive. Not needed where the target is boolean,
            {0, 1} or {-1, 1}. Values are compared as written too: 1 finds '1', and True finds 'true'.
        features: the columns to learn from, all that are left if not given.
        drop: columns to leave out.
        sample_weight: a column of weights from 0 up; no feature.
        group: a column of groups whose rows stay on one side of the split (a patient, a customer); no feature.
        test_path, validation_path: files of test and of validation rows, with the columns of ``path``, which then has
            the training rows; for ``split=given``.
        subgroup_column: the column by whose values metrics are reported (``evaluation.groups``). It is a feature as it
            would be without, unless ``drop`` names it.
        split_column: the column that a split goes by (``split.column``); no feature, unless ``features`` names it.
        name: of the dataset; the file's name without its ending if not given.
        separator: between values of a text file: comma, semicolon, tab, pipe, space, or any single sign.
        decimal: point or comma.
        thousands: what stands between groups of three digits: comma, point, space, apostrophe or none.
        encoding: of a text file, such as cp1252; else its mark or UTF-8.
        missing: words that stand for a gap, besides blanks and those that pandas knows; ``none``: blanks alone.
        categorical: columns of codes: categories, though they look like numbers.
        numeric: columns of numbers, in which a word is a gap.
        image_shape: (height, width, channels), if the feature columns are pixels in row-major order.
        streaming: whether Parquet files are read block by block, while training, instead of as a whole; ``auto``:
            if they are too large for memory. See `runner.data.sources.streamed_file`.
        cost_fn, cost_fp, gain_tp: what a miss and a false alarm cost and a hit brings: a column, or a number for all
            rows; see `runner.terms.costs`. No features, unless ``features`` names them.
        unlabelled: whether the rows that are not positive are unlabelled, and not known to be negative.

    Rows in errors are counted from 1, the first one below the header.
    """
    how = reading(
        separator=separator,
        decimal=decimal,
        thousands=thousands,
        encoding=encoding,
        missing=missing,
        categorical=categorical,
        numeric=numeric,
    )
    known = [str(column) for column in (target, sample_weight, group, split_column) if column is not None]
    costs = {"cost_fn": cost_fn, "cost_fp": cost_fp, "gain_tp": gain_tp}
    cost_columns = {key: value for key, value in costs.items() if isinstance(value, str)}
    known += cost_columns.values()
    known += [] if subgroup_column is None else [subgroup_column]
    parts = find_parts(path, test_path, validation_path, split_column)
    first = Path(str(names(path)[0] if not isinstance(path, Path) else path))
    called = name or first.name.split(".")[0].strip("*?[]_- ") or first.name
    elsewhere = {
        **{f"dataset.{key}": value for key, value in costs.items()},
        "dataset.test_path": test_path,
        "dataset.validation_path": validation_path,
        "split.column": split_column,
        "evaluation.groups": subgroup_column,
    }
    if streams := streamed_files(streaming, [file for files in parts.values() for file in files], elsewhere):
        asked = Asked(target, positive_label, features, drop, sample_weight, group, called, image_shape)
        return load_streamed(streams, how, asked)
    table = read_table([str(file) for files in parts.values() for file in files], how, known)
    table.columns.reading = with_columns_found(table, how)
    target = table.find("target", target)
    weight = None if sample_weight is None else table.find("sample_weight", sample_weight)
    grouped = None if group is None else table.find("group", group)
    divider = None if split_column is None else table.find("column", split_column, group="split")
    if divider == target:
        raise InputError(f"{table.where}: split.column={divider} is the target; name another column")
    by = None if subgroup_column is None else table.find("groups", subgroup_column, group="evaluation")
    if by == target:
        raise InputError(f"{table.where}: evaluation.groups={by} is the target; name another column")
    taken = {column for column in (target, weight, grouped, divider) if column is not None}
    taken |= {table.find(key, column) for key, column in cost_columns.items()}
    chosen = feature_columns(table, target, features, drop, taken)
    answers = table.target(target, named_values(positive_label)[0])
    where = f"{table.where}: target column '{target}'"
    labels = binary_labels(answers, positive_label, where=where, gaps=table.columns.target_gaps)
    weights = groups = None
    if weight is not None:
        weights = checked_weights(table.other(weight), labels, where=f"{table.where}: weight column '{weight}'")
    if grouped is not None:
        groups = checked_groups(table.other(grouped), where=f"{table.where}: group column '{grouped}'")
    # Built in one go: a frame of a thousand columns written one at a time is fragmented and slow.
    frame = pd.DataFrame({column: table.feature(column) for column in chosen})
    source = table.where
    dataset = check(
        Dataset(
            called,
            frame,
            labels,
            source,
            weights,
            groups,
            image_shape=as_image_shape(image_shape),
            split_by=part_of_rows(parts, table.file_rows) if divider is None else table.other(divider).to_numpy(),
            costs=make_costs(costs, partial(_cost_column, table), table.rows, where=table.where),
            subgroups=None if by is None else make_subgroups(by, table.other(by), where=table.where),
            dates=[column for column in table.names if column not in (target, divider) and table.has_dates(column)],
            unlabelled=bool(unlabelled),
        )
    )
    codes = table.columns.reading.categorical
    untold = dataset.features.drop(columns=list(table.columns.told), errors="ignore")
    warn_of_columns(untold, table.where, codes, typed=not isinstance(table.content, dict))
    warn_of_rows(dataset, table.where)
    written = formats_in_words(table.columns.formats, plain=isinstance(table.content, dict))
    summary = (
        f"{table.where}: {table.rows} rows, {len(table.names)} columns ({dataset.features.shape[1]} features),"
        f" {table.dialect}{written and f', {written}'}; target '{target}': {described(answers, labels)}"
    )
    return replace(dataset, summary=summary, reading=for_new_rows(table, dataset.features))


def _cost_column(table: Table, key: str, column: str) -> tuple[str, pd.Series]:
    name = table.find(key, column)
    return name, table.other(name)
