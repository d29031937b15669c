"""One square panel for all losses, and beside it a key with their names and a measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from runner.figures.colours import GREY
from runner.figures.comparison.layout import EDGE, PALE, WIDTH, cut, foot_height, with_remark, write, write_foot
from runner.figures.comparison.line_styles import Look, in_colour, looks
from runner.figures.comparison.loss_labels import name_height, name_lines, write_name
from runner.figures.style import TEXT, dress, empty_figure

Run = tuple[np.ndarray, np.ndarray]
BAND_ALPHA = 0.12
_OTHERS = "#CFCFCF"
_TOP, _BOTTOM, _LEFT, SIDE = 0.82, 0.62, 0.95, 3.95  # inches
_KEY, _SAMPLE = _LEFT + SIDE + 0.2, 0.34
_NUMBER = 0.42
_LINE = 0.24


def usable_runs(scores: Mapping[str, Sequence[Run]]) -> dict[str, list[Run]]:
    """The runs with both classes and finite probabilities; losses without one are left out."""
    usable = {}
    for loss, runs in scores.items():
        kept = [(labels, p) for labels, p in runs if len(np.unique(labels)) == 2 and np.isfinite(p).all()]
        if kept:
            usable[loss] = kept
    return usable


def without_runs(losses: Sequence[str]) -> list[str]:
    """The sentence that names losses that cannot be drawn."""
    return [cut(f"Without a run that can be drawn: {', '.join(losses)}", 105)] if losses else []


def reference(text: str) -> tuple[Line2D, str]:
    """A sample of the line to compare with, for the key."""
    return Line2D([], [], color=GREY, ls="--", lw=1.4), text


def band(text: str) -> tuple[Rectangle, str]:
    """A sample of a band for the key."""
    return Rectangle((0, 0), 1, 1, color=TEXT, alpha=BAND_ALPHA, lw=0), text


def overlay(
    title: str,
    subtitle: str,
    measures: Mapping[str, float],
    *,
    measure: str,
    higher_is_better: bool,
    baseline: str,
    highlight: Sequence[str] | None,
    others: Sequence[tuple[Line2D | Rectangle, str]],
    foot: Sequence[str] = (),
) -> tuple[Figure, Axes, dict[str, Look | None]]:
    """The figure with its key; the panel is still empty.

    Args:
        title, subtitle: see ``empty_figure``.
        measures: a number for every loss that is drawn.
        measure: its name.
        higher_is_better: of the measure.
        baseline, highlight: see ``in_colour``.
        others: samples and names of what else is drawn.
        foot: sentences below.

    Returns:
        Figure and panel; and the losses in the order to draw them: without a look first, which are grey.
    """
    chosen, remark = in_colour(measures, baseline=baseline, highlight=highlight, higher_is_better=higher_is_better)
    coloured = looks(sorted(chosen))  # by name, so that a variant looks the same whatever the measure
    grey = [loss for loss in measures if loss not in coloured]
    if grey:
        count = f"{len(grey)} other {'loss' if len(grey) == 1 else 'losses'}"
        others = [*others, (Line2D([], [], **line_style(None)), count)]
    room = WIDTH - EDGE - _KEY - _SAMPLE - 0.1
    names = {loss: name_lines(loss, room, option_inches=room - _NUMBER) for loss in chosen}
    key = 0.35 + sum(name_height(lines) + 0.14 for lines in names.values()) + _LINE * len(others)
    height = _TOP + max(SIDE + _BOTTOM, key) + foot_height(foot)
    figure = empty_figure(title, with_remark(subtitle, remark), size=(WIDTH, height))
    _key(figure, names, {loss: measures[loss] for loss in chosen}, coloured, measure, others)
    write_foot(figure, foot)
    axes = figure.add_axes((_LEFT / WIDTH, 1 - (_TOP + SIDE) / height, SIDE / WIDTH, SIDE / height))
    dress(axes)
    return figure, axes, {**dict.fromkeys(grey), **{loss: coloured[loss] for loss in reversed(chosen)}}


def line_style(look: Look | None) -> dict[str, Any]:
    """How a loss is drawn, in colour or grey."""
    if look is None:
        return {"color": _OTHERS, "lw": 0.9, "zorder": 1.5}
    outline = {"ms": 6, "mec": "white", "mew": 0.8}
    return {"color": look.colour, "ls": look.dashes, "lw": 1.9, "marker": look.marker, "zorder": 3, **outline}


def _key(
    figure: Figure,
    names: Mapping[str, list[str]],
    measures: Mapping[str, float],
    coloured: Mapping[str, Look],
    measure: str,
    others: Sequence[tuple[Line2D | Rectangle, str]],
) -> None:
    write(figure, WIDTH - EDGE, _TOP + 0.05, measure, size=9, ha="right", color=PALE)
    y = _TOP + 0.17
    for loss, lines in names.items():
        write_name(figure, _KEY + _SAMPLE + 0.1, y + name_height(lines) / 2, lines)
        write(figure, WIDTH - EDGE, y + 0.13, f"{measures[loss]:.3f}", size=10, ha="right")
        _sample(figure, Line2D([], [], **line_style(coloured[loss])), y + 0.085)
        y += name_height(lines) + 0.14
    for artist, text in others:
        _sample(figure, artist, y + 0.085)
        write(figure, _KEY + _SAMPLE + 0.1, y + 0.125, text, size=9)
        y += _LINE


def _sample(figure: Figure, artist: Line2D | Rectangle, y: float) -> None:
    """A piece of a line or of a band, y inches below the top."""
    width, height = figure.get_size_inches()
    if isinstance(artist, Rectangle):
        artist.set_bounds(_KEY / width, 1 - (y + 0.06) / height, _SAMPLE / width, 0.12 / height)
    else:
        artist.set_data([x / width for x in (_KEY, _KEY + _SAMPLE / 2, _KEY + _SAMPLE)], [1 - y / height] * 3)
        artist.set_markevery([1])
    artist.set_transform(figure.transFigure)
    figure.add_artist(artist)
