"""How a search went, and which of its hyper-parameters mattered."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from runner.figures.colours import BLACK, BLUE, GREY, VERMILLION
from runner.figures.style import column, legend_strip, new_figure, note

_BARS = 10  # more hyper-parameters than that do not matter
_LONGEST_NAME = 32  # characters beside a bar


def search_history(trials: pd.DataFrame, *, objective: str, maximize: bool, subtitle: str = "") -> Figure:
    """The value of each trial, and the best one so far.

    Look at where the steps end: a line that is flat for half of the trials says that more of them will hardly help, one
    that still rises at the end that they will.

    Args:
        trials: ``trial`` (its number) and ``value``, missing where the trial failed; any order.
        objective: the metric, as the configuration names it.
        maximize: whether larger values are better.
        subtitle: what was searched.
    """
    ordered = trials.sort_values("trial")
    numbers, values = column(ordered, "trial"), column(ordered, "value")
    ended = np.isfinite(values)
    title = _history_title(numbers[ended], values[ended], objective, maximize)
    figure, (axes,) = new_figure(title, subtitle, left=1.0)
    entries: list[tuple[Artist, str]] = []
    if ended.any():
        running = (np.maximum if maximize else np.minimum).accumulate(values[ended])
        (best,) = axes.step(numbers[ended], running, where="post", color=BLACK, lw=1.6)
        (dots,) = axes.plot(numbers[ended], values[ended], "o", color=BLUE, ms=5)
        at = int((np.argmax if maximize else np.argmin)(values[ended]))
        (best_dot,) = axes.plot(numbers[ended][at], values[ended][at], "o", color=VERMILLION, ms=9)
        entries += [(dots, "a trial"), (best, "best so far"), (best_dot, "the best")]
    else:
        note(axes, "no trial ended well")
    if not ended.all():
        failed = numbers[~ended]
        # On the axis itself: a trial that failed has a number, but no value.
        (crosses,) = axes.plot(
            failed, np.zeros(len(failed)), "x", color=GREY, ms=7, transform=axes.get_xaxis_transform(), clip_on=False
        )
        entries.append((crosses, "failed"))
    axes.set_xlabel("trial")
    axes.set_ylabel(objective)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    legend_strip(figure, entries)
    return figure


def search_importance(shares: Mapping[str, float], *, objective: str, trials: int, subtitle: str = "") -> Figure:
    """How much of the objective's variance each hyper-parameter explains (fANOVA), over the whole space searched.

    A short bar says that the hyper-parameter may be left as it is. With few trials all bars are rough guesses.

    Args:
        shares: key to share, from 0 to 1; the ten largest are drawn.
        objective: the metric, as the configuration names it.
        trials: how many the shares are computed from.
        subtitle: what was searched.
    """
    largest = sorted(shares.items(), key=lambda item: item[1])[-_BARS:]
    names = [name if len(name) <= _LONGEST_NAME else f"…{name[1 - _LONGEST_NAME :]}" for name, _ in largest]
    values = [value for _, value in largest]
    longest = max(len(name) for name in names)
    figure, (axes,) = new_figure(
        f"{names[-1]} matters most ({trials} trials)", subtitle, legend_rows=0, left=0.45 + 0.08 * longest
    )
    bars = axes.barh(names, values, color=BLUE, height=0.6)
    axes.bar_label(bars, [f"{value:.0%}" for value in values], padding=4, size=10)
    for label in axes.get_yticklabels():
        label.set_parse_math(False)
    axes.grid(False, axis="y")
    room = max(0.0, 4 - len(names)) / 2  # so that two bars are no towers
    axes.set_ylim(-0.5 - room, len(names) - 0.5 + room)
    axes.set_xlim(0, max(values) * 1.12)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 5, 10]))  # whole percents
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_xlabel(f"share of the variance of {objective}")
    return figure


def _history_title(numbers: np.ndarray, values: np.ndarray, objective: str, maximize: bool) -> str:
    if not len(values):
        return f"{objective}: no trial ended well"
    at = int((np.argmax if maximize else np.argmin)(values))
    return f"Best {objective} {values[at]:.4f}, by trial {numbers[at]:.0f}"
