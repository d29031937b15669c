"""Axis scales on which rare-event probabilities can be seen.

Under class imbalance scores crowd near 0, and a linear axis shows them as one stroke. A symmetric log scale
spreads them by decades and, unlike a plain log scale, still has a place for 0 itself.
"""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, NullLocator

CROWDED_BELOW = 0.1


def crowded_near_zero(probabilities: np.ndarray) -> bool:
    """Whether at least half of the finite values lie below 0.1."""
    finite = probabilities[np.isfinite(probabilities)]
    return finite.size > 0 and float(np.median(finite)) < CROWDED_BELOW


def smallest_decade(probabilities: np.ndarray, *, floor: float = 1e-4) -> float:
    """The power of ten below the smallest positive value, between ``floor`` and 0.01."""
    positive = probabilities[np.isfinite(probabilities) & (probabilities > 0)]
    smallest = float(positive.min()) if positive.size else floor
    return min(max(10.0 ** math.floor(math.log10(smallest)), floor), 0.01)


def spread_small(axes: Axes, which: str, *, linear_below: float, upper: float = 1.0) -> None:
    """Gives an axis of probabilities equal lengths a decade, from 0 (linear at first) to ``upper``.

    Args:
        axes: the panel.
        which: ``"x"`` or ``"y"``.
        linear_below: a power of ten; the stretch from 0 to it is linear and one decade long.
        upper: the axis's end.
    """
    decades = round(-math.log10(linear_below))
    axis = axes.xaxis if which == "x" else axes.yaxis
    if which == "x":
        axes.set_xscale("symlog", linthresh=linear_below)
        axes.set_xlim(0, upper)
    else:
        axes.set_yscale("symlog", linthresh=linear_below)
        axes.set_ylim(0, upper)
    ticks = [0.0, *(float(f"1e{power}") for power in range(-decades, 1))]
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(plain_number))


def spread_both_ends(axes: Axes, *, low: float, high: float) -> None:
    """Gives an x axis of probabilities even steps of log odds, with room near 0 and near 1 alike.

    Args:
        axes: the panel.
        low, high: the axis's ends, inside (0, 1).
    """
    axes.set_xscale("logit", nonpositive="clip")
    axes.set_xlim(low, high)
    small = [float(f"1e{power}") for power in range(-5, 0)]
    ticks = [*small, 0.5, *(1 - tick for tick in reversed(small))]
    axes.xaxis.set_major_locator(FixedLocator([tick for tick in ticks if low <= tick <= high]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(plain_number))


def show_counts(axes: Axes) -> None:
    """A log y axis for counts of rows, on which a single row is still seen."""
    axes.set_yscale("log")
    axes.set_ylim(bottom=0.7)
    axes.yaxis.set_major_locator(LogLocator(numticks=5))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def scale_for_losses(axes: Axes, values: np.ndarray) -> None:
    """A log y axis where positive values span more than a factor of 30, a linear one otherwise."""
    finite = values[np.isfinite(values)]
    if finite.size == 0 or finite.min() <= 0 or finite.max() / finite.min() < 30:
        axes.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]))
        return
    axes.set_yscale("log")
    narrow = finite.max() / finite.min() < 1000
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if narrow else (1.0,), numticks=6))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(plain_number))


def plain_number(value: float, _position: int | None = None) -> str:
    """A tick's text: 0.001, not 10 to the minus three; 1e−05 and 1e6 where zeros would need counting."""
    return f"{value:g}".replace("e+0", "e").replace("-", "−")
