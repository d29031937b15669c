"""Whether trainings that should be the same are: their curves over each other."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from runner.figures.colours import BLACK, ORANGE, SKY
from runner.figures.style import Grid, column, legend_strip, new_figure

_LINES = ((SKY, 7.0), (ORANGE, 3.5), (BLACK, 1.2))  # colour and width: what lies on top must not hide what is below


def agreement(curves: Mapping[str, pd.DataFrame], *, title: str, subtitle: str = "") -> Figure:
    """Training and validation loss of up to three trainings, each line thinner than the one below it.

    Look for a thin line that leaves the thick one: there the trainings differ.

    Args:
        curves: a training's name to one row an epoch: ``epoch`` (1, 2, ...), ``train/loss`` and ``val/loss``.
        title, subtitle: what is seen, and of what.
    """
    figure, panels = new_figure(title, subtitle, grid=Grid(rows=2, share_x=True))
    entries: list[tuple[Artist, str]] = []
    for (name, history), (colour, width) in zip(curves.items(), _LINES, strict=False):
        for axes, which in zip(panels, ("train/loss", "val/loss"), strict=True):
            (line,) = axes.plot(column(history, "epoch"), column(history, which), color=colour, lw=width)
        entries.append((line, name))
    for axes, label in zip(panels, ("training loss", "validation loss"), strict=True):
        axes.set_ylabel(label)
        axes.yaxis.set_major_locator(MaxNLocator(nbins=5))
    panels[0].tick_params(labelbottom=False)
    panels[1].set_xlabel("epoch")
    panels[1].xaxis.set_major_locator(MaxNLocator(integer=True))
    figure.align_ylabels(panels)
    legend_strip(figure, entries)
    return figure
