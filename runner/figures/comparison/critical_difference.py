"""Average ranks over datasets, and which losses they do not separate: Demšar's diagram (2006, JMLR 7, figure 1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator

from runner.figures.colours import GREY, loss_colour
from runner.figures.comparison.layout import EDGE, WIDTH, sentence_figure, write, write_foot
from runner.figures.comparison.loss_labels import label_height, label_lines, widest, write_label
from runner.figures.style import TEXT, empty_figure

# Inches. The axis is measured from the figure's top, what hangs on it from the axis.
_AXIS, _BOTTOM = 1.72, 0.42
_LENGTH = -0.75
_FIRST_BAR, _NEXT_BAR = 0.15, 0.12
_LABELS, _RANK, _OVERHANG = 1.6, 0.58, 0.15  # a label, its rank in figures, and the way from there to the axis


class AverageRanks(Protocol):
    """Average ranks of losses over datasets, 1 the best.

    Attributes:
        average: by loss, best first.
        n: datasets ranked.
        critical_difference: average ranks closer than this are not separated.
        groups: sets of losses not separated, each best first.
    """

    @property
    def average(self) -> pd.Series: ...
    @property
    def n(self) -> int: ...
    @property
    def critical_difference(self) -> float: ...
    @property
    def groups(self) -> Sequence[Sequence[str]]: ...


def critical_difference_diagram(ranks: AverageRanks | None, *, baseline: str = "", subtitle: str = "") -> Figure:
    """The axis of average ranks with the losses' names, best at the left; bars join losses that are not separated.

    Only of losses that no bar joins does the order say something.

    Args:
        ranks: None where there was nothing to rank.
        baseline: whose name stands out, or "".
        subtitle: of what.
    """
    title = "Average ranks of the losses"
    if ranks is None:
        return sentence_figure(title, subtitle, "Ranks need at least two independent datasets and two losses.")
    average = {str(loss): float(rank) for loss, rank in ranks.average.items()}
    labels = {loss: label_lines(loss, _LABELS, tag="baseline" if loss == baseline else "") for loss in average}
    half = -(-len(average) // 2)
    best, worst = list(average)[:half], list(average)[half:][::-1]
    left, right = (EDGE + widest(labels[loss] for loss in side) + _RANK + _OVERHANG for side in (best, worst))
    # the axis is as long as the critical difference at least, which is drawn above it
    last = max(len(average), 1 + ranks.critical_difference)
    inch = (last - 1) / (WIDTH - left - right)  # in ranks
    bars = _stacked([(average[group[0]], average[group[-1]]) for group in ranks.groups], apart=0.2 * inch)
    first = _FIRST_BAR + _NEXT_BAR * (1 + max((level for *_, level in bars), default=-1))
    pitch = max(label_height(lines) for lines in labels.values()) + 0.1
    depth = first + pitch * half
    height = _AXIS + depth + _BOTTOM
    figure = empty_figure(title, subtitle, size=(WIDTH, height))
    axes = figure.add_axes(
        (left / WIDTH, _BOTTOM / height, 1 - (left + right) / WIDTH, depth / height), facecolor="none"
    )
    _style_axis(axes, len(average), last, depth, f"average rank on {ranks.n} datasets, 1 is best")
    for losses, start, inward in ((best, left - _OVERHANG, 1), (worst, WIDTH - right + _OVERHANG, -1)):
        ha = "right" if inward > 0 else "left"
        end = (1 if inward > 0 else last) - inward * _OVERHANG * inch
        for i, loss in enumerate(losses):
            y, rank = first + pitch * (i + 0.5), average[loss]
            _connect(axes, rank, y, end, loss_colour(loss))
            write(figure, start - 0.07 * inward, _AXIS + y + 0.05, f"{rank:.2f}", size=10, ha=ha)
            weight = "bold" if loss == baseline else "normal"
            write_label(figure, start - _RANK * inward, _AXIS + y, labels[loss], ha=ha, weight=weight)
    for low, high, level in bars:
        y = _FIRST_BAR + _NEXT_BAR * level
        ends = [low - 0.05 * inch, high + 0.05 * inch]
        axes.plot(ends, [y, y], color=TEXT, lw=4, solid_capstyle="butt", clip_on=False, zorder=3)
    length = ranks.critical_difference
    axes.plot([1, 1 + length], [_LENGTH] * 2, "|-", color=TEXT, lw=1.6, ms=9, mew=1.6, clip_on=False)
    axes.text(1, _LENGTH - 0.12, f"critical difference {length:.2f}", size=10, color=TEXT)
    write_foot(figure, [_summary(len(average), ranks.groups)])
    return figure


def _stacked(bars: Sequence[tuple[float, float]], apart: float) -> list[tuple[float, float, int]]:
    """Bars with the uppermost level on which each is clear of the others."""
    ends: list[float] = []
    stacked = []
    for low, high in sorted(bars):
        level = next((level for level, end in enumerate(ends) if end + apart < low), len(ends))
        ends[level : level + 1] = [high]
        stacked.append((low, high, level))
    return stacked


def _style_axis(axes: Axes, losses: int, last: float, depth: float, label: str) -> None:
    """Puts the axis on top; y is inches below it."""
    axes.set(xlim=(1, last), ylim=(depth, 0))
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    axes.set_xlabel(label, size=10, color=TEXT, labelpad=6)
    axes.xaxis.set_major_locator(FixedLocator(range(1, losses + 1, -(-losses // 8))))
    axes.yaxis.set_visible(False)
    for side in ("left", "right", "bottom"):
        axes.spines[side].set_visible(False)
    axes.spines["top"].set(color=GREY, bounds=(1, losses))
    axes.tick_params(labelsize=10, color=GREY, labelcolor=TEXT, length=4)


def _connect(axes: Axes, rank: float, y: float, end: float, colour: str) -> None:
    """Draws the line from the rank on the axis down to the row of the label, and out to it."""
    axes.plot([rank, rank, end], [0, y, y], color=colour, lw=1.5, clip_on=False, zorder=2)
    axes.plot([rank], [0], "o", color=colour, ms=5, mew=0, clip_on=False, zorder=4)


def _summary(losses: int, groups: Sequence[Sequence[str]]) -> str:
    if not groups:
        return "No two losses are closer than the critical difference: all are separated (Nemenyi)."
    if len(groups[0]) == losses:
        return "No loss is separated from any other: all ranks lie within the critical difference (Nemenyi)."
    return "Losses joined by a bar are not separated: they are closer than the critical difference (Nemenyi)."
