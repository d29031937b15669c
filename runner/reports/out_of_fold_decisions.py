"""Threshold and calibrator of the out-of-fold predictions: chosen with as many positives as all folds have together.

What they are worth is measured across folds: each fold's rows are decided by the threshold, and calibrated by the map,
that the other folds' predictions alone give.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from runner.evaluation import Calibrator, EvaluationOptions
from runner.evaluation.calibrators import fit_calibrator, log_loss_of_probabilities
from runner.evaluation.confusion import Confusion
from runner.evaluation.metrics import decision_metrics
from runner.evaluation.thresholds import choose_threshold

WHOSE = ["dataset", "loss", "seed", "division"]


@dataclass(frozen=True)
class Decided:
    """What the out-of-fold predictions of one loss, seed and division give.

    Attributes:
        whose: dataset, loss, seed and division.
        threshold: chosen on all of them.
        calibrator: fitted on all of them.
        row: both with what they are worth across folds, as `decisions.csv` has it.
    """

    whose: dict[str, Any]
    threshold: float
    calibrator: Calibrator
    row: dict[str, Any]


def decide(table: pd.DataFrame, options: EvaluationOptions) -> Iterator[Decided]:
    """Threshold and calibrator of each loss, seed and division.

    A threshold with a guarantee is chosen by the rule beside it: what is guaranteed is of one network's scores, and
    these are of several.

    Args:
        table: `OutOfFold.table` of one dataset.
        options: how its runs were evaluated.
    """
    rule = replace(options.rule, promised=())
    for key, part in table.groupby(WHOSE, sort=False, observed=True):
        whose = dict(zip(WHOSE, key, strict=True))
        labels, logits = part["label"].to_numpy(float), part["logit"].to_numpy()
        probabilities, fold = part["probability"].to_numpy(), part["fold"].to_numpy()
        threshold = choose_threshold(labels, probabilities, rule)
        calibrator = fit_calibrator(options.calibrator, labels, logits, None)
        called, calibrated, thresholds = np.zeros(len(labels)), np.empty(len(labels)), []
        for each in np.unique(fold):
            own = fold == each
            thresholds.append(choose_threshold(labels[~own], probabilities[~own], rule))
            called[own] = probabilities[own] >= thresholds[-1]
            calibrated[own] = fit_calibrator(options.calibrator, labels[~own], logits[~own], None)(logits[own])
        row = {
            **whose,
            "rows": len(labels),
            "positives": int(labels.sum()),
            "rule": str(rule),
            "threshold": threshold,
            "threshold_low": min(thresholds),
            "threshold_high": max(thresholds),
            **decision_metrics(Confusion.at(labels, called, 0.5)),
            "calibrator": str(calibrator),
            "log_loss": log_loss_of_probabilities(labels, probabilities),
            "log_loss_calibrated": log_loss_of_probabilities(labels, calibrated),
        }
        yield Decided(whose, threshold, calibrator, row)
