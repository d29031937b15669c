"""How training went under each loss, in panels that compare."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from runner.figures.colours import loss_colour
from runner.figures.comparison.layout import EDGE, PALE, WIDTH, sentence_figure
from runner.figures.comparison.loss_labels import label_height, label_lines, write_label
from runner.figures.scales import scale_for_losses
from runner.figures.style import TEXT, column, cut, empty_figure, legend_strip, note, style_axes
from runner.metrics import metric_label

_COLUMNS = 3
_HEAD, _BOTTOM, _LEFT, _GAP, _PANEL = 1.0, 0.6, 0.78, 0.2, 1.2  # inches


def training_curves(
    histories: pd.DataFrame, *, metric: str = "val/log_loss", baseline: str = "", subtitle: str = ""
) -> Figure:
    """One panel a loss: its runs thin, their mean bold, and the baseline's mean dashed. All panels share their axes.

    Look for panels that stay above the dashed line, rise again, or fan out. A loss that moves probabilities has a high
    log loss from the start. The losses' own values are not drawn, for each has a unit of its own.

    Args:
        histories: of one dataset, one row an epoch of a run: ``loss``, ``split``, ``seed``, ``epoch`` (1, 2, ...) and
            the metric. Panels have the order in which the losses appear. Values that are not finite are left out, and
            the runs that have any are counted.
        metric: a metric that means the same for all losses.
        baseline: the loss whose mean is in every panel, or "".
        subtitle: of what.
    """
    title = f"Training by loss: {metric_label(metric)}"
    runs = {str(loss): _runs(rows, metric) for loss, rows in histories.groupby("loss", sort=False)}
    if not runs:
        return sentence_figure(title, subtitle, "No finished run has a history.")
    figure, panels = _panels(title, subtitle, list(runs), metric_label(metric.rpartition("/")[2]))
    reference = _mean(runs[baseline]) if baseline in runs else pd.Series(dtype=float)
    for axes, (loss, wide) in zip(panels, runs.items(), strict=True):
        if loss != baseline and len(reference):
            axes.plot(reference.index, reference, ls="--", color=PALE, lw=1.3, zorder=4)
        _draw(axes, wide, loss_colour(loss))
    _share(panels, column(histories, metric), column(histories, "epoch"))
    entries: list[tuple[Artist, str]] = [
        (Line2D([], [], color=TEXT, lw=0.8, alpha=0.5), "a run"),
        (Line2D([], [], color=TEXT, lw=2.4), "mean, as long as all runs train"),
    ]
    if len(reference) and len(runs) > 1:
        entries.append((Line2D([], [], color=PALE, lw=1.3, ls="--"), f"mean of {cut(baseline, 30)}"))
    legend_strip(figure, entries)
    return figure


def _runs(rows: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Epochs x runs of one loss; infinite where a run's value is not finite, NaN after its end."""
    values = rows.assign(value=np.where(np.isfinite(column(rows, metric)), column(rows, metric), np.inf))
    return values.pivot(index="epoch", columns=["split", "seed"], values="value")


def _mean(wide: pd.DataFrame) -> pd.Series:
    """Over the runs, up to the first epoch that one of them lacks: later it would be a mean of other runs."""
    whole = _finite(wide).notna().all(axis=1).cummin()
    return wide[whole].mean(axis=1)


def _finite(wide: pd.DataFrame) -> pd.DataFrame:
    return wide.replace(np.inf, np.nan)


def _draw(axes: Axes, wide: pd.DataFrame, colour: str) -> None:
    broken = int((wide == np.inf).any().sum())
    finite, mean = _finite(wide), _mean(wide)
    marker = "o" if len(wide) == 1 else ""
    for run in finite:
        axes.plot(finite.index, finite[run], color=colour, lw=0.8, alpha=0.5, marker=marker, ms=3, mew=0)
    axes.plot(mean.index, mean, color=colour, lw=2.4, zorder=3, marker="o" if len(mean) == 1 else "", ms=6)
    if not finite.notna().any(axis=None):
        note(axes, "no finite value")
    elif broken:
        text = f"{broken} of {len(wide.columns)} runs not finite"
        axes.text(0.98, 0.96, text, transform=axes.transAxes, size=8.5, ha="right", va="top", color=TEXT)


def _panels(title: str, subtitle: str, losses: Sequence[str], label: str) -> tuple[Figure, list[Axes]]:
    """Empty panels below the names of their losses; ticks at the left and at the foot of each column only."""
    columns = min(len(losses), _COLUMNS)
    width = (WIDTH - _LEFT - EDGE - (columns - 1) * _GAP) / columns
    names = [label_lines(loss, width) for loss in losses]
    above = max(label_height(lines) for lines in names) + 0.18
    height = _HEAD + -(-len(losses) // columns) * (above + _PANEL) + _BOTTOM
    figure = empty_figure(title, subtitle, size=(WIDTH, height))
    panels = []
    for i, lines in enumerate(names):
        left = _LEFT + i % columns * (width + _GAP)
        top = _HEAD + i // columns * (above + _PANEL) + above
        write_label(figure, left, top - 0.06 - label_height(lines) / 2, lines)
        axes = figure.add_axes((left / WIDTH, 1 - (top + _PANEL) / height, width / WIDTH, _PANEL / height))
        style_axes(axes)
        lowest, leftmost = i + columns >= len(losses), i % columns == 0
        axes.tick_params(labelsize=9, labelbottom=lowest, labelleft=leftmost)
        axes.set_xlabel("epoch" if lowest else "", size=10)
        axes.set_ylabel(label if leftmost else "", size=10)
        panels.append(axes)
    figure.align_ylabels(panels)
    return figure, panels


def _share(panels: Sequence[Axes], values: np.ndarray, epochs: np.ndarray) -> None:
    """The same axes for all panels, by decades where the values span many."""
    values = values[np.isfinite(values)]
    for axes in panels:
        scale_for_losses(axes, values)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True, min_n_ticks=1, steps=[1, 2, 5, 10]))
        axes.set_xlim(epochs.min() - 0.5, epochs.max() + 0.5)
    if values.size:
        low, high = float(values.min()), float(values.max())
        log = panels[0].get_yscale() == "log"
        room = (high / low) ** 0.06 if log else 0.06 * (high - low) or 0.1
        for axes in panels:
            axes.set_ylim((low / room, high * room) if log else (low - room, high + room))
