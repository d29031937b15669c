"""`runner predict`: a file of any length scored in chunks; the scores are there whole, or not at all."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv as arrow_csv
from pyarrow import parquet

from runner.deployment.explain import Explainer
from runner.deployment.tables import BadRow, Chunk, ChunkedFile
from runner.deployment.typed_rows import gaps_of, typed_rows
from runner.errors import InputError
from runner.evaluation.prevalence import with_prevalence
from runner.tracking.loaded_model import LoadedModel
from runner.writing import console
from runner.writing.wording import first_line

WRITTEN = (".parquet", ".pq", ".csv")
MOST_BAD = 1000
"""Rows of one chunk that the model may refuse; with more it is the table that is wrong, and each costs a search."""


@dataclass(frozen=True)
class PredictOptions:
    """How a file is scored.

    Attributes:
        skip: whether rows that cannot be scored are left out; else the first of them ends it all.
        prevalence: share of positives among the rows of the file, where it is known to be another than in training;
            None leaves probabilities as they are.
        explain: whether each row has the contributions of its columns too.
    """

    skip: bool = False
    prevalence: float | None = None
    explain: bool = False


@dataclass
class Predicted:
    """What came of a file.

    Attributes:
        rows: that were scored.
        positives: of these, those with label 1.
        skipped: rows that were left out.
        seconds: from the first row read to the last written.
    """

    rows: int = 0
    positives: int = 0
    skipped: list[BadRow] = field(default_factory=list)
    seconds: float = 0.0


@dataclass(frozen=True)
class Scoring:
    """What rows are scored by.

    Attributes:
        model: loaded.
        path: of the file that is scored.
        options: how.
        explainer: of the rows, or None.
    """

    model: LoadedModel
    path: Path
    options: PredictOptions
    explainer: Explainer | None

    def score(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The scores of rows, and what explains them; raises whatever the model raises."""
        scores = self.model.score(frame)
        if self.explainer is None:
            return scores
        return scores.assign(**self.explainer.explain(frame))


def predict_file(model: LoadedModel, path: Path, target: Path, options: PredictOptions) -> Predicted:
    """Scores a file: one row of `target` for each row, with its number from 1, and the columns of the model.

    One thread reads ahead while this one scores. Memory holds a few chunks, however long the file is.

    Args:
        model: loaded.
        path: of a CSV or Parquet file with the model's columns, and perhaps others.
        target: of a Parquet or CSV file; one that is there is replaced once all rows are scored.
        options: what becomes of bad rows, and of probabilities.

    Raises:
        InputError: the file cannot be read, lacks a column, or no row of it could be scored; nothing is written.
    """
    check_files(path, target)
    _check_prevalence(model, options)
    scoring = Scoring(model, path, options, Explainer(model) if options.explain else None)
    source, found, started = (
        ChunkedFile(path, list(model.columns), gaps_of(model.reading)),
        Predicted(),
        time.perf_counter(),
    )
    with _written_whole(target) as write, console.file_progress(path.name, source.size) as show:
        for chunk, (frame, numbers, bad) in _ahead(source, model):
            _refuse_or_skip(bad, path, options, found)
            table = _scored(scoring, frame, numbers, found)
            if len(table):
                write(table)
            show(chunk.done)
        if not found.rows:
            reason = f": {found.skipped[0]}" if found.skipped else ""
            raise InputError(f"{path}: no row could be scored{reason}")
    found.seconds = time.perf_counter() - started
    return found


