"""Whether a predicted probability of 0.2 means one positive in five."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from runner.figures.colours import BLACK, GREEN, GREY, NEGATIVE, POSITIVE
from runner.figures.scales import crowded_near_zero, show_counts, smallest_decade, spread_small
from runner.figures.style import Grid, column, legend_strip, new_figure, note

_HISTOGRAM_BINS = 48


def calibration(
    bins: pd.DataFrame,
    probabilities: np.ndarray,
    labels: np.ndarray,
    *,
    ece: float,
    brier: float,
    subtitle: str = "",
    calibrated_bins: pd.DataFrame | None = None,
) -> Figure:
    """Observed positive rate against mean predicted probability, over a histogram of the scores by class.

    Look at the distance from the dashed line: points below it claim too many positives, points above too few.
    Where most bins are below 0.1, both axes run by decades (and linearly next to 0).

    Args:
        bins: quantile bins: ``mean_probability``, ``positive_rate`` (0 to 1), ``count`` (rows), ``low`` and
            ``high`` (an interval of the positive rate). Rows with missing values are left out.
        probabilities: (rows,) predicted probabilities, for the histogram.
        labels: (rows,) 0 or 1.
        ece: expected calibration error over the bins (0 to 1).
        brier: mean squared error of the probability (0 to 1).
        subtitle: the run's name.
        calibrated_bins: like ``bins``, of the probabilities after Platt scaling on validation, or None.
    """
    figure, (top, bottom) = new_figure(
        f"Calibration error (ECE) {ece:.3g}, Brier score {brier:.3g}",
        subtitle,
        grid=Grid(rows=2, height_ratios=(2.3, 1), share_x=True),
        legend_rows=2,
        left=0.95,
    )
    probabilities = np.asarray(probabilities, dtype=np.float64)
    entries: list[tuple[Artist, str]] = []
    (perfect,) = top.plot([0, 1], [0, 1], color=GREY, ls="--", lw=1.4, zorder=1)

    tables = [(bins, BLACK, "o", "as predicted")]
    if calibrated_bins is not None:
        tables.append((calibrated_bins, GREEN, "D", "calibrated on validation"))
    kept = [table.dropna(subset=["mean_probability", "positive_rate"]) for table, *_ in tables]
    means = np.concatenate([column(table, "mean_probability") for table in kept])
    crowded = crowded_near_zero(means if means.size else probabilities)
    if crowded:
        rates = np.concatenate([column(table, "positive_rate") for table in kept])
        linear_below = smallest_decade(np.concatenate([means, rates]))
        spread_small(top, "x", linear_below=linear_below)
        spread_small(top, "y", linear_below=linear_below)
        perfect.set_data([0, *np.geomspace(linear_below, 1, 2)], [0, *np.geomspace(linear_below, 1, 2)])
    else:
        linear_below = 1.0
        top.set(xlim=(0, 1), ylim=(0, 1))
    for table, (_, colour, marker, label) in zip(kept, tables, strict=True):
        if len(table):
            entries.append((_points(top, table, colour, marker), label))
    entries.append((perfect, "perfect"))
    if not means.size:
        note(top, "no bins")
    top.tick_params(labelbottom=False)
    top.set_ylabel("observed positive rate")

    edges = _edges(crowded, linear_below)
    for value, colour, name in ((0, NEGATIVE, "negatives"), (1, POSITIVE, "positives")):
        entries.append(_histogram(bottom, probabilities[np.asarray(labels) == value], edges, colour, name))
    show_counts(bottom)
    bottom.set_ylabel("rows")
    bottom.set_xlabel("predicted probability")
    figure.align_ylabels([top, bottom])
    legend_strip(figure, entries, rows=2)
    return figure


def _points(axes: Axes, table: pd.DataFrame, colour: str, marker: str) -> Artist:
    """The bins as markers with their intervals. Unjoined: a line through empty bins would zigzag."""
    mean, rate = column(table, "mean_probability"), column(table, "positive_rate")
    low, high = column(table, "low"), column(table, "high")
    reach = np.nan_to_num(np.clip(np.stack([rate - low, high - rate]), 0, None))
    drawn = axes.errorbar(
        mean, rate, yerr=reach, fmt=marker, ms=5.5, color=colour, mec="white", mew=0.8, ls="none",
        elinewidth=1.3, capsize=2.5,
    )  # fmt: skip
    line: Artist = drawn[0]
    for part in (line, *drawn[1]):
        part.set_clip_on(False)
    return line


def _edges(crowded: bool, linear_below: float) -> np.ndarray:
    """Histogram edges of equal width on the axis as drawn."""
    if not crowded:
        return np.linspace(0, 1, _HISTOGRAM_BINS + 1)
    decades = round(-np.log10(linear_below))
    each = max(_HISTOGRAM_BINS // (decades + 1), 4)
    below = np.linspace(0, linear_below, each + 1)[:-1]
    return np.concatenate([below, np.geomspace(linear_below, 1, decades * each + 1)])


def _histogram(axes: Axes, scores: np.ndarray, edges: np.ndarray, colour: str, name: str) -> tuple[Artist, str]:
    counts, _ = np.histogram(scores[np.isfinite(scores)], np.append(edges[:-1], 1.0 + 1e-9))
    drawn = axes.stairs(
        np.maximum(counts, 0.1),
        edges,
        baseline=0.1,
        fill=True,
        facecolor=colour,
        edgecolor=colour,
        alpha=0.45,
        lw=0,
    )
    axes.stairs(np.maximum(counts, 0.1), edges, baseline=None, color=colour, lw=1.2)
    return drawn, f"{scores.size:,} {name}"
