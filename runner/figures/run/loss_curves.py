"""How training went: the loss that was minimised, and the log loss that all losses are compared by."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from runner.figures.colours import GREY, loss_colour
from runner.figures.scales import scale_for_losses
from runner.figures.style import Grid, column, legend_strip, new_figure, note

_MARKERS_UP_TO = 20  # epochs; more dots would merge into a caterpillar


def loss_curves(history: pd.DataFrame, *, best_epoch: int | None, loss_name: str, subtitle: str = "") -> Figure:
    """Loss curves in two panels: the run's own loss, and the plain log loss on its own scale.

    Look at the gap between training and validation (overfitting), and at whether the log loss still falls
    where the run's own loss does: a loss that moves the probabilities may improve while the log loss rises.

    Args:
        history: one row an epoch: ``epoch`` (1, 2, ...), ``train/loss`` and ``val/loss`` (the run's own loss,
            in its own unit), ``val/log_loss`` (nats) and, for the best epoch's label only,
            ``val/average_precision`` (0 to 1). Non-finite values are left out and the epoch where they begin
            is marked.
        best_epoch: the epoch whose weights are kept, or None.
        loss_name: the loss's name; chooses the colour.
        subtitle: the run's name.
    """
    figure, (own, common) = new_figure(
        f"Training with the {loss_name} loss",
        subtitle,
        grid=Grid(rows=2, height_ratios=(1.25, 1), share_x=True),
        left=0.95,
    )
    epochs = column(history, "epoch")
    train, validation = column(history, "train/loss"), column(history, "val/loss")
    log_loss = column(history, "val/log_loss")
    colour = loss_colour(loss_name)
    marker = "o" if len(epochs) <= _MARKERS_UP_TO else ""

    (line,) = own.plot(epochs, _finite(train), "--", color=colour, lw=1.4, marker=marker, ms=4, mfc="white")
    entries: list[tuple[Artist, str]] = [(line, "training")]
    for axes, values in ((own, validation), (common, log_loss)):
        (line,) = axes.plot(epochs, _finite(values), color=colour, lw=1.9, marker=marker, ms=4)
    entries.append((line, "validation"))

    if best_epoch is not None and best_epoch in epochs:
        entries.append(
            (
                _mark_best(own, common, epochs, validation, log_loss, best_epoch),
                _best_label(history, best_epoch),
            )
        )
    broken = epochs[~(np.isfinite(train) & np.isfinite(validation) & np.isfinite(log_loss))]
    if broken.size:
        for axes in (own, common):
            span = axes.axvspan(broken[0] - 0.5, epochs[-1] + 0.5, color=GREY, alpha=0.25, lw=0)
        entries.append((span, f"not finite from epoch {broken[0]:.0f}"))

    scale_for_losses(own, np.concatenate([train, validation]))
    scale_for_losses(common, log_loss)
    for axes, values in ((own, np.concatenate([train, validation])), (common, log_loss)):
        if not np.isfinite(values).any():
            note(axes, "no finite value")
    if len(epochs):
        room = max(0.5, 0.01 * len(epochs))
        own.set_xlim(epochs[0] - room, epochs[-1] + room)
    own.tick_params(labelbottom=False)
    own.set_ylabel(f"{loss_name} loss" if len(loss_name) <= 15 else "loss")
    common.set_ylabel("log loss (nats)")
    common.set_xlabel("epoch")
    common.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1, steps=[1, 2, 5, 10]))
    figure.align_ylabels([own, common])
    legend_strip(figure, entries)
    return figure


def _finite(values: np.ndarray) -> np.ndarray:
    """Infinite values as NaN, which lines leave out."""
    return np.where(np.isfinite(values), values, np.nan)


def _mark_best(
    own: Axes, common: Axes, epochs: np.ndarray, validation: np.ndarray, log_loss: np.ndarray, best_epoch: int
) -> Artist:
    """A dotted line through both panels and a ring on each validation curve."""
    at = int(np.flatnonzero(epochs == best_epoch)[0])
    for axes, values in ((own, validation), (common, log_loss)):
        line = axes.axvline(best_epoch, color=GREY, ls=":", lw=1.5, zorder=1)
        if np.isfinite(values[at]):
            axes.plot([best_epoch], [values[at]], "o", ms=8, mfc="none", mec="black", mew=1.5, zorder=4)
    return line


def _best_label(history: pd.DataFrame, best_epoch: int) -> str:
    label = f"best epoch {best_epoch}"
    if "val/average_precision" in history:
        value = column(history, "val/average_precision")[column(history, "epoch") == best_epoch][0]
        if np.isfinite(value):
            label += f" (AP {value:.3f})"
    return label
