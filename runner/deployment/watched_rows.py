"""Rows of today as `runner monitor` sees them: read in chunks, scored, and counted; no row is kept but a sample."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from runner.data.profile import Profile
from runner.deployment.tables import Chunk, ChunkedFile
from runner.deployment.typed_rows import gaps_of, typed_rows
from runner.errors import InputError
from runner.evaluation.drift import MOST_ROWS
from runner.evaluation.sequential import SequentialTest
from runner.terms.promises import Promise, promises
from runner.tracking.loaded_model import LoadedModel
from runner.writing import console
from runner.writing.wording import first_line

LOGITS = np.linspace(-20, 20, 4001)
"""Where the histogram of the probabilities is kept, of which the share of positives is estimated."""
WORDS = {"0": 0.0, "false": 0.0, "-1": 0.0, "1": 1.0, "true": 1.0}
"""Labels that are understood without being told which is positive."""


@dataclass(frozen=True)
class MonitorOptions:
    """What is looked at, and what counts as moved.

    Attributes:
        labels: the column with the class, which may have gaps where it is not known yet; None where there is none.
        positive: the value of it that is positive; None for 1 or true.
        level: at most this often does each kind of check raise a false alarm.
        stability: population stability index from which a column that differs counts as moved.
        tolerance: by which share the prevalence, or observed positives over expected ones, may be off.
    """

    labels: str | None = None
    positive: str | None = None
    level: float = 0.01
    stability: float = 0.1
    tolerance: float = 0.2

    def check(self) -> None:
        """Refuses what makes no sense.

        Raises:
            InputError: names the option.
        """
        for name, value, most in (("alpha", self.level, 1), ("tolerance", self.tolerance, 1)):
            if not 0 < value < most:
                raise InputError(f"--{name} {value:g}: must be between 0 and {most}")
        if self.stability <= 0:
            raise InputError(f"--psi {self.stability:g}: must be above 0")
        if self.positive is not None and self.labels is None:
            raise InputError(f"--positive {self.positive}: say with --labels COLUMN which column has it")


@dataclass
class Seen:
    """What was counted in a file, row by row; memory does not grow with it.

    Attributes:
        rows: that were scored.
        bad: that could not be read or scored.
        called: with label 1 by the model.
        columns: (cells,) rows of each column.
        probability: (cells,) rows of the probability.
        histogram: rows at each of `LOGITS` of the probability.
        labelled, positives: rows whose class is known, and those of them that are positive.
        expected: sum of their probabilities.
        calibration: evidence that positives are more, or fewer, than their probabilities say.
        kept: evidence against each promise, and how often it was kept of how many.
        sample: rows at random, at most `MOST_ROWS`.
    """

    columns: dict[str, np.ndarray]
    probability: np.ndarray
    histogram: np.ndarray
    kept: dict[Promise, tuple[SequentialTest, list[int]]]
    rows: int = 0
    bad: int = 0
    called: int = 0
    labelled: int = 0
    positives: int = 0
    expected: float = 0.0
    calibration: SequentialTest = field(default_factory=SequentialTest)
    sample: pd.DataFrame = field(default_factory=pd.DataFrame)


def seen_in(model: LoadedModel, path: Path, options: MonitorOptions) -> Seen:
    """Reads and scores a file in chunks, and counts what checks need.

    Args:
        model: with a profile.
        path: of a CSV or Parquet file.
        options: which column has labels.

    Raises:
        InputError: the file cannot be read or has no row that can be scored, or labels are not understood.
    """
    profile = profile_of_model(model)
    seen = Seen(
        {name: np.zeros(len(column.counts), np.int64) for name, column in profile.columns.items()},
        np.zeros(len(profile.probability.counts), np.int64),
        np.zeros(len(LOGITS), np.int64),
        {promise: (SequentialTest(), [0, 0]) for promise in promises(list(profile.promised))},
    )
    extra = [options.labels] if options.labels is not None else []
    if set(extra) & set(model.columns):
        raise InputError(f"--labels {options.labels}: the model takes that column as a feature; name the class")
    source = ChunkedFile(
        path, [*model.columns, *extra], gaps_of(model.reading), asked_by=dict.fromkeys(extra, "--labels")
    )
    rng, keys = np.random.default_rng(0), np.empty(0)
    with console.file_progress(path.name, source.size) as show:
        for chunk in source.chunks():
            for frame, labels in _readable(chunk, model, path, options, seen):
                try:
                    scores, typed = model.score(frame), model.typed(frame)
                except (ValueError, TypeError) as problem:
                    raise InputError(f"{path}: {first_line(problem)}") from problem
                _count(seen, profile, typed, scores)
                if labels is not None:
                    _hold_against_labels(seen, scores, labels, options)
                keys = _keep_some(seen, typed, keys, rng)
            show(chunk.done)
    if not seen.rows:
        raise InputError(f"{path}: no row could be scored")
    return seen


def profile_of_model(model: LoadedModel) -> Profile:
    """What the model keeps of its training data.

    Raises:
        InputError: it is of an older version.
    """
    if model.profile is None:
        raise InputError(f"{model.name}: an older version made this model, which keeps no profile: train it again")
    return model.profile


def _readable(
    chunk: Chunk, model: LoadedModel, path: Path, options: MonitorOptions, seen: Seen
) -> Iterator[tuple[pd.DataFrame, np.ndarray | None]]:
    """The rows of a chunk that can be scored, if there are any, with their labels, NaN where not known."""
    features = replace(chunk, table=chunk.table.select(list(model.columns)))
    frame, numbers, bad = typed_rows(features, model)
    seen.bad += len(bad)
    if not len(frame):
        return
    labels = None
    if options.labels is not None:
        column = chunk.table.column(options.labels).to_pandas()
        labels = _labels(column[np.isin(chunk.numbers, numbers)], path, options)
    yield frame, labels


def _labels(column: pd.Series, path: Path, options: MonitorOptions) -> np.ndarray:
    """(n,) 0, 1, or NaN where the label is not known yet."""
    found: dict[object, float] = {}
    for value in column.dropna().unique():
        text = str(value).strip()
        text = text.removesuffix(".0") if options.positive != text else text
        if options.positive is not None:
            found[value] = float(text == options.positive)
        elif text.casefold() in WORDS:
            found[value] = WORDS[text.casefold()]
        else:
            raise InputError(
                f"{path}: --labels {options.labels} holds {text!r}; say which value is positive: --positive VALUE"
            )
    return column.map(found).to_numpy(np.float64)


def _count(seen: Seen, profile: Profile, typed: pd.DataFrame, scores: pd.DataFrame) -> None:
    for name, column in profile.columns.items():
        seen.columns[name] += column.counted(typed[name])
    probability = scores["probability"]
    seen.probability += profile.probability.counted(probability)
    logits = np.clip(logit(probability.to_numpy()), LOGITS[0], LOGITS[-1])
    seen.histogram += np.bincount(np.rint((logits + 20) * 100).astype(np.int64), minlength=len(LOGITS))
    seen.rows += len(scores)
    seen.called += int(scores["label"].sum())


def _hold_against_labels(seen: Seen, scores: pd.DataFrame, labels: np.ndarray, options: MonitorOptions) -> None:
    """What the rows say whose class is known, in the order of the file."""
    known = ~np.isnan(labels)
    positive, called = labels[known] == 1, scores["label"].to_numpy()[known] == 1
    probability = scores["probability"].to_numpy()[known]
    seen.labelled += len(positive)
    seen.positives += int(positive.sum())
    seen.expected += float(probability.sum())
    off = options.tolerance
    seen.calibration.see(positive, least=(1 - off) * probability, most=(1 + off) * probability)
    for promise, (test, counts) in seen.kept.items():
        happened = {"recall": called[positive], "precision": positive[called], "fpr": called[~positive]}[promise.rate]
        bound = {"most": promise.bound} if promise.rate == "fpr" else {"least": promise.bound}
        test.see(happened, **bound)
        counts[0] += int(happened.sum())
        counts[1] += len(happened)


def _keep_some(seen: Seen, typed: pd.DataFrame, keys: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Keeps the rows with the least of random keys; returns theirs."""
    keys = np.concatenate([keys, rng.random(len(typed))])
    rows = pd.concat([seen.sample, typed], ignore_index=True) if len(seen.sample) else typed.reset_index(drop=True)
    if len(rows) > MOST_ROWS:
        least = np.sort(np.argpartition(keys, MOST_ROWS)[:MOST_ROWS])
        rows, keys = rows.iloc[least], keys[least]
    seen.sample = rows
    return keys


def probabilities_seen(seen: Seen) -> tuple[np.ndarray, np.ndarray]:
    """The probabilities of the histogram, and how many rows have each."""
    there = seen.histogram > 0
    return expit(LOGITS[there]), seen.histogram[there]