def check_files(path: Path, target: Path) -> None:
    """Refuses what can be refused before a model is loaded.

    Raises:
        InputError: there is no such file, or scores cannot be written there.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    if target.suffix.lower() not in WRITTEN:
        raise InputError(f"-o {target}: scores are written as {', '.join(WRITTEN)}")
    if not target.absolute().parent.is_dir():
        raise InputError(f"-o {target}: there is no folder {target.parent}")
    if target.is_dir() or (target.exists() and target.samefile(path)):
        raise InputError(f"-o {target}: that is {'a folder' if target.is_dir() else 'the file to be scored'}")


def _check_prevalence(model: LoadedModel, options: PredictOptions) -> None:
    if options.prevalence is None:
        return
    if not 0 < options.prevalence < 1:
        raise InputError(f"--prevalence {options.prevalence:g}: a share of positives, between 0 and 1")
    if model.prevalence is None:
        raise InputError(
            f"--prevalence: {model.name} is of an older version, whose probabilities are not calibrated: train it again"
        )


def _ahead(
    source: ChunkedFile, model: LoadedModel
) -> Iterator[tuple[Chunk, tuple[pd.DataFrame, np.ndarray, list[BadRow]]]]:
    """Chunks with their rows, the next of them being read by another thread."""
    chunks = source.chunks()

    def read() -> tuple[Chunk, tuple[pd.DataFrame, np.ndarray, list[BadRow]]] | None:
        chunk = next(chunks, None)
        return None if chunk is None else (chunk, typed_rows(chunk, model))

    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(read)
        while (here := coming.result()) is not None:
            coming = thread.submit(read)
            yield here


def _refuse_or_skip(bad: Sequence[BadRow], path: Path, options: PredictOptions, found: Predicted) -> None:
    if bad and not options.skip:
        raise InputError(f"{path}: {bad[0]}; --on-error skip leaves such rows out")
    found.skipped.extend(bad)


def _scored(scoring: Scoring, frame: pd.DataFrame, numbers: np.ndarray, found: Predicted) -> pa.Table:
    """The scores of rows, and their numbers; counts them."""
    model, path, options = scoring.model, scoring.path, scoring.options
    parts: list[tuple[np.ndarray, pd.DataFrame]] = []
    refused = 0
    waiting = [(0, len(frame))] if len(frame) else []
    while waiting:
        start, end = waiting.pop()
        try:
            parts.append((numbers[start:end], scoring.score(frame.iloc[start:end])))
        except Exception as problem:  # MLflow and the model raise errors of several kinds
            middle = (start + end) // 2
            if end - start > 1:  # the first half is looked at next
                waiting += [(middle, end), (start, middle)]
                continue
            refused += 1
            if refused > MOST_BAD:
                raise InputError(f"{path}: more than {MOST_BAD} rows cannot be scored: {first_line(problem)}") from None
            _refuse_or_skip([BadRow(int(numbers[start]), first_line(problem))], path, options, found)
    if not parts:
        return pa.table({})
    scores = pd.concat([scores for _, scores in parts], ignore_index=True)
    columns = {"row": np.concatenate([rows for rows, _ in parts]).astype(np.int64)}
    columns |= {name: scores[name].to_numpy() for name in scores.columns}
    if options.prevalence is not None:
        assert model.prevalence is not None
        columns["probability"] = with_prevalence(columns["probability"], model.prevalence, options.prevalence)
    columns["label"] = columns["label"].astype(np.int8)
    found.rows += len(scores)
    found.positives += int(columns["label"].sum())
    return pa.table(columns)


@contextmanager
def _written_whole(target: Path) -> Iterator[Callable[[pa.Table], None]]:
    """Takes tables of equal columns, and moves their file into place once all are written; else leaves nothing."""
    aside = target.with_name(f".{target.name}.{os.getpid()}.partial")
    writer: parquet.ParquetWriter | arrow_csv.CSVWriter | None = None

    def write(table: pa.Table) -> None:
        nonlocal writer
        if writer is None:
            kind = arrow_csv.CSVWriter if target.suffix.lower() == ".csv" else parquet.ParquetWriter
            writer = kind(str(aside), table.schema)
        writer.write_table(table)

    try:
        yield write
        if writer is not None:
            writer.close()
            writer = None
            aside.replace(target)
    finally:
        if writer is not None:
            writer.close()
        aside.unlink(missing_ok=True)
