"""Pure functions of labels and predictions: metrics, thresholds, calibration, intervals."""

from runner.evaluation.budgets import Budget
from runner.evaluation.calibrators import Calibrator, ClosedForm
from runner.evaluation.evaluation import Evaluation, EvaluationOptions, evaluate
from runner.evaluation.metrics import epoch_metrics
from runner.evaluation.predictions import Predictions
from runner.evaluation.thresholds import ThresholdRule

__all__ = [
    "Budget",
    "Calibrator",
    "ClosedForm",
    "Evaluation",
    "EvaluationOptions",
    "Predictions",
    "ThresholdRule",
    "epoch_metrics",
    "evaluate",
]
