"""How much better than the baseline each loss is, and whether that can be trusted."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from runner.figures.colours import loss_colour
from runner.figures.comparison.forest import Row, explain_arrows, forest_figure, x_limits
from runner.figures.comparison.layout import EDGE, PALE, WIDTH, Caption, sentence_figure
from runner.figures.style import TEXT, column, cut, legend_strip
from runner.metrics import metric_name

_RIGHT = 1.95  # inches, for the gain in figures and the verdict
_VERDICT = WIDTH - EDGE - 0.95
_ROPE = "#CFE3F1"
_WORDS = {"better": ("#00593F", "bold"), "worse": ("#8A3D00", "bold")}
_SPLITS_BELOW = 0.27  # rows


def difference_forest(
    board: pd.DataFrame,
    rope: float,
    splits: pd.DataFrame | None = None,
    *,
    metric: str,
    unit: str = "split",
    alpha: float = 0.05,
    subtitle: str = "",
) -> Figure:
    """The gain of every loss over the baseline with its adjusted interval, largest gain on top.

    Look where an interval lies: off the zero line, the loss differs; inside the shaded region, the difference is too
    small to matter; otherwise it cannot be told.

    Args:
        board: indexed by loss; ``gain``, ``gain_low``, ``gain_high`` (positive is better; NaN: no interval, infinite:
            without end), ``verdict`` ("baseline" for the baseline, which has no row here).
        rope: gains from -rope to rope do not matter in practice.
        splits: ``loss``, ``gain``, one row a split (or a dataset): small dots below the gain; None for none.
        metric: whose gain, such as ``test/average_precision``.
        unit: what a row of ``splits`` is.
        alpha: 0.05 for 95% intervals.
        subtitle: of what.
    """
    baseline = next((str(loss) for loss in board.index[board["verdict"] == "baseline"]), "the baseline")
    name = metric_name(metric)
    title = f"Gain in {name} over {cut(baseline, 30)}"
    others = board[board["verdict"] != "baseline"].sort_values("gain", ascending=False, kind="stable")
    if others.empty:
        return sentence_figure(title, subtitle, "There is no other loss to compare with the baseline.")
    losses = [str(loss) for loss in others.index]
    gain, low, high = (column(others, name) for name in ("gain", "gain_low", "gain_high"))
    dots = [np.array([]) if splits is None else column(splits[splits["loss"] == loss], "gain") for loss in losses]
    drawn = [np.array([gain[i], low[i], high[i], *dots[i]]) for i in range(len(losses))]
    finite = [np.where(np.isfinite(values), values, np.nan) for values in drawn]
    ends = x_limits(
        gain,
        np.array([np.fmin.reduce(values) for values in finite]),
        np.array([np.fmax.reduce(values) for values in finite]),
        always=[-1.2 * rope, 0.0, 1.2 * rope],
    )
    foot = [*_foot(gain, low, high), *explain_arrows(np.concatenate(drawn), ends)]
    forest = forest_figure(
        Caption(title, subtitle, foot),
        [Row(loss) for loss in losses],
        limits=ends,
        label=f"gain in {name}, positive is better",
        right=_RIGHT,
    )
    forest.axes.axvline(0, color=TEXT, lw=1.2, zorder=2)
    forest.write_above(_VERDICT - 0.1, "gain", size=9, ha="right", color=PALE)
    forest.write_above(_VERDICT, "verdict", size=9, color=PALE)
    for i, (loss, verdict) in enumerate(zip(losses, others["verdict"], strict=True)):
        colour = loss_colour(loss)
        below = np.full(len(dots[i]), i + _SPLITS_BELOW)
        forest.axes.plot(dots[i], below, "o", color=colour, ms=4, alpha=0.4, mew=0, zorder=2.5)
        forest.draw_estimate(i, gain[i], (low[i], high[i]), colour, "o")
        forest.draw_arrows(i, drawn[i], colour)
        forest.write_beside(i, _VERDICT - 0.1, _signed(gain[i]), size=10, ha="right")
        word_colour, weight = _WORDS.get(verdict, (TEXT, "normal"))
        forest.write_beside(i, _VERDICT, verdict, size=10, color=word_colour, weight=weight)
    mean = Line2D([], [], color=TEXT, lw=2.2, marker="o", ms=7, mec="white", mew=1.0)
    entries: list[tuple[Artist, str]] = [(mean, f"gain, adjusted {1 - alpha:.0%} interval")]
    if any(values.size for values in dots):
        entries.append((Line2D([], [], color=TEXT, ls="", marker="o", ms=4, alpha=0.4, mew=0), f"one {unit}"))
    if rope > 0:
        forest.axes.axvspan(-rope, rope, color=_ROPE, lw=0, zorder=1)
        entries.append((Patch(color=_ROPE, lw=0), f"practically equal, within ±{rope:g}"))
    legend_strip(forest.figure, entries)
    return forest.figure


def _signed(value: float) -> str:
    """Three decimals, or one digit of what they would round to 0."""
    if not np.isfinite(value):
        return ""
    text = f"{value:+.3f}" if value == 0 or abs(value) >= 0.0005 else f"{value:+.1g}"
    return text.replace("-", "−")


def _foot(gain: np.ndarray, low: np.ndarray, high: np.ndarray) -> list[str]:
    foot = []
    if np.isnan(gain).any():
        foot.append("No dot: no run of this loss could be paired with one of the baseline.")
    if (np.isfinite(gain) & np.isnan(low)).any():
        foot.append("No interval: a single split shows no variance.")
    if (np.isinf(low) | np.isinf(high)).any():
        foot.append("An interval with arrows at both ends has no end: there are too few datasets.")
    return foot
