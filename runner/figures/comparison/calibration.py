"""Calibration of all losses over each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from runner.figures.colours import GREY
from runner.figures.comparison.layout import Caption, sentence_figure
from runner.figures.comparison.line_styles import line_properties
from runner.figures.comparison.overlay import BAND_ALPHA, Measure, band, name_undrawn, overlay_figure, reference
from runner.figures.scales import crowded_near_zero, smallest_decade, spread_small
from runner.figures.style import column


def calibration_overlay(
    curves: pd.DataFrame,
    losses: pd.DataFrame,
    *,
    baseline: str = "",
    highlight: Sequence[str] | None = None,
    subtitle: str = "",
) -> Figure:
    """Observed positive rate against mean predicted probability, over the rows of all runs of a loss together.

    Look at the distance from the dashed line: points below it claim too many positives, points above too few. The
    bands go from the lowest run to the highest. Where most bins are below 0.1, both axes run by decades (and linearly
    next to 0).

    Args:
        curves: of one dataset; ``loss``, and a row a bin: ``mean_probability`` (ascending), ``positive_rate``, ``low``
            and ``high`` (the lowest and the highest rate of a run; NaN of a single run).
        losses: indexed by loss; ``ece`` (expected calibration error, the mean of the runs) and ``runs`` (how many there
            are). A loss without runs has no curve, and is named below the figure.
        baseline: in colour whatever its calibration error, or "".
        highlight: the losses in colour, at most six; None: all of up to six, else the five of smallest error, and the
            baseline.
        subtitle: of what.
    """
    title = "Calibration by loss"
    drawn = losses[losses["runs"] > 0]
    if drawn.empty:
        return sentence_figure(title, subtitle, "No run has both classes and finite probabilities.")
    several = bool((drawn["runs"] > 1).any())
    figure, axes, styles = overlay_figure(
        Caption(title, subtitle, name_undrawn(losses)),
        Measure("mean ECE", {str(loss): value for loss, value in drawn["ece"].items()}, higher_is_better=False),
        baseline=baseline,
        highlight=highlight,
        others=[reference("perfect"), *([band("lowest to highest run")] if several else [])],
    )
    _scale(axes, column(curves, "mean_probability"), column(curves, "positive_rate"))
    for loss, style in styles.items():
        curve = curves[curves["loss"] == loss]
        mean, low, high = (column(curve, name) for name in ("mean_probability", "low", "high"))
        axes.plot(mean, column(curve, "positive_rate"), label=loss, **line_properties(style))
        if style and np.isfinite(low).all():
            axes.fill_between(mean, low, high, color=style.colour, alpha=BAND_ALPHA, lw=0, zorder=2)
    axes.set_xlabel("mean predicted probability")
    axes.set_ylabel("observed positive rate")
    return figure


def _scale(axes: Axes, means: np.ndarray, rates: np.ndarray) -> None:
    """Axes for rare positives where needed, and the line of perfect calibration."""
    line = [0.0, 1.0]
    if crowded_near_zero(means):
        linear_below = smallest_decade(np.concatenate([means, rates]))
        spread_small(axes, "x", linear_below=linear_below)
        spread_small(axes, "y", linear_below=linear_below)
        line = [0.0, linear_below, 1.0]
    else:
        axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.plot(line, line, color=GREY, ls="--", lw=1.4, zorder=2)
