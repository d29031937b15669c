"""What was counted in a file as checks, each of which holds, does not, or cannot be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.stats import fisher_exact

from runner.comparison.holm import holm
from runner.data.profile import ColumnProfile, Profile
from runner.deployment.watched_rows import MonitorOptions, Seen, probabilities_seen
from runner.evaluation.drift import categories_p_value, numbers_p_value, stability_index, two_sample_classifier
from runner.evaluation.prevalence import estimated_prevalence
from runner.writing.wording import join_names

LEAST_AUC = 0.6
"""Of a classifier that tells today's rows from training's, from which they count as different."""
PROBABILITY = "probability (of the model)"


@dataclass(frozen=True)
class Check:
    """One question about the file.

    Attributes:
        title: what was asked.
        holds: whether all is as it was; None where it cannot be told.
        sentence: the numbers behind it.
        metrics: for the record.
    """

    title: str
    holds: bool | None
    sentence: str
    metrics: Mapping[str, float] = field(default_factory=dict)

    @property
    def line(self) -> str:
        """All of it in one line."""
        word = {True: "holds", False: "MOVED", None: "not known"}[self.holds]
        return f"{self.title}: {word}; {self.sentence}"


@dataclass(frozen=True)
class ColumnDrift:
    """A column beside what it was in training.

    Attributes:
        name: of the column.
        stability: the population stability index.
        p: of "one population", adjusted by Holm for the number of columns.
        gaps_before, gaps: shares of missing values.
        moved: whether it counts as moved.
    """

    name: str
    stability: float
    p: float
    gaps_before: float
    gaps: float
    moved: bool


def columns_drift(profile: Profile, seen: Seen, options: MonitorOptions) -> list[ColumnDrift]:
    """Each column, and the model's probability, the most changed first."""
    columns = {**profile.columns, PROBABILITY: profile.probability}
    counts = {**seen.columns, PROBABILITY: seen.probability}
    p = holm(np.array([_p_value(column, counts[name]) for name, column in columns.items()]))
    found = []
    for (name, column), adjusted in zip(columns.items(), p, strict=True):
        before, now = np.array(column.counts), counts[name]
        index = stability_index(before, now, ordered=column.is_number)
        moved = bool(adjusted < options.level and index >= options.stability)
        gaps = [float(each[-1] / max(each.sum(), 1)) for each in (before, now)]
        found.append(ColumnDrift(name, index, float(adjusted), gaps[0], gaps[1], moved))
    return sorted(found, key=lambda column: (not column.moved, -column.stability))


def checks(
    profile: Profile,
    seen: Seen,
    columns: Sequence[ColumnDrift],
    options: MonitorOptions,
    training: pd.DataFrame | None,
    calibrated_at: float,
) -> list[Check]:
    """All that is asked of a file.

    Args:
        profile: of the training part.
        seen: in the file.
        columns: see `columns_drift`.
        options: what counts as moved.
        training: rows of training, where they are still there.
        calibrated_at: share of positives that the model's probabilities were calibrated at.
    """
    return [
        _columns(columns, options),
        _rows(training, seen, options),
        _prevalence(profile, seen, options, calibrated_at),
        _calibration(seen, options),
        *_promises(seen, options),
    ]


def _p_value(column: ColumnProfile, now: np.ndarray) -> float:
    return (numbers_p_value if column.is_number else categories_p_value)(np.array(column.counts), now)


def _columns(columns: Sequence[ColumnDrift], options: MonitorOptions) -> Check:
    moved = [column.name for column in columns if column.moved]
    most = max(columns, key=lambda column: column.stability)
    rule = f"p (Holm) below {options.level:g} and PSI from {options.stability:g} on"
    what = f"{join_names(moved, 5)} moved" if moved else f"none of {len(columns)} moved"
    metrics = {"monitor/columns_moved": float(len(moved)), "monitor/psi_max": most.stability}
    metrics |= {"monitor/psi_probability": next(each.stability for each in columns if each.name == PROBABILITY)}
    return Check(
        "columns", not moved, f"{what} ({rule}); the largest PSI is {most.stability:.3f}, {most.name}", metrics
    )


def _rows(training: pd.DataFrame | None, seen: Seen, options: MonitorOptions) -> Check:
    title = "whole rows, by a two-sample classifier"
    if training is None:
        return Check(title, None, "the training data are not where they were, and a model keeps no rows")
    found = two_sample_classifier(training, seen.sample)
    if found is None:
        return Check(title, None, "too few rows")
    holds = not (found.p < options.level and found.auc >= LEAST_AUC)
    said = f"AUC {found.auc:.3f} on rows that it was not fitted on, p {found.p:.2g} (moved from {LEAST_AUC:g} on)"
    return Check(title, holds, said, {"monitor/two_sample_auc": found.auc})


def _prevalence(profile: Profile, seen: Seen, options: MonitorOptions, calibrated_at: float) -> Check:
    before = profile.prevalence
    estimate = estimated_prevalence(*probabilities_seen(seen), calibrated_at)
    metrics = {"monitor/prevalence_estimate": estimate}
    by_scores = f"{estimate:.3%} as estimated from the probabilities"
    if not seen.labelled:
        return Check("prevalence", None, f"{before:.3%} in training; no labels; {by_scores}", metrics)
    now = seen.positives / seen.labelled
    table = [[profile.positives, profile.rows - profile.positives], [seen.positives, seen.labelled - seen.positives]]
    p = float(fisher_exact(table).pvalue)
    holds = not (p < options.level and abs(now / before - 1) > options.tolerance)
    said = f"{before:.3%} in training, {now:.3%} of {seen.labelled:,} labelled rows (Fisher's p {p:.2g}); {by_scores}"
    return Check("prevalence", holds, said, {**metrics, "monitor/prevalence": now})


def _calibration(seen: Seen, options: MonitorOptions) -> Check:
    title = "calibration"
    if not seen.labelled:
        return Check(title, None, "no labels")
    off = f"by more than {options.tolerance:.0%}"
    highest = seen.calibration.highest
    said = (
        f"{seen.positives:,} positives where {seen.expected:,.1f} were expected; "
        f"evidence that probabilities are off {off}: {highest:.3g} (moved from {1 / options.level:g} on)"
    )
    metrics = {
        "monitor/calibration_evidence": highest,
        "monitor/observed_over_expected": seen.positives / max(seen.expected, 1e-12),
    }
    return Check(title, highest < 1 / options.level, said, metrics)


def _promises(seen: Seen, options: MonitorOptions) -> list[Check]:
    found = []
    for promise, (test, (happened, of)) in seen.kept.items():
        title = f"guarantee {promise}"
        if not of:
            found.append(Check(title, None, "no labels" if not seen.labelled else "no row that it is about"))
            continue
        said = (
            f"{promise.rate} {happened / of:.4f} ({happened:,} of {of:,}); evidence against the guarantee: "
            f"{test.highest:.3g} (broken from {1 / options.level:g} on)"
        )
        metrics = {f"monitor/{promise.rate}": happened / of, f"monitor/{promise.rate}_evidence": test.highest}
        found.append(Check(title, test.highest < 1 / options.level, said, metrics))
    return found
