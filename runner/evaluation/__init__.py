"""Pure functions of labels and predictions: metrics, thresholds, calibration, intervals."""

from runner.evaluation.evaluation import Evaluation, evaluate
from runner.evaluation.metrics import epoch_metrics
from runner.evaluation.predictions import Predictions

__all__ = ["Evaluation", "Predictions", "epoch_metrics", "evaluate"]
