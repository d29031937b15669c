"""Test metrics of each group of rows, with their intervals, beside those of all rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from runner.figures.colours import BLACK, BLUE, GREY, ORANGE
from runner.figures.scales import plain_number
from runner.figures.style import SIZE, column, cut, empty_figure, legend_strip, style_axes
from runner.metrics import metric_name

PANELS = ("roc_auc", "average_precision", "recall")
MOST_GROUPS = 30
"""In one figure; of more the worst."""
_HEAD, _BOTTOM, _PITCH, _LEFT, _RIGHT, _GAP = 1.06, 0.62, 0.4, 1.85, 0.2, 0.22  # inches
_LONGEST = 20  # characters of a group's name


def by_group(table: pd.DataFrame, *, grouped_by: str, overall: Mapping[str, float], subtitle: str = "") -> Figure:
    """ROC AUC, average precision and recall of each group, the group of the worst ROC AUC on top.

    Look at intervals that lie wholly left of the line of all rows. Average precision is to be read against the group's
    own share of positives, the small vertical mark, which guessing reaches.

    Args:
        table: ``group``, ``rows``, ``positives``, ``prevalence``, ``reason`` (why it is too small; empty where it is
            not), and of each metric of `PANELS` its value, ``.low`` and ``.high`` (0 to 1), worst first.
        grouped_by: the column whose values the groups are.
        overall: the metrics of all rows.
        subtitle: the run's name.
    """
    shown = table.head(MOST_GROUPS)
    ranked = shown[shown["reason"] == ""]
    width, height = SIZE[0], _HEAD + _BOTTOM + _PITCH * len(shown)
    if len(ranked):
        worst, group = ranked["roc_auc"].iloc[0], cut(str(ranked["group"].iloc[0]), _LONGEST)
        title = f"By {cut(grouped_by, _LONGEST)}: ROC AUC {worst:.3f} at worst ({group})"
    else:
        title = f"By {cut(grouped_by, _LONGEST)}: every group is too small to say"
    figure = empty_figure(title, subtitle, size=(width, height))
    each = (width - _LEFT - _RIGHT - _GAP * (len(PANELS) - 1)) / len(PANELS)
    bottom, tall = _BOTTOM / height, _PITCH * len(shown) / height
    for place, metric in enumerate(PANELS):
        axes = figure.add_axes(((_LEFT + place * (each + _GAP)) / width, bottom, each / width, tall))
        style_axes(axes)
        _panel(axes, shown, metric, overall[metric])
        if place == 0:
            _labels(axes, shown)
    entries = [
        (Line2D([], [], color=BLUE, marker="o", lw=2.2, mec="white", ms=7), "a group, 95% interval"),
        (Line2D([], [], color=BLACK, lw=1.4, ls="--"), "all rows"),
        (Line2D([], [], color=ORANGE, marker="|", lw=0, ms=10, mew=2.4), "its share of positives"),
    ]
    legend_strip(figure, entries)
    if len(table) > len(shown):
        figure.text(
            0.2 / width, 0.1 / height, f"{len(table) - len(shown)} more groups in groups.csv", size=9, color=GREY
        )
    return figure


def _panel(axes: Axes, table: pd.DataFrame, metric: str, overall: float) -> None:
    values, low, high = (column(table, name) for name in (metric, f"{metric}.low", f"{metric}.high"))
    small = (table["reason"] != "").to_numpy()
    axes.axvline(overall, color=BLACK, lw=1.4, ls="--", zorder=2)
    for row in np.flatnonzero(~small):
        if low[row] <= high[row]:
            axes.plot([low[row], high[row]], [row, row], color=BLUE, lw=2.2, solid_capstyle="butt", zorder=3)
        axes.plot([values[row]], [row], "o", color=BLUE, ms=7, mec="white", zorder=4)
        if metric == "average_precision":
            axes.plot([table["prevalence"].iloc[row]], [row], "|", color=ORANGE, ms=11, mew=2.4, zorder=5)
    reached = np.concatenate([values[~small], low[~small], [overall]])
    least = float(np.nanmin(reached)) if np.isfinite(reached).any() else 0.0
    start = 0.0 if metric != "roc_auc" or least < 0.45 else np.floor(20 * least - 0.5) / 20
    axes.set(xlim=(min(start, 0.9), 1.02), ylim=(len(table) - 0.5, -0.5), xlabel=metric_name(metric))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(plain_number))
    axes.grid(False, axis="y")
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)


def _labels(axes: Axes, table: pd.DataFrame) -> None:
    for row, (_, group) in enumerate(table.iterrows()):
        at = axes.get_yaxis_transform()
        colour = GREY if group["reason"] else BLACK
        said = group["reason"] or f"{group['rows']:,} rows, {group['positives']:,} positive"
        style: dict[str, Any] = {"transform": at, "ha": "right", "parse_math": False}
        axes.text(-0.06, row - 0.04, cut(str(group["group"]), _LONGEST), size=10, color=colour, va="bottom", **style)
        axes.text(-0.06, row + 0.04, said, size=8.5, color="#595959", va="top", **style)
