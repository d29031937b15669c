"""What each column is worth to a network: average precision lost when its values are shuffled."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from runner.figures.colours import BLACK, BLUE
from runner.figures.scales import plain_number
from runner.figures.style import SIZE, column, cut, empty_figure, style_axes

MOST_COLUMNS = 20
_HEAD, _BOTTOM, _PITCH, _RIGHT = 0.8, 0.62, 0.27, 0.25  # inches
_LONGEST = 26  # characters of a column's name


def importance(table: pd.DataFrame, *, average_precision: float, subtitle: str = "") -> Figure:
    """A bar a column with its 95% interval, the most important on top.

    Look at bars whose interval holds 0: the network may do without these columns, one at a time. Columns that say the
    same share their importance.

    Args:
        table: ``column``, ``importance``, ``low``, ``high`` (average precision lost), the largest first; the first
            `MOST_COLUMNS` are drawn.
        average_precision: of the rows as they are.
        subtitle: the run's name.
    """
    shown = table.head(MOST_COLUMNS)
    values, low, high = (column(shown, name) for name in ("importance", "low", "high"))
    names = [cut(name, _LONGEST) for name in shown["column"]]
    width, height = SIZE[0], max(2.4, _HEAD + _BOTTOM + _PITCH * len(shown))
    title = f"Average precision {average_precision:.3f}; with {names[0]} shuffled {average_precision - values[0]:.3f}"
    figure = empty_figure(title, subtitle, size=(width, height))
    left = 0.45 + 0.085 * max(len(name) for name in names)
    axes = figure.add_axes(
        (left / width, _BOTTOM / height, 1 - (left + _RIGHT) / width, 1 - (_HEAD + _BOTTOM) / height)
    )
    style_axes(axes)
    places = np.arange(len(shown))
    axes.barh(places, values, color=BLUE, height=0.62)
    known = low <= high
    ends = np.stack([values - low, high - values])[:, known]
    axes.errorbar(values[known], places[known], xerr=ends, fmt="none", ecolor=BLACK, elinewidth=1.4, capsize=3)
    axes.axvline(0, color=BLACK, lw=1.0)
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.set_yticks(places, names)
    for label in axes.get_yticklabels():
        label.set_parse_math(False)
    axes.grid(False, axis="y")
    axes.xaxis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(plain_number))
    axes.set_xlabel("average precision lost when the column is shuffled (95% interval)")
    if len(table) > len(shown):
        said = f"{len(table) - len(shown)} more columns in figures/importance.csv"
        figure.text(0.2 / width, 0.1 / height, said, size=9, color="#595959")
    return figure
