"""All losses by the metric compared, best on top."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from runner.figures.colours import GREY, loss_colour
from runner.figures.comparison.forest import Row, explain_arrows, forest_figure, x_limits
from runner.figures.comparison.layout import EDGE, PALE, WIDTH, Caption, sentence_figure
from runner.figures.style import TEXT, column, cut, legend_strip
from runner.metrics import metric_label, metric_name

_RIGHT = 0.95  # inches, for the means in figures


def leaderboard_forest(
    board: pd.DataFrame, metric: str, *, higher_is_better: bool = True, alpha: float = 0.05, subtitle: str = ""
) -> Figure:
    """The mean of every loss with its interval, and the baseline's as a line through all rows.

    Look at the order, and at the intervals for how far other splits or datasets would move a mean. Whether two losses
    differ is not to be read here: gains are paired by split, which makes them surer than the means.

    Args:
        board: indexed by loss, best first; ``mean``, ``mean_low``, ``mean_high`` (NaN: no interval), ``verdict``
            ("baseline" for the baseline), and ``splits``: a loss with fewer than others is marked.
        metric: its name, such as ``test/average_precision``.
        higher_is_better: which way.
        alpha: 0.05 for 95% intervals.
        subtitle: of what.
    """
    title = f"Mean {metric_name(metric)} by loss"
    if board.empty:
        return sentence_figure(title, subtitle, "No finished run to compare.")
    losses = [str(loss) for loss in board.index]
    mean, low, high = (column(board, name) for name in ("mean", "mean_low", "mean_high"))
    baseline = next((loss for loss, word in zip(losses, board["verdict"], strict=True) if word == "baseline"), "")
    level = mean[losses.index(baseline)] if baseline else np.nan
    ends = x_limits(mean, low, high, always=[level])
    foot = [*explain_arrows(np.concatenate([mean, low, high]), ends), *_foot(mean, low)]
    tags = _tags(losses, baseline, column(board, "splits"))
    forest = forest_figure(
        Caption(title, subtitle, foot),
        [Row(loss, tags.get(loss, ""), bold=loss == baseline) for loss in losses],
        limits=ends,
        label=f"{metric_label(metric)}, {'higher' if higher_is_better else 'lower'} is better",
        right=_RIGHT,
    )
    forest.write_above(WIDTH - EDGE - 0.08, "mean", size=9, ha="right", color=PALE)
    for i, loss in enumerate(losses):
        forest.draw_estimate(i, mean[i], (low[i], high[i]), loss_colour(loss), "D" if loss == baseline else "o")
        forest.draw_arrows(i, np.array([mean[i], low[i], high[i]]), loss_colour(loss))
        text = f"{mean[i]:#.3g}" if np.isfinite(mean[i]) else "not finite"
        forest.write_beside(i, WIDTH - EDGE - 0.08, text, size=10, ha="right")
    interval = Line2D([], [], color=TEXT, lw=2.2, marker="o", ms=7, mec="white", mew=1.0)
    entries: list[tuple[Artist, str]] = [(interval, f"mean, {1 - alpha:.0%} interval")]
    if np.isfinite(level):
        line = forest.axes.axvline(level, color=GREY, ls="--", lw=1.3, zorder=2)
        entries.append((line, f"mean of the baseline, {cut(baseline, 30)}"))
    legend_strip(forest.figure, entries)
    return forest.figure


def _tags(losses: list[str], baseline: str, splits: np.ndarray) -> dict[str, str]:
    """What is said below a name: that it is the baseline, or has fewer splits than others."""
    most = splits.max()
    fewer = {losses[i]: f"{splits[i]:.0f} of {most:.0f} splits" for i in np.flatnonzero(splits < most)}
    return fewer | {baseline: " · ".join(["baseline", *([fewer[baseline]] if baseline in fewer else [])])}


def _foot(mean: np.ndarray, low: np.ndarray) -> list[str]:
    foot = []
    if (np.isfinite(mean) & np.isnan(low)).any():
        foot.append("No interval where there is a single split or dataset.")
    if len(mean) > 1:
        foot.append("Overlapping intervals do not make losses equal: each mean stands alone here, gains are paired.")
    return foot
