"""Whether two samples are of one population: a column by its counts in cells, whole rows by a classifier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import kolmogorov
from scipy.stats import chi2_contingency, mannwhitneyu
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

LEAST_SHARE = 0.1
"""Of the first sample in a cell of the stability index; ten cells are what its thresholds 0.1 and 0.25 are for."""
LEAST_EXPECTED = 5.0
"""Rows that a cell of a chi-squared test must have in expectation; rarer ones are put together."""
MOST_ROWS = 5000
"""Of each sample that a classifier sees."""


def stability_index(before: np.ndarray, now: np.ndarray, *, ordered: bool) -> float:
    """The population stability index: sum of (q - p) log(q / p) over the cells; half a row is added to each.

    By custom less than 0.1 is no change, and more than 0.25 a large one (Siddiqi 2006, Credit Risk Scorecards).

    Args:
        before, now: (cells,) rows of each sample; the last cell has the gaps.
        ordered: whether neighbouring cells may be put together until they hold a tenth of the first sample.
    """
    if ordered:
        groups = _tenths(before[:-1])
        before, now = (np.append(np.bincount(groups, each[:-1]), each[-1]) for each in (before, now))
    kept = (before + now) > 0
    p, q = ((each[kept] + 0.5) / (each[kept].sum() + 0.5 * kept.sum()) for each in (before, now))
    return float(np.sum((q - p) * np.log(q / p)))


def numbers_p_value(before: np.ndarray, now: np.ndarray) -> float:
    """p of "one population" for a column of numbers: Kolmogorov and Smirnov's test, and one of the gaps, by Bonferroni.

    The distributions are compared at the edges of the cells alone, so that the statistic is at most that of the
    samples: the test rejects a true null hypothesis less often than it may.

    Args:
        before, now: (cells,) rows of each sample; the last cell has the gaps.
    """
    rows = before[:-1].sum(), now[:-1].sum()
    p = 1.0
    if min(rows) > 0:
        first, second = (np.cumsum(each[:-1]) / each[:-1].sum() for each in (before, now))
        p = float(kolmogorov(np.sqrt(rows[0] * rows[1] / sum(rows)) * np.abs(first - second).max()))
    gaps = _chi_squared(*(np.array([each[:-1].sum(), each[-1]]) for each in (before, now)))
    return min(1.0, 2 * min(p, gaps))


def categories_p_value(before: np.ndarray, now: np.ndarray) -> float:
    """p of "one population" for a column of categories: Pearson's chi-squared test, gaps being a category."""
    return _chi_squared(before, now)


class TwoSample(NamedTuple):
    """What a classifier makes of two samples.

    Attributes:
        auc: area under its ROC curve on rows that it was not fitted on; 0.5 where it cannot tell them apart.
        p: of "one population".
        rows: of the smaller sample that it saw.
    """

    auc: float
    p: float
    rows: int


def two_sample_classifier(before: pd.DataFrame, now: pd.DataFrame) -> TwoSample | None:
    """How well boosted trees tell two samples apart (Lopez-Paz and Oquab 2017); None where there are too few rows.

    They are fitted on half of the rows, and the p-value is that of the Mann-Whitney test on the other half's scores.

    Args:
        before, now: (n, columns), (m, columns) of equal columns: numbers, or categories. At most `MOST_ROWS` of each
            are taken, at random.
    """
    rng = np.random.default_rng(0)
    parts = [each.iloc[rng.permutation(len(each))[:MOST_ROWS]] for each in (before, now[list(before.columns)])]
    if min(map(len, parts)) < 20:
        return None
    inputs = np.column_stack([_as_numbers([part[name] for part in parts]) for name in before.columns])
    is_now = np.repeat([0, 1], [len(each) for each in parts])
    fitted = rng.permutation(len(inputs)) < len(inputs) // 2
    if min(np.bincount(is_now[fitted], minlength=2).min(), np.bincount(is_now[~fitted], minlength=2).min()) < 5:
        return None
    trees = HistGradientBoostingClassifier(class_weight="balanced", max_iter=50, random_state=0)
    with threadpool_limits(1, "openmp"):  # so few rows: threads that wait for each other take many times as long
        scores = trees.fit(inputs[fitted], is_now[fitted]).predict_proba(inputs[~fitted])[:, 1]
    first, second = scores[is_now[~fitted] == 0], scores[is_now[~fitted] == 1]
    found = mannwhitneyu(second, first, alternative="greater")
    return TwoSample(float(found.statistic / (len(first) * len(second))), float(found.pvalue), min(map(len, parts)))


def _as_numbers(samples: Sequence[pd.Series]) -> np.ndarray:
    """Both samples of a column, one after the other; categories as their rank by frequency, which trees cut."""
    if all(pd.api.types.is_numeric_dtype(each) or pd.api.types.is_bool_dtype(each) for each in samples):
        return np.concatenate([each.to_numpy(np.float64, na_value=np.nan) for each in samples])
    column = pd.concat([each.astype(object) for each in samples], ignore_index=True)
    words = column.map(str, na_action="ignore")
    ranks = {word: float(rank) for rank, word in enumerate(words.value_counts().index)}
    return words.map(ranks).to_numpy(np.float64)


def _tenths(counts: np.ndarray) -> np.ndarray:
    """(cells,) the group of each cell; a group ends where it holds `LEAST_SHARE` of all rows."""
    groups, group, held, least = np.zeros(len(counts), int), 0, 0.0, LEAST_SHARE * counts.sum()
    for cell, count in enumerate(counts):
        groups[cell] = group
        held += count
        if held >= least - 1e-9 and cell < len(counts) - 1:
            group, held = group + 1, 0.0
    if group and held < least / 2:
        groups[groups == group] = group - 1
    return groups


def _chi_squared(before: np.ndarray, now: np.ndarray) -> float:
    table = np.stack([before, now]).astype(np.float64)
    if min(table.sum(axis=1)) == 0:
        return 1.0
    expected = table.sum(axis=0) * table.sum(axis=1).min() / table.sum()
    rare = expected < LEAST_EXPECTED
    kept = table[:, ~rare]
    if rare.any():
        kept = np.column_stack([kept, table[:, rare].sum(axis=1)])
    kept = kept[:, kept.sum(axis=0) > 0]
    if kept.shape[1] < 2:
        return 1.0
    return float(chi2_contingency(kept, correction=True).pvalue)
