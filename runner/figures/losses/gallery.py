"""All losses on one page: small panels, so that what each does differently is seen at a glance."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

from runner.figures.colours import GREY, NEGATIVE, POSITIVE
from runner.figures.scales import plain_number
from runner.figures.style import TEXT, column, empty_figure, legend_strip, style_axes

_PER_EXAMPLE = "Losses of one example"
_WHOLE_BATCH = "Losses of a whole batch: one row moves, the others stay (the batch's loss and gradient, times its rows)"
_COLUMNS = 3
# Inches. Across: the page, its margin, a panel, and the steps to the next panel and the next cell.
_WIDTH, _LEFT, _PANEL, _NEXT_PANEL, _NEXT_CELL = 10.0, 0.5, 1.24, 1.62, 3.2
# Down: the page's head, a group's, a cell's name, a panel, the step to the next row, a group's foot.
_HEAD, _HEADING, _NAME, _HEIGHT, _NEXT_ROW, _FOOT = 1.0, 0.58, 0.4, 0.95, 1.52, 0.42
_PALE = "#595959"
# What most losses need. They go to infinity at the wrong end, and leave through the top as the log loss does.
_SCALES = {"loss": (0.0, 6.0), "gradient": (-2.1, 1.4)}
_VISIBLE = (0.02, 0.98)  # a loss whose gradient leaves the scale inside this stretch has scales of its own
_JUMP = 0.1  # far above the error of the trapezoid rule between two points, and hardly seen


def gallery(
    shapes: Mapping[str, pd.DataFrame],
    *,
    settings: Mapping[str, str] | None = None,
    whole_batch: Collection[str] = (),
    title: str = "Shapes of all losses",
    subtitle: str = "",
) -> Figure:
    """One cell a loss: left its value, right its pull on the logit, against the predicted probability.

    Look for where a line leaves the dotted one of the log loss. Cells share their scales, but for losses that pull
    too hard for them: those have scales of their own, and say so.

    Args:
        shapes: a loss's name to its table, as ``loss_shape`` takes it, in the order of the cells.
        settings: a loss's name to its hyper-parameters in words.
        whole_batch: names of losses of a whole batch; they come last.
        title, subtitle: of the page.
    """
    groups = {
        _PER_EXAMPLE: [name for name in shapes if name not in whole_batch],
        _WHOLE_BATCH: [name for name in shapes if name in whole_batch],
    }
    heights = [_HEADING + -(-len(names) // _COLUMNS) * _NEXT_ROW + _FOOT if names else 0.0 for names in groups.values()]
    figure = empty_figure(title, subtitle, size=(_WIDTH, _HEAD + sum(heights)))
    lines: list[Line2D] = []
    for (heading, names), top in zip(groups.items(), (_HEAD, _HEAD + heights[0]), strict=True):
        if names:
            _head(figure, heading, top, columns=min(len(names), _COLUMNS))
        for i, name in enumerate(names):
            left, start = _LEFT + i % _COLUMNS * _NEXT_CELL, top + _HEADING + i // _COLUMNS * _NEXT_ROW
            own_scales = _outgrows(shapes[name])
            _title(figure, left, start, name, (settings or {}).get(name, ""), own_scales=own_scales)
            panels = _panels(figure, left, start + _NAME, lowest=i + _COLUMNS >= len(names))
            lines = _draw(panels, shapes[name], own_scales=own_scales)
    labels = ("label 1 (positive)", "label 0 (negative)", "log loss")
    legend_strip(figure, list(zip(lines, labels, strict=False)))
    return figure


def _head(figure: Figure, heading: str, top: float, *, columns: int) -> None:
    """A group's name over a rule, and below it what the panels of each column show."""
    width, height = figure.get_size_inches()
    _write(figure, 0.2, top + 0.17, heading, size=11, color=_PALE)
    y = 1 - (top + 0.25) / height
    figure.add_artist(Line2D([0.2 / width, 1 - 0.2 / width], [y, y], color=GREY, lw=0.8))
    for cell in range(columns):
        for panel, label in enumerate(("loss", "gradient by the logit")):
            middle = _LEFT + cell * _NEXT_CELL + panel * _NEXT_PANEL + _PANEL / 2
            _write(figure, middle, top + 0.46, label, size=9, ha="center", color=_PALE)


