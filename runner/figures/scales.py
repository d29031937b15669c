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
    """Gives an axis of probabilities one decade an equal length, from 0 (linear below ``linear_below``) to ``upper``.

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


def scale_for_losses(axes: Axes, values: np.ndarray) -> None:
    """A log y axis where positive values span more than a factor of 30, a linear one otherwise."""
    finite = values[np.isfinite(values)]
    if finite.size == 0 or finite.min() <= 0 or finite.max() / finite.min() < 30:
        axes.yaxis.set_major_locator(MaxNLocator(nbins=5))
        return
    axes.set_yscale("log")
    narrow = finite.max() / finite.min() < 1000
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if narrow else (1.0,), numticks=6))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(plain_number))


def plain_number(value: float, _position: int | None = None) -> str:
    """A tick's text: 0.001, not 10 to the minus three; 1e-05 where zeros would need counting."""
    return f"{value:g}"
