"""What each threshold would have given."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.figure import Figure

from runner.figures.colours import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILLION
from runner.figures.scales import smallest_decade, spread_both_ends
from runner.figures.style import column, legend_strip, new_figure, note

# column, label, colour, width, line style: the two that summarise the whole matrix stand out
_METRICS = (
    ("f1", "F1", BLUE, 2.4, "-"),
    ("mcc", "MCC", VERMILLION, 2.4, "-"),
    ("precision", "precision", ORANGE, 1.1, "-"),
    ("recall", "recall", SKY, 1.1, "-"),
    ("g_mean", "G-mean", GREEN, 1.1, "--"),
    ("balanced_accuracy", "balanced accuracy", PURPLE, 1.1, "--"),
)


def threshold_metrics(curve: pd.DataFrame, *, threshold: float, rule: str, subtitle: str = "") -> Figure:
    """Metrics against the threshold, with the chosen one and one half marked.

    Look at how wide the top of F1 or MCC is: a flat top means that the choice hardly matters, a sharp one
    that it may not carry over to new data. The drop from one vertical line to the other is what 0.5 would have
    cost. The axis has even steps of log odds where the useful thresholds crowd near 0 or 1.

    Args:
        curve: ``threshold`` (a row is positive from this probability on), ``precision``, ``recall``,
            ``f1``, ``mcc``, ``g_mean``, ``balanced_accuracy`` (0 to 1; mcc from -1). Any order; other columns and
            rows with an infinite threshold are ignored.
        threshold: the chosen threshold.
        rule: how it was chosen, as the configuration names it.
        subtitle: the run's name.
    """
    finite = curve[np.isfinite(column(curve, "threshold"))].sort_values("threshold")
    thresholds = column(finite, "threshold")
    figure, (axes,) = new_figure(_title(finite, thresholds, threshold), subtitle, legend_rows=2)
    entries: list[tuple[Artist, str]] = []
    lowest = 0.0
    for name, label, colour, width, dashes in _METRICS:
        values = column(finite, name)
        # Up to a threshold's own value every cut gives the same matrix: the step lies left of the point.
        (line,) = axes.plot(thresholds, values, dashes, color=colour, lw=width, drawstyle="steps-pre", label=name)
        line.set_zorder(3 if width > 2 else 2)
        if len(thresholds) < 3:
            line.set_marker("o")
        entries.append((line, label))
        lowest = min(lowest, float(np.nanmin(values, initial=0.0)))
    half = axes.axvline(0.5, color=GREY, ls=":", lw=1.6)
    chosen = axes.axvline(threshold, color=BLACK, lw=1.4)
    entries[4:4] = [(chosen, f"chosen {threshold:.3g}")]
    entries.append((half, "0.5"))

    wanted = np.append(_useful(finite, thresholds), threshold)
    if threshold < 0.1 or threshold > 0.9 or wanted.max() < 0.3 or wanted.min() > 0.7:
        low, high = smallest_decade(wanted / 3, floor=1e-5), 1 - smallest_decade((1 - wanted) / 3, floor=1e-5)
        spread_both_ends(axes, low=low, high=high)
        axes.set_xlabel(f"threshold (log-odds scale), chosen by {rule}")
    else:
        axes.set_xlim(0, 1)
        axes.set_xlabel(f"threshold on the probability, chosen by {rule}")
    axes.set_ylim(lowest - (0.03 if lowest < 0 else 0.0), 1.02)
    axes.set_ylabel("metric")
    if not len(finite):
        note(axes, "no thresholds")
    legend_strip(figure, entries, rows=2)
    return figure


def _useful(curve: pd.DataFrame, thresholds: np.ndarray) -> np.ndarray:
    """Thresholds whose F1 comes near the best one: where the figure should have its room."""
    f1 = np.nan_to_num(column(curve, "f1"))
    return thresholds[f1 >= 0.8 * f1.max()] if f1.size and f1.max() > 0 else thresholds


def _title(curve: pd.DataFrame, thresholds: np.ndarray, threshold: float) -> str:
    """The two main metrics at the chosen threshold, read off the table's first row at or above it."""
    at = int(np.searchsorted(thresholds, threshold * (1 - 1e-9)))
    if at >= len(thresholds):
        return f"Threshold {threshold:.3g}"
    f1, mcc = column(curve, "f1")[at], column(curve, "mcc")[at]
    return f"At threshold {threshold:.3g}: F1 {f1:.3f}, MCC {mcc:.3f}"
