"""Calibration of all losses over each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from runner.evaluation.metrics import expected_calibration_error, quantile_bins
from runner.figures.colours import GREY
from runner.figures.comparison.layout import sentence
from runner.figures.comparison.overlay import (
    BAND_ALPHA,
    Run,
    band,
    line_style,
    overlay,
    reference,
    usable_runs,
    without_runs,
)
from runner.figures.scales import crowded_near_zero, smallest_decade, spread_small

POSITIVES = 10  # in a bin; with fewer its rate is mostly luck, and lines would zigzag between decades


def calibration_overlay(
    scores: Mapping[str, Sequence[Run]],
    *,
    bins: int = 10,
    baseline: str = "",
    highlight: Sequence[str] | None = None,
    subtitle: str = "",
) -> Figure:
    """Observed positive rate against mean predicted probability, over the rows of all runs of a loss together.

    Look at the distance from the dashed line: points below it claim too many positives, points above too few. The
    bands go from the lowest run to the highest. Where most bins are below 0.1, both axes run by decades (and linearly
    next to 0).

    Args:
        scores: see ``precision_recall_overlay``.
        bins: bins of equal size; neighbours are joined until each has ten positives, and equal probabilities share one.
        baseline: in colour whatever its calibration error, or "".
        highlight: the losses in colour, at most six; None: all of up to six, else the five of smallest error, and the
            baseline.
        subtitle: of what.
    """
    title = "Calibration by loss"
    runs = usable_runs(scores)
    if not runs:
        return sentence(title, subtitle, "No run has both classes and finite probabilities.")
    several = any(len(each) > 1 for each in runs.values())
    figure, axes, looks = overlay(
        title,
        subtitle,
        {loss: float(np.mean([expected_calibration_error(*run, bins) for run in each])) for loss, each in runs.items()},
        measure="mean ECE",
        higher_is_better=False,
        baseline=baseline,
        highlight=highlight,
        others=[reference("perfect"), *([band("lowest to highest run")] if several else [])],
        foot=without_runs([loss for loss in scores if loss not in runs]),
    )
    points = {loss: _points(runs[loss], bins) for loss in looks}
    _scale(axes, np.concatenate([each[:2] for each in points.values()], axis=1))
    for loss, look in looks.items():
        mean, rate, low, high = points[loss]
        axes.plot(mean, rate, label=loss, **line_style(look))
        if look and len(runs[loss]) > 1:
            axes.fill_between(mean, low, high, color=look.colour, alpha=BAND_ALPHA, lw=0, zorder=2)
    axes.set_xlabel("mean predicted probability")
    axes.set_ylabel("observed positive rate")
    return figure


def _points(runs: Sequence[Run], bins: int) -> np.ndarray:
    """(4, bins) mean probability and positive rate of all rows, and the lowest and the highest rate of a run."""
    labels, probabilities = (np.concatenate(parts) for parts in zip(*runs, strict=True))
    member = _joined(quantile_bins(probabilities, bins), labels)
    counts = np.bincount(member)
    owner = np.repeat(np.arange(len(runs)), [len(run[0]) for run in runs])
    each = np.zeros((len(runs), len(counts)))
    positives = each.copy()
    np.add.at(each, (owner, member), 1)
    np.add.at(positives, (owner, member), labels)
    rates = np.divide(positives, each, out=np.full(each.shape, np.nan), where=each > 0)
    return np.array(
        [
            np.bincount(member, probabilities) / counts,
            np.bincount(member, labels) / counts,
            np.nanmin(rates, axis=0),
            np.nanmax(rates, axis=0),
        ]
    )


def _joined(member: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Bins from 0 without gaps: from the highest down, neighbours joined until each has ten positives."""
    positives = np.bincount(member, labels)
    joined = np.zeros(len(positives), dtype=int)
    held = current = 0
    for i in range(len(positives) - 1, -1, -1):
        joined[i] = current
        held += positives[i]
        if held >= POSITIVES and positives[:i].sum() >= POSITIVES:
            held, current = 0, current + 1
    return current - joined[member]


def _scale(axes: Axes, points: np.ndarray) -> None:
    """Axes for rare positives where needed, and the line of perfect calibration."""
    line = [0.0, 1.0]
    if crowded_near_zero(points[0]):
        linear_below = smallest_decade(points.ravel())
        spread_small(axes, "x", linear_below=linear_below)
        spread_small(axes, "y", linear_below=linear_below)
        line = [0.0, linear_below, 1.0]
    else:
        axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.plot(line, line, color=GREY, ls="--", lw=1.4, zorder=2)
