"""One look for all figures: size, margins, the title's block, the legend's strip, and the file.

Every style is set on the objects of the figure itself, never through rcParams, which threads share.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from runner.figures.colours import GREY, LIGHT_GREY, loss_colour
from runner.writing.whole_files import whole_file

__all__ = [
    "DPI",
    "ONE_PANEL",
    "SIZE",
    "TEXT",
    "Grid",
    "column",
    "empty_figure",
    "legend_strip",
    "loss_colour",
    "new_figure",
    "note",
    "save",
    "style_axes",
]

SIZE = (7.2, 4.8)  # inches; 864 x 576 pixels, which MLflow's artifact pane shows unscaled
DPI = 120
TEXT = "#262626"
_LEGEND_ROW = 0.19  # inches
_LONGEST_SUBTITLE = 80  # characters of 10 points that fit the width


@dataclass(frozen=True)
class Grid:
    """How the panels of a figure are arranged.

    Attributes:
        rows, columns: of panels.
        height_ratios: relative heights of the rows; None: all alike.
        share_x: whether the rows share their x axis.
        hspace, wspace: room between panels, as a share of a panel's size.
    """

    rows: int = 1
    columns: int = 1
    height_ratios: Sequence[float] | None = None
    share_x: bool = False
    hspace: float = 0.12
    wspace: float = 0.32


ONE_PANEL = Grid()


def new_figure(
    title: str, subtitle: str = "", *, grid: Grid = ONE_PANEL, legend_rows: int = 1, left: float = 0.85
) -> tuple[Figure, list[Axes]]:
    """An empty figure in the house style: title, subtitle, room for the legend's strip, axes below.

    Args:
        title: what is seen, in bold; about 60 characters fit.
        subtitle: whose figure it is: the run's name. Cut with an ellipsis where it is too long.
        grid: the panels.
        legend_rows: rows to leave free for ``legend_strip``; 0 for none.
        left: left margin in inches.

    Returns:
        The figure, on an Agg canvas of its own, and its axes row by row.
    """
    figure = empty_figure(title, subtitle)
    width, height = SIZE
    head = 0.82 + _LEGEND_ROW * legend_rows
    figure.subplots_adjust(
        left=left / width,
        right=1 - 0.22 / width,
        bottom=0.58 / height,
        top=1 - head / height,
        hspace=grid.hspace,
        wspace=grid.wspace,
    )
    rows = figure.subplots(
        grid.rows,
        grid.columns,
        squeeze=False,
        sharex="col" if grid.share_x else False,
        gridspec_kw={"height_ratios": grid.height_ratios} if grid.height_ratios is not None else {},
    )
    panels = [axes for row in rows for axes in row]
    for axes in panels:
        style_axes(axes)
    return figure, panels


def cut(text: str, longest: int) -> str:
    """The text, or as many characters of it as fit and an ellipsis."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def empty_figure(title: str, subtitle: str = "", *, size: tuple[float, float] = SIZE) -> Figure:
    """Title and subtitle on white, without axes.

    Args:
        title, subtitle: see ``new_figure``.
        size: in inches.
    """
    width, height = size
    figure = Figure(figsize=size, dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    subtitle = cut(subtitle, int(_LONGEST_SUBTITLE * width / SIZE[0]))
    edge = 0.2 / width
    figure.text(edge, 1 - 0.32 / height, title, size=12.5, weight="bold", color=TEXT, parse_math=False)
    figure.text(edge, 1 - 0.55 / height, subtitle, size=10, color="#595959", parse_math=False)
    return figure


def style_axes(axes: Axes) -> None:
    """Grid behind the data, two spines, readable ticks."""
    axes.set_axisbelow(True)
    axes.grid(True, color=LIGHT_GREY, linewidth=0.6)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(GREY)
    axes.tick_params(labelsize=10, color=GREY, labelcolor=TEXT, length=3)
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set_fontsize(11)
        label.set_color(TEXT)
        label.set_parse_math(False)


def legend_strip(figure: Figure, entries: Sequence[tuple[Artist, str]], *, rows: int = 1) -> None:
    """The legend as a strip between subtitle and axes, where it cannot cover data.

    Args:
        figure: a figure from ``new_figure`` with ``legend_rows=rows``, or from ``empty_figure``.
        entries: (artist, label) pairs in reading order, row by row.
        rows: rows of the strip.
    """
    if not entries:
        return
    columns = -(-len(entries) // rows)
    # A legend fills column by column; in this order its entries read row by row.
    order = [i for start in range(columns) for i in range(start, len(entries), columns)]
    width, height = figure.get_size_inches()
    legend = figure.legend(
        [entries[i][0] for i in order],
        [entries[i][1] for i in order],
        loc="upper left",
        bbox_to_anchor=(0.2 / width, 1 - 0.69 / height),
        borderaxespad=0.0,
        borderpad=0.0,
        ncols=columns,
        frameon=False,
        fontsize=10,
        labelcolor=TEXT,
        handlelength=1.8,
        handletextpad=0.5,
        columnspacing=1.5,
        labelspacing=0.3,
    )
    for text in legend.get_texts():
        text.set_parse_math(False)


def note(axes: Axes, text: str) -> None:
    """Says in the middle of a panel why there is nothing to see."""
    white = {"facecolor": "white", "edgecolor": "none"}
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", size=11, color=TEXT, bbox=white)


def column(table: pd.DataFrame, name: str) -> np.ndarray:
    """A column as float64, missing values as NaN and infinite ones as they are."""
    return table[name].to_numpy(dtype=np.float64, na_value=np.nan)


def save(figure: Figure, path: str | PathLike[str] | BinaryIO) -> None:
    """Writes the figure at the size it was designed for (864 x 576 pixels).

    Args:
        figure: any figure of this package.
        path: the file, whose ending chooses the format (``.png``) and whose folder must exist; or an open one.
    """
    # Pixels are the same; packing them harder would save a twentieth of the bytes and cost a tenth of the time.
    packing: dict[str, Any] = (
        {"pil_kwargs": {"compress_level": 3}} if str(path).endswith(".png") or hasattr(path, "write") else {}
    )
    if isinstance(path, (str, PathLike)):
        with whole_file(Path(path)) as beside:
            figure.savefig(beside, dpi=DPI, **packing)
    else:
        figure.savefig(path, dpi=DPI, **packing)
