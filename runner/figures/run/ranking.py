"""How well scores rank positives above negatives: precision-recall and ROC, at every threshold."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.figure import Figure

from runner.figures.colours import BLACK, BLUE, GREY
from runner.figures.style import column, legend_strip, new_figure, note


def precision_recall(
    curve: pd.DataFrame,
    *,
    average_precision: float,
    prevalence: float,
    threshold: float,
    at_threshold: tuple[float, float],
    interval: tuple[float, float] | None = None,
    subtitle: str = "",
) -> Figure:
    """The precision-recall curve as steps; a straight line between its points would promise too much.

    Look at the height over the dashed line: a useless score has precision equal to the prevalence everywhere.
    The area under the steps is the average precision.

    Args:
        curve: ``threshold``, ``precision``, ``recall`` (0 to 1), one row a distinct threshold in any order;
            the end point (recall 0, precision 1) has the threshold infinite or missing.
        average_precision: the title's number.
        prevalence: share of positives among the rows scored, drawn as a dashed line.
        threshold: the chosen threshold.
        at_threshold: (recall, precision) at the chosen threshold, marked by a dot.
        interval: (low, high) of the average precision, or None.
        subtitle: the run's name.
    """
    figure, (axes,) = new_figure(f"Average precision {_estimate(average_precision, interval)}", subtitle)
    ordered = _from_strictest(curve)
    recall, precision = column(ordered, "recall"), column(ordered, "precision")
    # Average precision holds a point's precision over the recall it adds: the step lies left of the point.
    (line,) = axes.plot(recall, precision, color=BLUE, lw=1.9, drawstyle="steps-pre")
    chance = axes.axhline(prevalence, color=GREY, ls="--", lw=1.4)
    entries: list[tuple[Artist, str]] = [(line, "curve")]
    (dot,) = axes.plot(*[[value] for value in at_threshold], "o", ms=9, color=BLACK, mec="white", mew=1.2, zorder=4)
    dot.set_clip_on(False)
    entries.append((dot, f"threshold {threshold:.3g}: recall {at_threshold[0]:.2f}, precision {at_threshold[1]:.2f}"))
    entries.append((chance, f"prevalence {prevalence:.2g}"))
    if not np.isfinite(precision).any():
        note(axes, "no point on the curve")
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="recall (share of positives found)")
    axes.set_ylabel("precision (share of alarms that are right)")
    legend_strip(figure, entries)
    return figure


def roc(
    curve: pd.DataFrame,
    *,
    roc_auc: float,
    at_threshold: tuple[float, float],
    interval: tuple[float, float] | None = None,
    subtitle: str = "",
) -> Figure:
    """The ROC curve with the diagonal of chance.

    Look at the left edge: with rare positives, a false positive rate of 0.1 already means more false alarms
    than hits. Read it together with the precision-recall curve, which shows that cost.

    Args:
        curve: ``threshold``, ``false_positive_rate``, ``true_positive_rate`` (0 to 1), in any order.
        roc_auc: the title's number.
        at_threshold: (false positive rate, true positive rate) at the chosen threshold, marked by a dot.
        interval: (low, high) of the area, or None.
        subtitle: the run's name.
    """
    figure, (axes,) = new_figure(f"Area under the ROC curve {_estimate(roc_auc, interval)}", subtitle)
    ordered = _from_strictest(curve)
    false_rate, true_rate = column(ordered, "false_positive_rate"), column(ordered, "true_positive_rate")
    (line,) = axes.plot(false_rate, true_rate, color=BLUE, lw=1.9)
    (chance,) = axes.plot([0, 1], [0, 1], color=GREY, ls="--", lw=1.4, zorder=1)
    (dot,) = axes.plot(*[[value] for value in at_threshold], "o", ms=9, color=BLACK, mec="white", mew=1.2, zorder=4)
    dot.set_clip_on(False)
    label = f"chosen threshold: FPR {at_threshold[0]:.3g}, TPR {at_threshold[1]:.2f}"
    if not np.isfinite(true_rate).any():
        note(axes, "no point on the curve")
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="false positive rate (share of negatives flagged)")
    axes.set_ylabel("true positive rate (share of positives found)")
    legend_strip(figure, [(line, "ROC"), (dot, label), (chance, "chance")])
    return figure


def _from_strictest(curve: pd.DataFrame) -> pd.DataFrame:
    """Rows from the highest threshold to the lowest; a missing threshold counts as infinite."""
    thresholds = np.nan_to_num(column(curve, "threshold"), nan=np.inf, posinf=np.inf)
    return curve.iloc[np.argsort(-thresholds, kind="stable")]


def _estimate(value: float, interval: tuple[float, float] | None) -> str:
    return f"{value:.3f}" if interval is None else f"{value:.3f}  [{interval[0]:.3f}, {interval[1]:.3f}]"
