"""How a metric changes with a swept hyper-parameter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import ScaledTranslation

from runner.figures.colours import GREY
from runner.figures.comparison.layout import Caption, sentence_figure
from runner.figures.comparison.line_styles import line_properties
from runner.figures.comparison.overlay import SIDE, Measure, overlay_figure, reference
from runner.figures.comparison.parameter_axis import parameter_axis
from runner.figures.style import TEXT, column, cut
from runner.metrics import metric_label, metric_name

_RUN: dict[str, Any] = {"ls": "", "ms": 4, "alpha": 0.35, "mew": 0}
_WIDE, _WIDE_WORDS = 10.0, 50.0  # points that the lines at one value take


def sensitivity_overlay(
    table: pd.DataFrame,
    metric: str,
    parameter: str,
    *,
    baseline: str = "",
    higher_is_better: bool = True,
    subtitle: str = "",
) -> Figure:
    """The metric of every run against one hyper-parameter, and the mean at each value.

    Look for a flat top, where the value hardly matters, and whether the dots at one value scatter more than the line
    moves. A best value at an end of the axis says that the sweep was too short.

    Args:
        table: of one dataset, one row a run: ``loss``, the metric, and the parameter, missing where a loss has none.
            A line is a loss without this setting: ``focal gamma=1`` and ``focal gamma=2`` are the line ``focal``.
        metric: such as ``test/average_precision``. Values that are not finite are left out and counted.
        parameter: such as ``loss.gamma``; numbers, also as text, or words. Of many numbers, neighbours share a mean.
        baseline: the loss whose mean is a dashed line where it does not have the parameter, or "".
        higher_is_better: of the metric.
        subtitle: of what.
    """
    name = metric_name(metric)
    title = f"{name[0].upper()}{name[1:]} by {parameter}"
    finite = table[np.isfinite(column(table, metric))]
    varied = finite[finite[parameter].notna()]
    if varied.empty:
        return sentence_figure(title, subtitle, f"No finished run has a value of {parameter}.")
    axis = parameter_axis(varied[parameter], SIDE)
    lines = [_without(str(loss), parameter) for loss in varied["loss"]]
    runs = pd.DataFrame({"line": lines, "x": axis.places, "near": axis.near, "y": column(varied, metric)})
    means = runs.groupby(["line", "near"])["y"].mean()
    level = np.nan
    if baseline not in set(varied["loss"]):
        level = float(finite.loc[finite["loss"] == baseline, metric].mean())
    best = means.groupby("line").max() if higher_is_better else means.groupby("line").min()
    figure, axes, styles = overlay_figure(
        Caption(title, subtitle, _foot(len(table) - len(finite))),
        Measure("best mean", {str(line): value for line, value in best.items()}, higher_is_better),
        baseline=_without(baseline, parameter),
        highlight=None,
        others=[
            (Line2D([], [], color=TEXT, marker="o", **_RUN), "a run"),
            *([reference(f"mean of {cut(baseline, 18)}")] if np.isfinite(level) else []),
        ],
    )
    if np.isfinite(level):
        axes.axhline(level, color=GREY, ls="--", lw=1.4, zorder=2)
    coloured = [line for line, style in styles.items() if style]
    for line, style in styles.items():
        own = runs[runs["line"] == line]
        properties = line_properties(style) | ({"ls": ""} if axis.words else {})
        drawn = axes.plot(means[line].index, means[line], label=line, **properties)
        if style:
            drawn += axes.plot(own["x"], own["y"], color=style.colour, marker=style.marker, zorder=2, **_RUN)
            share = (coloured.index(line) + 0.5) / len(coloured) - 0.5
            _move(axes, drawn, share * (_WIDE_WORDS if axis.words else _WIDE))
    axis.apply(axes)
    remark = " (even steps)" if axis.even else " (means of neighbouring values)" if axis.many else ""
    axes.set_xlabel(f"{parameter}{remark}")
    axes.set_ylabel(f"{metric_label(metric)}, {'higher' if higher_is_better else 'lower'} is better")
    return figure


def _move(axes: Axes, lines: list[Line2D], points: float) -> None:
    """Moves lines aside on the paper, so that they do not hide each other; their data stay as they are."""
    aside = ScaledTranslation(points / 72, 0, axes.figure.dpi_scale_trans)
    for line in lines:
        line.set_transform(axes.transData + aside)


def _without(loss: str, parameter: str) -> str:
    """A loss's name without the setting of this parameter."""
    names = {parameter, parameter.rpartition(".")[2]}
    parts = (
        " ".join(word for word in part.split() if "=" not in word or word.partition("=")[0] not in names)
        for part in loss.split(" · ")
    )
    return " · ".join(part for part in parts if part)


def _foot(left_out: int) -> list[str]:
    if not left_out:
        return []
    return [f"{left_out} run{'' if left_out == 1 else 's'} without a finite value left out."]
