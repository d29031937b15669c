"""What the chosen threshold gets right and wrong, counted."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from runner.figures.colours import BLUE
from runner.figures.style import TEXT, new_figure

_SHADES = LinearSegmentedColormap.from_list("white to blue", ["#FFFFFF", BLUE])
_NAMES = (("true negatives", "false positives"), ("false negatives", "true positives"))


def confusion_matrix(counts: Mapping[str, int | np.integer], *, threshold: float, subtitle: str = "") -> Figure:
    """Counts in four cells, coloured by the share of their row, so that the rare class is seen as well.

    Look along a row: how the members of one actual class were judged. Look down the right column for the
    price: false positives against true positives among the alarms.

    Args:
        counts: ``tn``, ``fp``, ``fn``, ``tp`` as numbers of rows.
        threshold: the probability from which on a row is called positive.
        subtitle: the run's name.
    """
    cells = np.array([[counts["tn"], counts["fp"]], [counts["fn"], counts["tp"]]], dtype=np.float64)
    totals = cells.sum(axis=1)
    rates = np.divide(cells, totals[:, None], out=np.full((2, 2), np.nan), where=totals[:, None] > 0)
    found, actual, alarms = int(cells[1, 1]), int(totals[1]), int(cells[:, 1].sum())
    figure, (axes,) = new_figure(
        f"{found:,} of {actual:,} positives found with {alarms:,} {'alarm' if alarms == 1 else 'alarms'}",
        subtitle,
        legend_rows=0,
        left=1.5,
    )
    axes.grid(False)
    axes.imshow(np.nan_to_num(rates), cmap=_SHADES, vmin=0, vmax=1, aspect="auto")
    for row in range(2):
        for side in range(2):
            rate = rates[row, side]
            share = "no such rows" if np.isnan(rate) else f"{rate:.1%} of the row"
            colour = "white" if rate > 0.65 else TEXT
            axes.text(
                side, row - 0.09, f"{int(cells[row, side]):,}",
                ha="center", va="center", size=20, weight="bold", color=colour,
            )  # fmt: skip
            axes.text(
                side, row + 0.15, f"{_NAMES[row][side]}\n{share}",
                ha="center", va="center", size=11, color=colour,
            )  # fmt: skip
    axes.set_xticks(
        [0, 1], [f"predicted negative\nbelow {threshold:.3g}", f"predicted positive\nfrom {threshold:.3g} on"], size=11
    )
    axes.set_yticks(
        [0, 1],
        [f"actual\n{name}\n{int(total):,} rows" for name, total in zip(("negative", "positive"), totals, strict=True)],
        size=11,
    )
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.axhline(0.5, color="white", lw=3)
    axes.axvline(0.5, color="white", lw=3)
    return figure
