"""How a run's config asks for its predictions to be evaluated."""

from __future__ import annotations

import numpy as np

from runner.config.schemas import EvaluationConfig
from runner.evaluation import Budget, EvaluationOptions, ThresholdRule
from runner.terms.promises import promises


def evaluation_options(asked: EvaluationConfig, groups: np.ndarray | None = None) -> EvaluationOptions:
    """The options of a config group.

    Args:
        asked: the group.
        groups: (n,) of the test rows, where rows of one group are not independent.
    """
    return EvaluationOptions(
        rule=_rule(asked),
        bins=asked.calibration_bins,
        draws=asked.bootstrap,
        groups=groups,
        calibrator=asked.calibrator,
        budget=Budget(asked.top_k, asked.max_fpr),
    )


def _rule(asked: EvaluationConfig) -> ThresholdRule:
    return ThresholdRule(
        name=asked.threshold,
        cost_fp=asked.cost_fp,
        cost_fn=asked.cost_fn,
        min_precision=asked.min_precision,
        fixed_threshold=asked.fixed_threshold,
        min_recall=asked.min_recall,
        max_fpr=asked.max_fpr,
        top_k=asked.top_k,
        beta=asked.beta,
        threshold_probability=asked.threshold_probability,
        promised=promises(asked.guarantee) if asked.guarantee is not None else (),
        confidence=asked.confidence,
    )
