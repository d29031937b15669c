"""What a search for several objectives leaves to choose from."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from runner.figures.colours import BLACK, BLUE, VERMILLION
from runner.figures.style import TEXT, Grid, column, legend_strip, new_figure, note

_MOST_OBJECTIVES = 5  # the panels of more could not be read
_MOST_NUMBERED = 12  # trials on the front; the numbers of more would cover each other


@dataclass(frozen=True)
class _Trials:
    """What is drawn.

    Attributes:
        front, others: the trials that ended well, on the front and off it.
        names: of the objectives drawn.
        maximize: of each objective, whether larger values are better.
    """

    front: pd.DataFrame
    others: pd.DataFrame
    names: Sequence[str]
    maximize: Sequence[bool]


def pareto_front(
    trials: pd.DataFrame,
    front: Collection[int],
    *,
    objectives: Sequence[str],
    maximize: Sequence[bool],
    subtitle: str = "",
) -> Figure:
    """Every trial by its objectives, and the Pareto front: the trials that no other beats in everything.

    Look for the knee: where a little of one objective buys much of the other. Two objectives are one panel, whose step
    line bounds what the search has reached; more are a panel for each pair, of five objectives at most.

    Args:
        trials: ``trial`` (its number) and a column for each objective, missing where the trial failed; any order.
        front: numbers of the trials on the Pareto front.
        objectives: the metrics, as the configuration names them; at least two.
        maximize: of each, whether larger values are better.
        subtitle: what was searched.
    """
    ended = trials.dropna(subset=list(objectives)).sort_values(objectives[0])
    on_front = ended["trial"].isin(list(front))
    drawn = _Trials(ended[on_front], ended[~on_front], objectives[:_MOST_OBJECTIVES], maximize)
    failed = len(trials) - len(ended)
    title = f"Pareto front: {on_front.sum()} of {len(trials)} trials" + (f", {failed} failed" if failed else "")
    if len(objectives) > _MOST_OBJECTIVES:
        title += f" (first {_MOST_OBJECTIVES} of {len(objectives)} objectives)"
    draw = _one_panel if len(drawn.names) == 2 else _panel_for_each_pair
    figure, entries = draw(title, subtitle, drawn)
    legend_strip(figure, entries)
    return figure


def _one_panel(title: str, subtitle: str, trials: _Trials) -> tuple[Figure, list[tuple[Artist, str]]]:
    front, names, maximize = trials.front, trials.names, trials.maximize
    figure, (axes,) = new_figure(title, subtitle, left=1.0)
    axes.set_xlabel(_label(names[0], maximize[0]))
    axes.set_ylabel(_label(names[1], maximize[1]))
    if front.empty:
        note(axes, "no trial ended well")
        return figure, []
    x, y = column(front, names[0]), column(front, names[1])
    # What a trial beats lies on its worse side: the line turns a corner at each trial, and never passes a better one.
    (reached,) = axes.step(x, y, where="pre" if maximize[0] else "post", color=BLACK, lw=1.2)
    entries = _dots(axes, trials, *names) + ([(reached, "what has been reached")] if len(front) > 1 else [])
    if len(front) <= _MOST_NUMBERED:
        better = (7 if maximize[0] else -7, 5 if maximize[1] else -5)  # there is nothing on that side of the line
        across: Literal["left", "right"] = "left" if maximize[0] else "right"
        up: Literal["bottom", "top"] = "bottom" if maximize[1] else "top"
        for number, *at in zip(front["trial"], x, y, strict=True):
            axes.annotate(
                f"{number:.0f}",
                (at[0], at[1]),
                xytext=better,
                textcoords="offset points",
                ha=across,
                va=up,
                size=9,
                color=TEXT,
            )
    axes.margins(0.07)
    return figure, entries


def _panel_for_each_pair(title: str, subtitle: str, trials: _Trials) -> tuple[Figure, list[tuple[Artist, str]]]:
    """Half a square of panels: a column shares an objective, and so does a row. No line: the front is no curve here."""
    names, maximize = trials.names, trials.maximize
    last = len(names) - 1
    grid = Grid(rows=last, columns=last, share_x=True, hspace=0.14, wspace=0.1)
    figure, panels = new_figure(title, subtitle, grid=grid, left=1.0)
    entries: list[tuple[Artist, str]] = []
    for (row, left), axes in zip(product(range(1, last + 1), range(last)), panels, strict=True):
        if left >= row:
            axes.remove()
            continue
        if trials.front.empty:
            note(axes, "no trial ended well")
        else:
            entries = _dots(axes, trials, names[left], names[row])
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(MaxNLocator(nbins=3))
        axes.tick_params(labelsize=8, labelleft=left == 0, labelbottom=row == last)
        if left == 0:
            axes.set_ylabel(_short_label(names[row], maximize[row]), size=9)
        if row == last:
            axes.set_xlabel(_short_label(names[left], maximize[left]), size=9)
    return figure, entries


def _dots(axes: Axes, trials: _Trials, x: str, y: str) -> list[tuple[Artist, str]]:
    front, others = trials.front, trials.others
    (dominated,) = axes.plot(column(others, x), column(others, y), "o", color=BLUE, ms=5)
    (best,) = axes.plot(column(front, x), column(front, y), "o", color=VERMILLION, ms=7)
    return [(best, "on the front"), *([(dominated, "beaten")] if len(others) else [])]


def _label(name: str, maximize: bool) -> str:
    """The same along both axes, for the upper one is turned: the arrow points to where the axis gets better."""
    return f"{name}, better →" if maximize else f"← better, {name}"


def _short_label(name: str, maximize: bool) -> str:
    plain = name.rpartition("/")[2].replace("_", " ")
    return f"{plain}\n{'better →' if maximize else '← better'}"
