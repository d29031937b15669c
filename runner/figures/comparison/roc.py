"""ROC curves of all losses over each other."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure

from runner.figures.colours import GREY
from runner.figures.comparison.layout import Caption, sentence_figure
from runner.figures.comparison.line_styles import line_properties
from runner.figures.comparison.overlay import Measure, name_undrawn, overlay_figure, reference, staggered_markers
from runner.figures.style import column


def roc_overlay(
    curves: pd.DataFrame,
    losses: pd.DataFrame,
    *,
    baseline: str = "",
    highlight: Sequence[str] | None = None,
    subtitle: str = "",
) -> Figure:
    """The mean true positive rate of each loss's runs at every false positive rate.

    Of rare positives look at the left edge, where few negatives are taken for positives: the rest is of no use.

    Args:
        curves: of one dataset; ``loss``, ``false_positive_rate`` (ascending, from 0 to 1), ``true_positive_rate`` (the
            mean of the runs). Each loss has the same false positive rates.
        losses: indexed by loss; ``roc_auc`` (the mean of the runs) and ``runs`` (how many there are). A loss without
            runs has no curve, and is named below the figure.
        baseline: in colour whatever its ROC AUC, or "".
        highlight: the losses in colour, at most six; None: all of up to six, else the best five and the baseline.
        subtitle: of what.
    """
    title = "ROC by loss"
    drawn = losses[losses["runs"] > 0]
    if drawn.empty:
        return sentence_figure(title, subtitle, "No run has both classes and finite probabilities.")
    figure, axes, styles = overlay_figure(
        Caption(title, subtitle, name_undrawn(losses)),
        Measure("mean AUC", {str(loss): value for loss, value in drawn["roc_auc"].items()}, True),
        baseline=baseline,
        highlight=highlight,
        others=[reference("by guessing")],
    )
    axes.plot([0, 1], [0, 1], color=GREY, ls="--", lw=1.4, zorder=2)
    for i, (loss, style) in enumerate(styles.items()):
        curve = curves[curves["loss"] == loss]
        every = staggered_markers(i, len(styles), len(curve)) if style else None
        rates = column(curve, "false_positive_rate"), column(curve, "true_positive_rate")
        axes.plot(*rates, markevery=every, label=loss, **line_properties(style))
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="false positive rate (share of negatives taken for positives)")
    axes.set_ylabel("true positive rate (share of positives found)")
    return figure
