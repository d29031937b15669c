"""What the loss asks of the network: its value and its pull on the logit, against the plain log loss."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from runner.figures.colours import GREY, NEGATIVE, POSITIVE
from runner.figures.scales import plain_number
from runner.figures.style import Grid, column, legend_strip, new_figure, note

_VISIBLE_FROM = 0.02  # losses may go to infinity at the wrong end: the y axis ends at what is reached here
_LINEAR_UP_TO = 15.0  # larger values would flatten the reference lines: the axis bends into a logarithmic one


def loss_shape(shape: pd.DataFrame, *, loss_name: str, whole_batch: bool = False, subtitle: str = "") -> Figure:
    """The loss and its gradient against the predicted probability, one line a label.

    Look at the right panel: it is the force on the network. Weighting stretches a line, focusing bends it to
    nothing where the answer is already right, and where a line crosses zero before its end the loss is
    content with a probability short of certainty. Far larger values than the log loss's are shown by decades.

    Args:
        shape: ``probability`` (0 to 1), ``loss_positive`` and ``loss_negative`` (the loss for label 1 and
            label 0), ``gradient_positive`` and ``gradient_negative`` (its derivative by the logit). Non-finite
            values are left out.
        loss_name: the loss's name.
        whole_batch: whether the example is one row of a batch that otherwise stays as it is.
        subtitle: the run's name.
    """
    title = f"Shape of the {loss_name} loss"
    figure, (left, right) = new_figure(title, subtitle, grid=Grid(columns=2), left=0.75)
    ordered = shape.sort_values("probability")
    probability = column(ordered, "probability")
    grid = np.linspace(0.001, 0.999, 400)
    panels = (
        (left, "loss", (-np.log(grid), -np.log1p(-grid)), "loss of one example"),
        (right, "gradient", (grid - 1, grid), "gradient by the logit"),
    )
    moving = "predicted probability" + (" of one row" if whole_batch else "")
    for axes, quantity, references, label in panels:
        drawn: list[Line2D] = []
        for values in references:
            (reference,) = axes.plot(grid, values, color="#595959", ls=":", lw=1.4, zorder=2.5)
        for name, colour in (("positive", POSITIVE), ("negative", NEGATIVE)):
            values = column(ordered, f"{quantity}_{name}")
            values = np.where(np.isfinite(values), values, np.nan)
            drawn += axes.plot(probability, values, color=colour, lw=2.4, label=name, zorder=2)
        _limit(axes, probability, [np.asarray(line.get_ydata()) for line in drawn], grid, references)
        if not any(np.isfinite(np.asarray(line.get_ydata())).any() for line in drawn):
            note(axes, "no value for one example")
        axes.set(xlim=(0, 1), xlabel=moving, ylabel=label)
    right.axhline(0, color=GREY, lw=0.8)
    legend_strip(figure, [(drawn[0], "label 1 (positive)"), (drawn[1], "label 0 (negative)"), (reference, "log loss")])
    return figure


def _limit(
    axes: Axes,
    probability: np.ndarray,
    lines: list[np.ndarray],
    grid: np.ndarray,
    references: tuple[np.ndarray, ...],
) -> None:
    """Ends the y axis at what all lines reach inside [0.02, 0.98], by decades where that is far up."""
    inside = (probability >= _VISIBLE_FROM) & (probability <= 1 - _VISIBLE_FROM)
    seen = [line[inside] for line in lines]
    seen += [values[(grid >= _VISIBLE_FROM) & (grid <= 1 - _VISIBLE_FROM)] for values in references]
    values = np.concatenate(seen)
    values = values[np.isfinite(values)]
    low, high = float(min(values.min(), 0.0)), float(values.max())
    if max(-low, high) > _LINEAR_UP_TO:
        axes.set_yscale("asinh", linear_width=0.5)
        decades = [10.0**power for power in range(int(np.log10(max(-low, high))) + 2)]
        axes.yaxis.set_major_locator(FixedLocator([*(-tick for tick in decades), 0.0, *decades]))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter(FuncFormatter(plain_number))
        axes.set_ylim(low * 1.3, high * 1.3)
        return
    axes.yaxis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 2.5, 5, 10]))
    room = 0.04 * (high - low)
    axes.set_ylim(low - room if low < 0 else 0.0, high + room)
