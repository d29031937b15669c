"""Figures of one run: pure functions from tables to matplotlib figures, and ``save``.

Nothing here touches pyplot or the global rcParams, so figures are freed like any other object and may be
drawn in any thread. Every function takes the run's name as ``subtitle``.
"""

from runner.figures.losses.agreement import agreement
from runner.figures.losses.gallery import gallery
from runner.figures.losses.shape import loss_shape
from runner.figures.run.calibration import calibration
from runner.figures.run.confusion import confusion_matrix
from runner.figures.run.loss_curves import loss_curves
from runner.figures.run.ranking import precision_recall, roc
from runner.figures.run.thresholds import threshold_metrics
from runner.figures.search.history import search_history, search_importance
from runner.figures.search.pareto_front import search_front
from runner.figures.style import loss_colour, new_figure, save

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
