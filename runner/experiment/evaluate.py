"""The evaluation of a trained run: the threshold chosen on validation, the metrics on test, probabilities un-biased."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from scipy.special import logit

import losses
from runner.config.experiment_config import ExperimentConfig
from runner.data import Dataset, Splits
from runner.evaluation import ClosedForm, Evaluation, Predictions, evaluate
from runner.experiment.run import Logits, TrainedRun
from runner.runs.evaluation_options import evaluation_options

FARTHEST = 36.0
"""The logit whose probability is the last below 1 in float64."""
TABLED = np.linspace(-FARTHEST, FARTHEST, 1441)
"""Logits, 0.05 apart, at which a closed form is kept: in between it is right to 1e-4 of a logit."""


def evaluate_run(trained: TrainedRun) -> Evaluation:
    """The evaluation of a run, alone or of a stack."""
    run = trained.run
    with run.seconds.timed("evaluate"):
        return evaluate_logits(run.spec.config, run.dataset, run.splits, run.loss, trained.logits)


def evaluate_logits(
    config: ExperimentConfig, dataset: Dataset, splits: Splits, loss: Any, logits: Logits
) -> Evaluation:
    """The evaluation of a run's logits: the threshold chosen on validation, the metrics of test.

    Args:
        config: of the run.
        dataset: whose groups, if any, are what is independent, whose costs, if any, decisions are measured by, and
            whose subgroups, if any, metrics are reported by.
        splits: the rows and labels of both parts.
        loss: a keras.losses.Loss as it was in the epoch whose weights made the logits, for the bias it gives
            probabilities; None where there is none to undo.
        logits: of both parts.
    """
    asked = config.evaluation
    validation = Predictions(splits.validation.rows, splits.validation.labels, logits.validation)
    test = Predictions(splits.test.rows, splits.test.labels, logits.test)
    groups = None if dataset.groups is None else dataset.groups[splits.test.rows]
    costs = None
    if dataset.costs is not None:
        costs = dataset.costs.of(splits.validation.rows), dataset.costs.of(splits.test.rows)
    subgroups = None if dataset.subgroups is None else dataset.subgroups.of(splits.test.rows)
    options = replace(evaluation_options(asked, groups), costs=costs, subgroups=subgroups)
    closed_form = closed_form_of(loss, splits) if asked.calibrator == "auto" else None
    return evaluate(validation, test, options, _debiased(loss, splits, test.logits), closed_form)


def _debiased(loss: Any, splits: Splits, logits: np.ndarray) -> np.ndarray | None:
    """(n,) P(y=1|x) by the closed form of the loss and of the sample weights; None where the loss has none."""
    if loss is None:
        return None
    train = splits.train
    return losses.inverse_map(loss, logits, class_weights=train.class_weights, rows=len(train.labels))


def closed_form_of(loss: Any, splits: Splits) -> ClosedForm | None:
    """The closed form as a table of logits, which a model can hold without the loss; None where the loss has none."""
    debiased = _debiased(loss, splits, TABLED)
    if debiased is None:
        return None
    tiny = np.finfo(float).tiny
    with np.errstate(divide="ignore"):  # a probability of 0 or 1 has an infinite logit
        logits = np.clip(logit(np.maximum(debiased, tiny)), -FARTHEST, FARTHEST)
    return ClosedForm(TABLED, logits)
