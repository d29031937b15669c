"""Precision-recall curves of all losses over each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from runner.figures.colours import GREY
from runner.figures.comparison.layout import Caption, sentence_figure
from runner.figures.comparison.line_styles import line_properties
from runner.figures.comparison.overlay import (
    BAND_ALPHA,
    Measure,
    band,
    name_undrawn,
    overlay_figure,
    reference,
    staggered_markers,
)
from runner.figures.style import column


def precision_recall_overlay(
    curves: pd.DataFrame,
    losses: pd.DataFrame,
    *,
    prevalence: float,
    baseline: str = "",
    highlight: Sequence[str] | None = None,
    subtitle: str = "",
) -> Figure:
    """The mean precision of each loss's runs at every recall, and one standard deviation of the runs to either side.

    Look where you would work: a loss may lead at recall 0.3 and trail at 0.9. The area under a line is the mean
    average precision of the runs. Bands that overlap say little, since all losses share the luck of a split.

    Args:
        curves: of one dataset; ``loss``, ``recall`` (ascending, above 0), ``precision`` (the mean of the runs), ``low``
            and ``high`` (one standard deviation of the runs to either side; NaN of a single run). Each loss has the
            same recalls.
        losses: indexed by loss; ``average_precision`` (the mean of the runs) and ``runs`` (how many there are). A loss
            without runs has no curve, and is named below the figure.
        prevalence: share of positives, drawn as a dashed line.
        baseline: in colour whatever its average precision, or "".
        highlight: the losses in colour, at most six; None: all of up to six, else the best five and the baseline.
        subtitle: of what.
    """
    title = "Precision and recall by loss"
    drawn = losses[losses["runs"] > 0]
    if drawn.empty:
        return sentence_figure(title, subtitle, "No run has both classes and finite probabilities.")
    several = bool((drawn["runs"] > 1).any())
    figure, axes, styles = overlay_figure(
        Caption(title, subtitle, name_undrawn(losses)),
        Measure("mean AP", {str(loss): value for loss, value in drawn["average_precision"].items()}, True),
        baseline=baseline,
        highlight=highlight,
        others=[reference(f"prevalence {prevalence:.2g}"), *([band("± 1 sd of the runs")] if several else [])],
    )
    axes.axhline(prevalence, color=GREY, ls="--", lw=1.4, zorder=2)
    for i, (loss, style) in enumerate(styles.items()):
        curve = _from_recall_zero(curves[curves["loss"] == loss])
        recall = column(curve, "recall")
        every = staggered_markers(i, len(styles), len(curve)) if style else None
        properties = line_properties(style)
        axes.plot(recall, column(curve, "precision"), drawstyle="steps-pre", markevery=every, label=loss, **properties)
        low, high = column(curve, "low"), column(curve, "high")
        if style and np.isfinite(low).all():
            axes.fill_between(recall, low, high, step="pre", color=style.colour, alpha=BAND_ALPHA, lw=0, zorder=2)
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="recall (share of positives found)")
    axes.set_ylabel("precision (share of alarms that are right)")
    return figure


def _from_recall_zero(curve: pd.DataFrame) -> pd.DataFrame:
    """The curve with the step that begins at recall 0."""
    return pd.concat([curve[:1].assign(recall=0.0), curve])
