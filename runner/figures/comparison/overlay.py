"""One square panel for all losses, and beside it a key with their names and a measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from runner.figures.colours import GREY
from runner.figures.comparison.layout import EDGE, PALE, WIDTH, Caption, foot_height, with_remark, write, write_foot
from runner.figures.comparison.line_styles import LineStyle, in_colour, line_properties, line_styles
from runner.figures.comparison.loss_labels import label_height, label_lines, write_label
from runner.figures.style import TEXT, cut, empty_figure, style_axes

BAND_ALPHA = 0.12
_TOP, _BOTTOM, _LEFT, SIDE = 0.82, 0.62, 0.95, 3.95  # inches
_KEY, _SAMPLE = _LEFT + SIDE + 0.2, 0.34
_NUMBER = 0.42
_LINE = 0.24
_MARKERS = 5  # of a line


@dataclass(frozen=True)
class Measure:
    """The number that stands beside each loss in the key, and orders it.

    Attributes:
        name: of the measure.
        values: of every loss that is drawn; finite.
        higher_is_better: of the values.
    """

    name: str
    values: Mapping[str, float]
    higher_is_better: bool


def name_undrawn(losses: pd.DataFrame) -> list[str]:
    """The sentence that names the losses without a run, if there are any.

    Args:
        losses: indexed by loss: ``runs``.
    """
    without = [str(loss) for loss in losses.index[losses["runs"] == 0]]
    return [cut(f"Without a run that can be drawn: {', '.join(without)}", 105)] if without else []


def reference(text: str) -> tuple[Line2D, str]:
    """A sample of the line to compare with, for the key."""
    return Line2D([], [], color=GREY, ls="--", lw=1.4), text


def band(text: str) -> tuple[Rectangle, str]:
    """A sample of a band for the key."""
    return Rectangle((0, 0), 1, 1, color=TEXT, alpha=BAND_ALPHA, lw=0), text


def staggered_markers(number: int, of: int, points: int) -> tuple[int, int]:
    """Every which point of a line has a marker, as `markevery`: those of different lines are at different places.

    Args:
        number: of the line, from 0.
        of: how many lines there are.
        points: of the line.
    """
    steps = points - 1
    return int((number + 0.5) / of * steps / _MARKERS), steps // _MARKERS


def overlay_figure(
    caption: Caption,
    measure: Measure,
    *,
    baseline: str,
    highlight: Sequence[str] | None,
    others: Sequence[tuple[Line2D | Rectangle, str]],
) -> tuple[Figure, Axes, dict[str, LineStyle | None]]:
    """The figure with its key; the panel is still empty.

    Args:
        caption: around it.
        measure: of the losses.
        baseline, highlight: see ``in_colour``.
        others: samples and names of what else is drawn.

    Returns:
        Figure and panel; and the losses in the order to draw them, those without a style first, which are grey.
    """
    chosen, remark = in_colour(
        measure.values, baseline=baseline, highlight=highlight, higher_is_better=measure.higher_is_better
    )
    coloured = line_styles(sorted(chosen))  # by name, so that a variant is drawn alike whatever the measure
    grey = [loss for loss in measure.values if loss not in coloured]
    if grey:
        count = f"{len(grey)} other {'loss' if len(grey) == 1 else 'losses'}"
        others = [*others, (Line2D([], [], **line_properties(None)), count)]
    room = WIDTH - EDGE - _KEY - _SAMPLE - 0.1
    labels = {loss: label_lines(loss, room, option_inches=room - _NUMBER) for loss in chosen}
    key = 0.35 + sum(label_height(lines) + 0.14 for lines in labels.values()) + _LINE * len(others)
    height = _TOP + max(SIDE + _BOTTOM, key) + foot_height(caption.foot)
    figure = empty_figure(caption.title, with_remark(caption.subtitle, remark), size=(WIDTH, height))
    _write_key(figure, labels, measure, coloured, others)
    write_foot(figure, caption.foot)
    axes = figure.add_axes((_LEFT / WIDTH, 1 - (_TOP + SIDE) / height, SIDE / WIDTH, SIDE / height))
    style_axes(axes)
    return figure, axes, {**dict.fromkeys(grey), **{loss: coloured[loss] for loss in reversed(chosen)}}


def _write_key(
    figure: Figure,
    labels: Mapping[str, list[str]],
    measure: Measure,
    coloured: Mapping[str, LineStyle],
    others: Sequence[tuple[Line2D | Rectangle, str]],
) -> None:
    """Writes the losses in colour with their measures, best first, and below them what else is drawn."""
    write(figure, WIDTH - EDGE, _TOP + 0.05, measure.name, size=9, ha="right", color=PALE)
    y = _TOP + 0.17
    for loss, lines in labels.items():
        write_label(figure, _KEY + _SAMPLE + 0.1, y + label_height(lines) / 2, lines)
        write(figure, WIDTH - EDGE, y + 0.13, f"{measure.values[loss]:.3f}", size=10, ha="right")
        _sample(figure, Line2D([], [], **line_properties(coloured[loss])), y + 0.085)
        y += label_height(lines) + 0.14
    for artist, text in others:
        _sample(figure, artist, y + 0.085)
        write(figure, _KEY + _SAMPLE + 0.1, y + 0.125, text, size=9)
        y += _LINE


def _sample(figure: Figure, artist: Line2D | Rectangle, y: float) -> None:
    """Draws a piece of a line or of a band, y inches below the top."""
    width, height = figure.get_size_inches()
    if isinstance(artist, Rectangle):
        artist.set_bounds(_KEY / width, 1 - (y + 0.06) / height, _SAMPLE / width, 0.12 / height)
    else:
        artist.set_data([x / width for x in (_KEY, _KEY + _SAMPLE / 2, _KEY + _SAMPLE)], [1 - y / height] * 3)
        artist.set_markevery([1])
    artist.set_transform(figure.transFigure)
    figure.add_artist(artist)
