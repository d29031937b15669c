"""Figures of a comparison of losses: pure functions from tables to matplotlib figures, 912 pixels wide.

A loss keeps its colour from figure to figure. Heights grow with the number of losses. What cannot be drawn is said in a
sentence in the figure.
"""

from runner.figures.comparison.calibration import calibration_overlay
from runner.figures.comparison.critical_difference import critical_difference
from runner.figures.comparison.curves import curves
from runner.figures.comparison.differences import differences
from runner.figures.comparison.leaderboard import leaderboard
from runner.figures.comparison.precision_recall import precision_recall_overlay
from runner.figures.comparison.sensitivity import sensitivity

__all__ = [
    "calibration_overlay",
    "critical_difference",
    "curves",
    "differences",
    "leaderboard",
    "precision_recall_overlay",
    "sensitivity",
]