def _title(figure: Figure, left: float, top: float, name: str, settings: str, *, own_scales: bool) -> None:
    """A cell's name, and below it the settings; right above the panels where there are none."""
    _write(figure, left, top + (0.16 if settings else 0.3), name, size=10.5, weight="bold")
    _write(figure, left, top + 0.31, settings, size=8, color=_PALE)
    if own_scales:
        right = left + _NEXT_PANEL + _PANEL
        _write(figure, right, top + 0.31, "scales of its own", size=8, color=_PALE, ha="right", style="italic")


def _write(figure: Figure, x: float, y: float, text: str, *, color: str = TEXT, **style: Any) -> None:
    """Text at inches from the figure's upper left corner."""
    width, height = figure.get_size_inches()
    figure.text(x / width, 1 - y / height, text, color=color, parse_math=False, **style)


def _panels(figure: Figure, left: float, top: float, *, lowest: bool) -> dict[str, Axes]:
    """The two empty panels of a loss, side by side."""
    width, height = figure.get_size_inches()
    panels = {}
    for quantity, start in (("loss", left), ("gradient", left + _NEXT_PANEL)):
        axes = figure.add_axes((start / width, 1 - (top + _HEIGHT) / height, _PANEL / width, _HEIGHT / height))
        style_axes(axes)
        axes.tick_params(labelsize=8, pad=2, labelbottom=lowest)
        axes.set_xlim(0, 1)
        axes.xaxis.set_major_locator(FixedLocator([0, 0.5, 1]))
        axes.yaxis.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 5, 10]))
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(FuncFormatter(plain_number))
        if lowest:
            axes.set_xlabel("predicted probability", size=9)
        panels[quantity] = axes
    panels["gradient"].axhline(0, color=GREY, lw=0.8)
    return panels


def _inside(shape: pd.DataFrame) -> pd.DataFrame:
    return shape[shape["probability"].between(*_VISIBLE)]


def _outgrows(shape: pd.DataFrame) -> bool:
    """Whether a gradient leaves the shared scale."""
    low, high = _SCALES["gradient"]
    pulls = _inside(shape)[["gradient_positive", "gradient_negative"]]
    return bool((pulls < low).any(axis=None) or (pulls > high).any(axis=None))


def _draw(panels: Mapping[str, Axes], shape: pd.DataFrame, *, own_scales: bool) -> list[Line2D]:
    """Loss and gradient, and the log loss's; returns the lines of one panel: positive, negative, log loss."""
    ordered = shape.sort_values("probability")
    grid = np.linspace(0.001, 0.999, 200)
    references = {"loss": (-np.log(grid), -np.log1p(-grid)), "gradient": (grid - 1, grid)}
    jumps = {label: _jumps(ordered, label) for label in ("positive", "negative")}
    for quantity, axes in panels.items():
        lines: list[Line2D] = []
        for label, colour in (("positive", POSITIVE), ("negative", NEGATIVE)):
            values = np.where(jumps[label], np.nan, column(ordered, f"{quantity}_{label}"))
            lines += axes.plot(column(ordered, "probability"), values, color=colour, lw=2, zorder=2, label=label)
        for values in references[quantity]:
            (reference,) = axes.plot(grid, values, color=_PALE, ls=":", lw=1.1, zorder=2.5)
        low, high = _SCALES[quantity]
        if own_scales:
            seen = _inside(shape)[[f"{quantity}_positive", f"{quantity}_negative"]].to_numpy()
            low, high = min(0.0, 1.1 * float(np.nanmin(seen))), 1.1 * float(np.nanmax(seen))
        axes.set_ylim(low, high)
    return [*lines, reference]


def _jumps(ordered: pd.DataFrame, label: str) -> np.ndarray:
    """Where the loss is not what the gradient led to from the point before: a gap is drawn there, no stroke."""
    probability = column(ordered, "probability")
    loss, gradient = column(ordered, f"loss_{label}"), column(ordered, f"gradient_{label}")
    steps = np.diff(np.log(probability) - np.log1p(-probability))
    led_to = (gradient[1:] + gradient[:-1]) / 2 * steps
    return np.append(False, ~(np.abs(np.diff(loss) - led_to) <= _JUMP))
