"""Which figures a run gets, and from which of its numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import keras
import numpy as np
import pandas as pd

from losses.shape import loss_shape
from runner import figures
from runner.evaluation import Evaluation, curves
from runner.evaluation.thresholds import threshold_curve

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(
    evaluation: Evaluation,
    history: pd.DataFrame,
    best_epoch: int,
    loss: keras.losses.Loss,
    option: str,
    name: str,
    bins: int,
) -> Iterator[tuple[str, Figure]]:
    """The run's figures, one at a time: (file name without suffix, figure).

    Args:
        evaluation: of the run.
        history: one row an epoch.
        best_epoch: whose weights were kept.
        loss: trained with.
        option: the loss's.
        name: the run's.
        bins: of the calibration curve.
    """
    labels, probabilities = evaluation.test.labels, evaluation.test.probabilities
    metrics, confusion = evaluation.metrics, evaluation.confusion
    recall, false_positive_rate = metrics["test/recall"], 1 - metrics["test/specificity"]

    yield (
        "loss_curves",
        figures.loss_curves(history, best_epoch=best_epoch, loss_name=option, subtitle=name),
    )
    yield (
        "precision_recall",
        figures.precision_recall(
            curves.precision_recall_curve(labels, probabilities),
            average_precision=metrics["test/average_precision"],
            interval=evaluation.interval("average_precision"),
            prevalence=metrics["test/prevalence"],
            threshold=evaluation.threshold,
            at_threshold=(recall, metrics["test/precision"]),
            subtitle=name,
        ),
    )
    yield (
        "roc",
        figures.roc(
            curves.roc_curve(labels, probabilities),
            roc_auc=metrics["test/roc_auc"],
            interval=evaluation.interval("roc_auc"),
            at_threshold=(false_positive_rate, recall),
            subtitle=name,
        ),
    )
    counts = {key: int(getattr(confusion, key)) for key in ("tn", "fp", "fn", "tp")}
    yield "confusion_matrix", figures.confusion_matrix(counts, threshold=evaluation.threshold, subtitle=name)
    debiased = None if evaluation.debiased is None else evaluation.debiased.probabilities
    if debiased is not None and np.allclose(debiased, probabilities):
        debiased = None  # nothing to undo
    yield (
        "calibration",
        figures.calibration(
            curves.calibration_curve(labels, probabilities, bins),
            probabilities,
            labels,
            ece=metrics["test/ece"],
            brier=metrics["test/brier"],
            debiased_bins=None if debiased is None else curves.calibration_curve(labels, debiased, bins),
            subtitle=name,
        ),
    )
    yield (
        "threshold",
        figures.threshold_metrics(
            threshold_curve(labels, probabilities),
            threshold=evaluation.threshold,
            rule=str(evaluation.rule),
            subtitle=name,
        ),
    )
    whole_batch = getattr(loss, "whole_batch", False)
    shape = loss_shape(loss)
    yield "loss_shape", figures.loss_shape(shape, loss_name=option, whole_batch=whole_batch, subtitle=name)
