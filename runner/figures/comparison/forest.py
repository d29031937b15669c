"""A forest plot, one row a loss: labels at the left, estimates in the middle, words at the right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator

from runner.figures.comparison.layout import EDGE, WIDTH, Caption, foot_height, write, write_foot
from runner.figures.comparison.loss_labels import label_height, label_lines, widest, write_label
from runner.figures.scales import plain_number
from runner.figures.style import empty_figure, style_axes

_HEAD, _BOTTOM, _LABELS = 1.12, 0.62, 2.45  # inches
_BAND = "#F4F4F4"
_FENCE = 3.0  # Tukey's outer fences, in interquartile ranges
_FENCED_FROM = 5  # rows; of fewer none is far from the others


@dataclass(frozen=True)
class Row:
    """A row's label.

    Attributes:
        loss: its name.
        tag: words below the name.
        bold: whether the name stands out.
    """

    loss: str
    tag: str = ""
    bold: bool = False


@dataclass(frozen=True)
class Forest:
    """The figure, its panel, and where the rows are.

    Attributes:
        figure: the whole.
        axes: row i is at y = i, the first on top.
        pitch: inches from row to row.
    """

    figure: Figure
    axes: Axes
    pitch: float

    def write_above(self, x: float, text: str, **style: Any) -> None:
        """Writes above the panel, x inches from the left."""
        write(self.figure, x, _HEAD - 0.09, text, **style)

    def write_beside(self, row: int, x: float, text: str, **style: Any) -> None:
        """Writes in a row, x inches from the left."""
        write(self.figure, x, _HEAD + (row + 0.5) * self.pitch + 0.05, text, **style)

    def draw_estimate(self, row: int, value: float, interval: tuple[float, float], colour: str, marker: str) -> None:
        """Draws a dot on its interval. What is NaN is not drawn, what is infinite ends with the axis."""
        start, end = self.axes.get_xlim()
        low, high = interval
        if low <= high:
            ends = [max(low, start), min(high, end)]
            self.axes.plot(ends, [row, row], color=colour, lw=2.2, solid_capstyle="butt", zorder=3)
        self.axes.plot([value], [row], marker, color=colour, ms=8, mec="white", mew=1.0, zorder=4)

    def draw_arrows(self, row: int, values: np.ndarray, colour: str) -> None:
        """Draws an arrow at each end of the axis beyond which some of a row's values lie."""
        start, end = self.axes.get_xlim()
        for outside, edge, arrow in ((values < start, start, "<"), (values > end, end, ">")):
            if outside.any():
                self.axes.plot([edge], [row], arrow, color=colour, ms=7, mew=0, clip_on=False, zorder=4)


def forest_figure(
    caption: Caption, rows: Sequence[Row], *, limits: tuple[float, float], label: str, right: float
) -> Forest:
    """The figure without estimates; its height grows with the number of rows.

    Args:
        caption: around it.
        rows: from the top; at least one.
        limits: of the x axis.
        label: of the x axis.
        right: inches to keep free at the right.
    """
    lines = [label_lines(row.loss, _LABELS, tag=row.tag) for row in rows]
    pitch = max(label_height(each) for each in lines) + 0.1
    bottom = _BOTTOM + foot_height(caption.foot)
    height = _HEAD + pitch * len(rows) + bottom
    figure = empty_figure(caption.title, caption.subtitle, size=(WIDTH, height))
    for i, (row, each) in enumerate(zip(rows, lines, strict=True)):
        y = _HEAD + (i + 0.5) * pitch
        write_label(figure, EDGE + 0.08, y, each, weight="bold" if row.bold else "normal")
        if i % 2 == 0:
            figure.add_artist(_band(figure, y, pitch))
    write_foot(figure, caption.foot)
    left = EDGE + 0.08 + widest(lines) + 0.2
    axes = figure.add_axes(
        (left / WIDTH, bottom / height, 1 - (left + right) / WIDTH, pitch * len(rows) / height), facecolor="none"
    )
    style_axes(axes)
    axes.set(xlim=limits, ylim=(len(rows) - 0.5, -0.5), xlabel=label)
    axes.grid(False, axis="y")
    axes.spines["left"].set_visible(False)
    axes.tick_params(left=False, labelleft=False)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(plain_number))
    return Forest(figure, axes, pitch)


def x_limits(
    values: np.ndarray, lows: np.ndarray, highs: np.ndarray, *, always: Sequence[float]
) -> tuple[float, float]:
    """Ends of the x axis: with all rows but those that reach far outside, which would press the others together.

    Args:
        values, lows, highs: (rows,) dots, and how far a row reaches; NaN and infinite ends do not count.
        always: what must be on the axis.
    """
    lows = np.where(np.isfinite(lows), lows, values)
    highs = np.where(np.isfinite(highs), highs, values)
    ends = np.concatenate([lows, highs])
    fences = (-np.inf, np.inf)
    if np.isfinite(values).sum() >= _FENCED_FROM:
        first, third = np.nanquantile(ends, [0.25, 0.75])
        fences = (first - _FENCE * (third - first), third + _FENCE * (third - first))
    inside = (lows >= fences[0]) & (highs <= fences[1])
    near = values[(values >= fences[0]) & (values <= fences[1])]
    shown = np.concatenate([lows[inside], highs[inside], near, always])
    shown = shown[np.isfinite(shown)]
    if not shown.size:
        return 0.0, 1.0
    room = 0.05 * float(np.ptp(shown)) or 0.05 * abs(float(shown[0])) or 0.01
    return float(shown.min()) - room, float(shown.max()) + room


def explain_arrows(values: np.ndarray, ends: tuple[float, float]) -> list[str]:
    """The sentence that explains the arrows to finite values, if there are any."""
    outside = np.isfinite(values) & ((values < ends[0]) | (values > ends[1]))
    return ["An arrow points to what lies beyond the axis."] if outside.any() else []


def _band(figure: Figure, y: float, pitch: float) -> Rectangle:
    """The light ground of every other row."""
    height = figure.get_size_inches()[1]
    corner = (EDGE / WIDTH, 1 - (y + pitch / 2) / height)
    return Rectangle(
        corner, 1 - 2 * EDGE / WIDTH, pitch / height, color=_BAND, lw=0, zorder=-1, transform=figure.transFigure
    )
