"""What decisions are worth: cost by threshold, net benefit, and what the rows of the highest scores hold."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from runner.figures.colours import BLACK, BLUE, GREEN, GREY, ORANGE, SKY
from runner.figures.scales import plain_number, smallest_decade, spread_both_ends
from runner.figures.style import Grid, column, legend_strip, new_figure, note


def cost_by_threshold(
    curve: pd.DataFrame,
    *,
    threshold: float,
    cost_fp: float = 1,
    cost_fn: float = 1,
    by_row: float | None = None,
    subtitle: str = "",
) -> Figure:
    """The mean cost of a row at every threshold, beside that of calling none and of calling all.

    Look at how far the chosen threshold is above the lowest point, and at whether the curve is below both dashed lines
    at all: where it is not, the model saves nothing.

    Args:
        curve: ``threshold``, ``cost`` (of a row), ascending; first all rows are called, at last none.
        threshold: the chosen one.
        cost_fp, cost_fn: of a false alarm and of a missed positive.
        by_row: where rows have costs of their own, the mean cost of a row if each has its own threshold too.
        subtitle: the run's name.
    """
    thresholds, cost = column(curve, "threshold"), column(curve, "cost")
    at = int(np.clip(np.searchsorted(thresholds, threshold * (1 - 1e-9)), 0, len(thresholds) - 1))
    title = f"Cost {cost[at]:.3g} a row at threshold {threshold:.3g}; the least is {cost.min():.3g}"
    if by_row is not None:
        title = f"Cost {cost[at]:.3g} a row at threshold {threshold:.3g}; {by_row:.3g} at thresholds of their own"
    figure, (axes,) = new_figure(title, subtitle, legend_rows=2)
    # Up to a threshold's own value every cut decides the same: the step lies left of the point.
    (line,) = axes.plot(thresholds, cost, color=BLUE, lw=2.0, drawstyle="steps-pre")
    entries: list[tuple[Artist, str]] = [(line, "the model")]
    chosen = axes.axvline(threshold, color=BLACK, lw=1.4)
    (least,) = axes.plot(thresholds[cost.argmin()], cost.min(), "D", color=GREEN, ms=7, mec="white", zorder=4)
    entries += [(chosen, f"chosen {threshold:.3g}"), (least, "least cost on test")]
    for value, dashes, label in ((cost[-1], "--", "call none"), (cost[0], ":", "call all")):
        entries.append((axes.axhline(value, color=GREY, ls=dashes, lw=1.6), f"{label} ({value:.3g})"))
    if by_row is not None:
        own = axes.axhline(by_row, color=ORANGE, ls="-.", lw=1.8)
        entries.append((own, f"each row's own threshold ({by_row:.3g})"))
    useful = np.append(thresholds[cost <= cost.min() * 1.5 + 1e-12], threshold)
    if threshold < 0.1 or threshold > 0.9 or useful.max() < 0.3 or useful.min() > 0.7:
        low, high = smallest_decade(useful / 3, floor=1e-5), 1 - smallest_decade((1 - useful) / 3, floor=1e-5)
        spread_both_ends(axes, low=low, high=high)
        axes.set_xlabel("threshold on the probability (log-odds scale)")
    else:
        axes.set_xlim(0, 1)
        axes.set_xlabel("threshold on the probability")
    trivial = sorted((float(cost[0]), float(cost[-1])))
    highest = trivial[1] if trivial[1] < 3 * trivial[0] else trivial[0]  # else the curve would lie on the axis
    lowest = min(0.0, float(cost.min()), 0.0 if by_row is None else by_row)  # hits may bring more than errors cost
    axes.set_ylim(1.1 * lowest, 1.1 * max(highest, float(cost[at])) or 1)
    named = f"false alarm {cost_fp:g}, miss {cost_fn:g}" if by_row is None else "by the costs of each row"
    axes.set_ylabel(f"cost of a row ({named})")
    legend_strip(figure, entries, rows=2)
    return figure


def decision_curve(curve: pd.DataFrame, *, prevalence: float, subtitle: str = "") -> Figure:
    """Net benefit against the threshold probability: from which probability on one would act.

    Look where the model is above both dashed lines: there it is worth more than acting on all rows or on none. Whoever
    bears 9 false alarms for a positive looks at 0.1.

    Args:
        curve: ``probability`` (0 to 1), ``model`` and ``all`` (net benefit of a row).
        prevalence: share of positives, the net benefit of a perfect model.
        subtitle: the run's name.
    """
    asked, model, everyone = (column(curve, name) for name in ("probability", "model", "all"))
    better = asked[model > np.maximum(everyone, 0) + 1e-12]
    where = f"from {better.min():.2g} to {better.max():.2g}" if better.size else ""
    title = f"Worth more than acting on all or none {where}" if better.size else "Nowhere worth more than all or none"
    figure, (axes,) = new_figure(title, subtitle)
    (line,) = axes.plot(asked, model, color=BLUE, lw=2.0)
    (all_rows,) = axes.plot(asked, everyone, "--", color=ORANGE, lw=1.6)
    none = axes.axhline(0, color=GREY, ls=":", lw=1.6)
    legend_strip(figure, [(line, "the model, calibrated"), (all_rows, "act on all"), (none, "act on none")])
    axes.set_xlim(0, 1)
    axes.set_ylim(-0.15 * prevalence, 1.05 * prevalence)
    axes.set_xlabel("threshold probability: act from it on")
    axes.set_ylabel("net benefit (true positives a row)")
    return figure


def top_rows(curve: pd.DataFrame, *, k: float, subtitle: str = "") -> Figure:
    """Precision, recall and lift of the rows of the highest scores, against how many are looked at.

    Look at the vertical line, the budget: how many of its rows are positive (precision), how many of all positives it
    finds (recall, or gains), and how many times as many as rows at random would (lift).

    Args:
        curve: ``share`` of the rows (0 to 1), ``precision``, ``recall`` (0 to 1), ``lift`` (times).
        k: the budget, a share of the rows.
        subtitle: the run's name.
    """
    share, precision, recall, lift = (column(curve, name) for name in ("share", "precision", "recall", "lift"))
    at = [float(np.interp(k, share, values)) for values in (precision, recall, lift)]
    title = f"The top {100 * k:.3g}% of rows: precision {at[0]:.3f}, recall {at[1]:.3f}, lift {at[2]:.3g}"
    figure, (top, bottom) = new_figure(title, subtitle, grid=Grid(rows=2, height_ratios=(1.6, 1), share_x=True))
    (first,) = top.plot(share, precision, color=ORANGE, lw=2.0)
    (second,) = top.plot(share, recall, color=SKY, lw=2.0)
    (random,) = top.plot(share, share, "--", color=GREY, lw=1.4)
    (third,) = bottom.plot(share, lift, color=GREEN, lw=2.0)
    bottom.axhline(1, color=GREY, ls="--", lw=1.4)
    for axes in (top, bottom):
        budget = axes.axvline(k, color=BLACK, lw=1.4)
        axes.set_xscale("log")
        axes.set_xlim(share[0], 1)
    bottom.xaxis.set_major_formatter(FuncFormatter(plain_number))
    top.tick_params(labelbottom=False)
    top.set_ylim(0, 1.03)
    bottom.set_ylim(0, 1.08 * lift.max())
    top.set_ylabel("precision, recall")
    bottom.set_ylabel("lift (times)")
    bottom.set_xlabel("share of the rows, highest scores first (log scale)")
    figure.align_ylabels([top, bottom])
    named = [(first, "precision at k"), (second, "recall at k (gains)"), (third, "lift at k")]
    legend_strip(figure, [*named, (random, "rows at random"), (budget, "budget")])
    if len(share) < 2:
        note(top, "one row")
    return figure
