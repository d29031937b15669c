"""Figures of one run: pure functions from tables to matplotlib figures, and ``save``.

Nothing here touches pyplot or the global rcParams, so figures are freed like any other object and may be
drawn in any thread. Every function takes the run's name as ``subtitle``.
"""

from runner.figures.agreement import agreement
from runner.figures.calibration import calibration
from runner.figures.confusion import confusion_matrix
from runner.figures.curves import loss_curves
from runner.figures.front import search_front
from runner.figures.gallery import gallery
from runner.figures.loss_shape import loss_shape
from runner.figures.ranking import precision_recall, roc
from runner.figures.search import search_history, search_importance
from runner.figures.style import loss_colour, new_figure, save
from runner.figures.thresholds import threshold_metrics

__all__ = [
    "agreement",
    "calibration",
    "confusion_matrix",
    "gallery",
    "loss_colour",
    "loss_curves",
    "loss_shape",
    "new_figure",
    "precision_recall",
    "roc",
    "save",
    "search_front",
    "search_history",
    "search_importance",
    "threshold_metrics",
]
