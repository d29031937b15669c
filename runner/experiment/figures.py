"""Which figures a run gets, and from which of its numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd

import losses
from runner import figures
from runner.evaluation import Evaluation, curves
from runner.evaluation.budgets import rows_of
from runner.evaluation.decision_curves import cost_curve, cost_curve_of_rows, net_benefit_curve, top_rows_curve
from runner.evaluation.thresholds import threshold_curve
from runner.metrics import of_part


@dataclass(frozen=True)
class RunPicture:
    """What the figures of a run are drawn from.

    Attributes:
        evaluation: of the run.
        history: one row an epoch.
        best_epoch: whose weights are kept.
        loss: the keras.losses.Loss that it was trained with.
        option: the loss's.
        name: the run's.
        bins: of the calibration curve.
        importance: of its columns, see `run_importance`; None where it is not asked for.
    """

    evaluation: Evaluation
    history: pd.DataFrame
    best_epoch: int
    loss: Any
    option: str
    name: str
    bins: int
    importance: pd.DataFrame | None = None


def run_figures(picture: RunPicture) -> Iterator[tuple[str, figures.Draw]]:
    """The run's figures, none of them drawn yet: (file name without suffix, what draws it, here or elsewhere)."""
    evaluation, name = picture.evaluation, picture.name
    labels, probabilities = evaluation.test.labels, evaluation.test.probabilities
    metrics, confusion = evaluation.metrics, evaluation.confusion
    recall, false_positive_rate = metrics["test/recall"], 1 - metrics["test/specificity"]

    yield (
        "loss_curves",
        partial(
            figures.loss_curves, picture.history, best_epoch=picture.best_epoch, loss_name=picture.option, subtitle=name
        ),
    )
    yield (
        "precision_recall",
        partial(
            figures.precision_recall,
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
        partial(
            figures.roc,
            curves.roc_curve(labels, probabilities),
            roc_auc=metrics["test/roc_auc"],
            interval=evaluation.interval("roc_auc"),
            at_threshold=(false_positive_rate, recall),
            subtitle=name,
        ),
    )
    counts = {key: int(getattr(confusion, key)) for key in ("tn", "fp", "fn", "tp")}
    yield "confusion_matrix", partial(figures.confusion_matrix, counts, threshold=evaluation.threshold, subtitle=name)
    yield (
        "calibration",
        partial(
            figures.calibration,
            curves.calibration_curve(labels, probabilities, picture.bins),
            probabilities,
            labels,
            ece=metrics["test/ece"],
            brier=metrics["test/brier"],
            calibrated_bins=curves.calibration_curve(labels, evaluation.calibrated, picture.bins),
            subtitle=name,
        ),
    )
    yield (
        "threshold",
        partial(
            figures.threshold_metrics,
            threshold_curve(labels, probabilities),
            threshold=evaluation.threshold,
            rule=str(evaluation.rule),
            subtitle=name,
        ),
    )
    yield from _decisions(picture)
    if evaluation.by_group is not None:
        yield (
            "groups",
            partial(
                figures.by_group,
                evaluation.by_group.table,
                grouped_by=evaluation.by_group.column,
                overall=of_part(metrics, "test"),
                subtitle=name,
            ),
        )
    if picture.importance is not None:
        value = metrics["test/average_precision"]
        yield "importance", partial(figures.importance, picture.importance, average_precision=value, subtitle=name)
    whole_batch = getattr(picture.loss, "whole_batch", False)
    shape = losses.loss_shape(picture.loss)
    yield (
        "loss_shape",
        partial(figures.loss_shape, shape, loss_name=picture.option, whole_batch=whole_batch, subtitle=name),
    )


def _decisions(picture: RunPicture) -> Iterator[tuple[str, figures.Draw]]:
    """Cost by threshold, decision curve, and what the highest scores hold."""
    evaluation, name, rule = picture.evaluation, picture.name, picture.evaluation.rule
    labels, rows = evaluation.test.labels, len(evaluation.test.labels)
    probabilities, threshold = evaluation.test.probabilities, evaluation.threshold
    if evaluation.costs is None:
        curve = cost_curve(labels, probabilities, rule.cost_fp, rule.cost_fn)
        costs = {"cost_fp": rule.cost_fp, "cost_fn": rule.cost_fn}
    else:
        curve = cost_curve_of_rows(labels, probabilities, evaluation.costs)
        costs = {"by_row": evaluation.metrics["test/expected_cost"]}
    yield "cost", partial(figures.cost_by_threshold, curve, threshold=threshold, subtitle=name, **costs)
    benefit = net_benefit_curve(labels, evaluation.calibrated)
    yield (
        "decision_curve",
        partial(figures.decision_curve, benefit, prevalence=evaluation.metrics["test/prevalence"], subtitle=name),
    )
    highest = top_rows_curve(labels, evaluation.test.logits)
    yield "top_rows", partial(figures.top_rows, highest, k=rows_of(rule.top_k, rows) / rows, subtitle=name)
