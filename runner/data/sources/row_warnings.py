"""Warnings of what features and labels show together: a feature that is the answer, equal rows with two answers."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd

from runner import data
from runner.data.dataset import Dataset
from runner.terms import findings
from runner.writing.wording import override

log = logging.getLogger("runner.data")

FEWEST = 10
"""With fewer rows of a class, a feature separates them by chance."""

LEAST_ERRORS = 0.01
"""A feature that alone is wrong on no more than this share of the smaller class is taken for the answer."""

LEAST_CONTRADICTED = 0.01
"""Share of the positives, beyond which their equals among the negatives are worth a word."""

MOST_ROWS = 50_000
"""Rows in which an answer is looked for; more would take seconds and show the same."""

MOST_VALUES = 50
"""Different values of a feature beyond which each value having one label only says nothing."""


def warn_of_rows(dataset: Dataset, where: str) -> None:
    """Logs a warning for each feature that gives the answer alone, and of equal rows with different labels.

    Where a label of 0 means unlabelled, it says instead what metrics can still mean.

    Args:
        dataset: checked.
        where: its file, for the message.
    """
    labels = dataset.labels.astype(np.int64)
    allowed = LEAST_ERRORS * min(labels.sum(), len(labels) - labels.sum())
    if min(labels.sum(), len(labels) - labels.sum()) >= FEWEST:
        some = slice(None, None, max(1, len(labels) // MOST_ROWS))
        for name, column in dataset.features.iloc[some].items():
            if _fewest_errors(column, labels[some]) <= allowed / (some.step or 1):
                findings.warn(
                    log,
                    "LEAK01",
                    "%s: column '%s' gives the answer alone; if it is known only afterwards, or is made of the target,"
                    " %s leaves it out",
                    *(where, name, override("dataset.drop", [name])),
                )
    if dataset.unlabelled:  # equal rows of which one is labelled are no contradiction
        findings.warn(
            log,
            "LABEL02",
            "%s: label 0 means unlabelled, so that positives among those rows count as errors: of the metrics, recall,"
            " lift and the order of ROC AUCs hold, if labelled rows are a random sample of the positives; choose"
            " thresholds by evaluation.threshold=recall_at_least or top_k, and train with loss=nnpu",
            where,
        )
        return
    keys = data.row_keys(dataset.features)
    positives = np.bincount(keys, weights=labels)
    contradict = (positives > 0) & (positives < np.bincount(keys))
    if positives[contradict].sum() > LEAST_CONTRADICTED * positives.sum():
        findings.warn(
            log,
            "LABEL01",
            "%s: %d of %d rows have a row that is equal in all features but has the other label, so that no network can"
            " be right on both; add columns that tell them apart, or check the labels",
            *(where, contradict[keys].sum(), len(keys)),
        )


def _fewest_errors(column: pd.Series, labels: np.ndarray) -> float:
    """How many rows the best rule on this column gets wrong: one a value, or one threshold and one for gaps."""
    values, different = pd.factorize(column, use_na_sentinel=True)
    errors = np.inf
    if len(different) <= MOST_VALUES:
        counts = np.zeros((len(different) + 1, 2))
        np.add.at(counts, (values, labels), 1)  # gaps are -1, the last row
        errors = counts.min(axis=1).sum()
    if column.dtype.kind in "iuf" and column.notna().any():
        gap = column.isna().to_numpy()
        of_gaps = np.bincount(labels[gap], minlength=2).min()
        errors = min(errors, of_gaps + _errors_of_threshold(column[~gap].to_numpy(dtype=np.float64), labels[~gap]))
    return float(errors)


def _errors_of_threshold(values: np.ndarray, labels: np.ndarray) -> float:
    order = np.argsort(values, kind="stable")
    values, labels = values[order], labels[order]
    ends = np.append(values[1:] != values[:-1], True)
    below = np.cumsum(labels)[ends]
    rows = np.flatnonzero(ends) + 1
    wrong = below + (len(labels) - rows) - (labels.sum() - below)  # positives up to here, negatives after
    return float(min(wrong.min(), (len(labels) - wrong).min()))
