"""The worked examples that are figures: drawn, and what is drawn compared with what it should be."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

import losses
from losses.shape import loss_shape
from runner import figures
from runner.verification.differences import relative_difference
from runner.verification.example_check import ExampleCheck

PIXEL = 1e-3  # in the log plot a pixel is more than that


def draw_and_check_curves(curves: Mapping[str, pd.DataFrame], folder: Path) -> ExampleCheck:
    """Example 17: training and validation loss of the trainings of example 13.

    Args:
        curves: see `equalities.train_three_ways`.
        folder: where the figure goes; must exist.
    """
    figure = figures.agreement(curves, title="One training, three times", subtitle="binary cross-entropy, one seed")
    drawn = np.array([line.get_ydata() for panel in figure.axes for line in panel.lines])
    meant = np.array([history[which] for which in ("train/loss", "val/loss") for history in curves.values()])
    figures.save(figure, folder / "same_curves.png")
    return _drawn(17, "loss curves of 13, drawn", relative_difference(drawn, meant), folder / "same_curves.png")


def draw_and_check_log_plot(folder: Path) -> ExampleCheck:
    """Example 18: how loss and gradient grow as the probability moves away from the label.

    Args:
        folder: where the figure goes; must exist.
    """
    shape = loss_shape(losses.CustomLoss())
    p = shape["probability"].to_numpy()
    meant = pd.DataFrame(
        {
            "loss_positive": -np.log(p),
            "loss_negative": -np.log1p(-p),
            "gradient_positive": p - 1,
            "gradient_negative": p,
        }
    )
    off = float(np.max(np.abs(shape[meant.columns].to_numpy() - meant.to_numpy())))
    subtitle = "-log p where the label is 1, -log(1 - p) where it is 0"
    figure = figures.loss_shape(shape, loss_name="custom", subtitle=subtitle)
    figures.save(figure, folder / "log_plot.png")
    return _drawn(18, "log plot, drawn", off, folder / "log_plot.png")


def _drawn(number: int, what: str, off: float, path: Path) -> ExampleCheck:
    """The check of a figure whose data are so far off."""
    return ExampleCheck(number, what, "a figure", "a figure", off, PIXEL, path)
