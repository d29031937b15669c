"""Where the values of a swept hyper-parameter stand: to scale, by decades, or in even steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, NullLocator

from runner.figures.scales import plain_number
from runner.figures.style import cut

_DECADES = 30.0  # the largest over the smallest positive value; from here on the axis runs by decades
_LABELLED = 8  # so many values have a tick each
_MEANS = 6  # of more values
_INNER = 0.8  # share of the axis from the first value to the last
_CHARACTER, _BETWEEN = 0.085, 0.1  # inches of a tick's text


@dataclass(frozen=True)
class ParameterAxis:
    """Places of the values on the x axis.

    Attributes:
        places: (rows,) of each row.
        near: (rows,) place of the mean that a row belongs to: its own, or where there are many, its neighbours' median.
        scale: linear, log or symlog.
        ticks: place and label of each value; none where there are many.
        words: whether the values are words, which have no order.
        even: whether numbers stand in even steps, for want of room.
    """

    places: np.ndarray
    near: np.ndarray
    scale: str = "linear"
    ticks: tuple[tuple[float, str], ...] = ()
    words: bool = False
    even: bool = False

    @property
    def many(self) -> bool:
        """Whether there are too many values for a tick and a mean each."""
        return not self.ticks

    def apply(self, axes: Axes) -> None:
        """Sets scale and ticks; call it when everything is drawn."""
        if self.scale == "symlog":
            axes.set_xscale("symlog", linthresh=float(self.places[self.places > 0].min()))
        else:
            axes.set_xscale(self.scale)
        axes.margins(x=0.12 if self.words else 0.08)
        if self.many:
            axes.xaxis.set_major_locator(MaxNLocator(nbins=6) if self.scale == "linear" else LogLocator(numticks=7))
            axes.xaxis.set_major_formatter(FuncFormatter(plain_number))
        else:
            labels = dict(self.ticks)
            axes.xaxis.set_major_locator(FixedLocator(list(labels)))
            axes.xaxis.set_major_formatter(FuncFormatter(lambda place, _: labels[place]))
        axes.xaxis.set_minor_locator(NullLocator())


def parameter_axis(values: pd.Series, inches: float) -> ParameterAxis:
    """Where to draw values, of which none is missing, on an axis of so many inches.

    Numbers may come as text, as MLflow stores them.
    """
    numbers = pd.to_numeric(values.astype(str), errors="coerce").to_numpy(dtype=np.float64)
    if not np.isfinite(numbers).all():
        codes, words = pd.factorize(values.astype(str))
        places = codes.astype(float)
        gaps = np.full(len(words) - 1, inches * _INNER / max(len(words) - 1, 1))
        longest = 99 if _fit(gaps, list(words)) else max(int((gaps[0] - _BETWEEN) / _CHARACTER), 3)
        labels = [cut(str(word), longest) for word in words]
        return ParameterAxis(places, places, ticks=tuple(enumerate(labels)), words=True)
    distinct = np.unique(numbers)
    scale = _scale(distinct)
    if len(distinct) > _LABELLED:
        near = {value: float(np.median(part)) for part in np.array_split(distinct, _MEANS) for value in part}
        return ParameterAxis(numbers, np.array([near[number] for number in numbers]), scale)
    labels = [plain_number(value) for value in distinct]
    if _fit(_gaps(distinct, scale) * inches * _INNER, labels):
        return ParameterAxis(numbers, numbers, scale, tuple(zip(distinct, labels, strict=True)))
    places = np.searchsorted(distinct, numbers).astype(float)
    return ParameterAxis(places, places, ticks=tuple(enumerate(labels)), even=True)


def _scale(distinct: np.ndarray) -> str:
    """By decades where positive values span more than a factor of 30; with a place for 0 if there is one."""
    positive = distinct[distinct > 0]
    if distinct[0] < 0 or not positive.size or positive[-1] / positive[0] < _DECADES:
        return "linear"
    return "log" if distinct[0] > 0 else "symlog"


def _gaps(distinct: np.ndarray, scale: str) -> np.ndarray:
    """Between neighbours, as shares of the axis."""
    drawn = distinct
    if scale != "linear":
        drawn = np.log10(np.where(distinct > 0, distinct, distinct[distinct > 0][0] / 10))
    return np.diff(drawn) / np.ptp(drawn) if len(drawn) > 1 else np.array([])


def _fit(gaps: np.ndarray, labels: list[str]) -> bool:
    """Whether neighbouring labels do not touch, over gaps in inches."""
    lengths = np.array([len(label) for label in labels]) * _CHARACTER
    return bool((gaps >= (lengths[:-1] + lengths[1:]) / 2 + _BETWEEN).all())
