"""Train, validation and test rows in files of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from runner.data.allocation import PARTS
from runner.data.sources.table_files import find_files
from runner.errors import InputError


def find_parts(path: Any, test_path: Any, validation_path: Any, split_column: str | None) -> dict[str, list[Path]]:
    """The files of each part that has some.

    Args:
        path: of the training rows, or of all.
        test_path, validation_path: of the others, or None.
        split_column: `split.column`, which says the same.

    Raises:
        InputError: there is no such file, one has two parts, or the parts are told twice.
    """
    asked = dict(zip(PARTS, (path, validation_path, test_path), strict=True))
    parts = {part: find_files(files) for part, files in asked.items() if files is not None}
    if len(parts) == 1:
        return parts
    if "test" not in parts:
        raise InputError(
            "dataset.validation_path is for a test in a file of its own: name it with dataset.test_path=..."
        )
    if split_column is not None:
        raise InputError(
            f"dataset.test_path and split.column={split_column} both say which rows are the test; leave one out "
            "(split.column=null)"
        )
    for part, files in parts.items():
        for other, theirs in parts.items():
            shared = {file.resolve() for file in files} & {file.resolve() for file in theirs}
            if part != other and shared:
                raise InputError(f"{min(shared)} is both of {part} and of {other}: name it in one of them")
    return parts


def part_of_rows(parts: Mapping[str, Sequence[Path]], file_rows: Sequence[int]) -> np.ndarray | None:
    """(rows,) the part of each row, by name; None where all are of one.

    Args:
        parts: the files of each.
        file_rows: how many rows each file has, one part after the other.
    """
    if len(parts) == 1:
        return None
    of_files = [part for part, files in parts.items() for _ in files]
    return np.repeat(np.array(of_files, dtype=object), file_rows)
