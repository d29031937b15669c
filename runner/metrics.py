"""Every metric's name, label, unit and direction: the one table that checks, tables and figures read."""

from __future__ import annotations

from collections.abc import Mapping

EPOCH_METRICS = ("val/loss", "val/log_loss", "val/average_precision", "val/roc_auc")
"""What early stopping may monitor."""

RANKING_METRICS = ("average_precision", "roc_auc")
BUDGET_METRICS = ("precision_at_k", "lift_at_k", "recall_at_fpr", "partial_roc_auc")
PROBABILITY_METRICS = ("log_loss", "brier", "ece")
DECISION_METRICS = ("f1", "mcc", "g_mean", "balanced_accuracy", "precision", "recall", "specificity", "iba")
FINAL_METRICS = (*RANKING_METRICS, *BUDGET_METRICS, *PROBABILITY_METRICS, *DECISION_METRICS)
"""What is measured on validation and test, in the order of every table."""

CALIBRATION_METRICS = ("brier_skill", "ece_null", "ece_null.high", "calibration_slope", "calibration_intercept")
"""What is measured of the test probabilities beside the scores above."""

COST_METRICS = ("expected_cost", "savings", "net_benefit")
"""What is measured on validation and test where rows have costs of their own."""

WITHOUT_INTERVAL = ("ece", *BUDGET_METRICS)
"""Of these no sample gives an interval that holds what it promises."""

SUBGROUP_METRICS = tuple(name for name in FINAL_METRICS if name not in WITHOUT_INTERVAL)
"""What is measured of each group of test rows (`evaluation.groups`)."""
RANKED_BY = "roc_auc"
"""By which groups are ordered: it depends on no group's prevalence."""
WORST_GROUP = "test_worst_group"
"""The prefix of a metric of the group where it is worst."""

COST_OBJECTIVES = tuple(f"val/{name}" for name in COST_METRICS)
"""What a run may return where rows have costs of their own."""
OBJECTIVES = (*(f"val/{name}" for name in FINAL_METRICS), *COST_OBJECTIVES)
"""What a run may return to a sweeper: chosen on validation, never on test."""

LOWER_IS_BETTER = (*PROBABILITY_METRICS, "expected_cost")

_LABELS = {
    "average_precision": "average precision",
    "roc_auc": "ROC AUC",
    "log_loss": "log loss",
    "brier": "Brier score",
    "ece": "calibration error",
    "brier_skill": "Brier skill",
    "ece_null": "calibration error of right probabilities",
    "f1": "F1",
    "mcc": "MCC",
    "g_mean": "G-mean",
    "iba": "IBA",
    "precision_at_k": "precision at k",
    "lift_at_k": "lift at k",
    "recall_at_fpr": "recall at a false positive rate",
    "partial_roc_auc": "partial ROC AUC",
}
_UNITS = {"log_loss": " (nats)", "seconds": " (s)"}
_PARTS = {
    "val": " on validation",
    "test": " on test",
    "test_at_half": " on test, threshold 0.5",
    "test_calibrated": " on test, calibrated on validation",
    "test_debiased": " on test, by the loss's closed form",
    "test_served": " on test, as the model serves it",
    WORST_GROUP: " on test, in the group where it is worst",
}


def sign(metric: str) -> float:
    """1 where a higher value is better, -1 where a lower one is; `test/` and other prefixes do not matter."""
    return -1.0 if metric.rpartition("/")[2] in LOWER_IS_BETTER else 1.0


def of_part(metrics: Mapping[str, float], part: str) -> dict[str, float]:
    """The metrics of one part, such as `test`, by their names without it."""
    return {name.removeprefix(f"{part}/"): value for name, value in metrics.items() if name.startswith(f"{part}/")}


def metric_name(metric: str) -> str:
    """`average precision` for `test/average_precision`."""
    plain = metric.rpartition("/")[2]
    return _LABELS.get(plain, plain.replace("_", " "))


def name_at_budget(metric: str, top_k: float, max_fpr: float) -> str:
    """`metric_name`, and of a metric at a budget which: `precision at k = 5%`, `recall at FPR 10%`.

    Args:
        metric: with or without `test/` before it.
        top_k: a share of the rows below 1, else their number.
        max_fpr: the false positive rate.
    """
    k = f"{100 * top_k:.4g}%" if top_k < 1 else f"{top_k:.0f} rows"
    rate = f"FPR {100 * max_fpr:.4g}%"
    names = {
        "precision_at_k": f"precision at k = {k}",
        "lift_at_k": f"lift at k = {k}",
        "recall_at_fpr": f"recall at {rate}",
        "partial_roc_auc": f"partial ROC AUC to {rate}",
    }
    return names.get(metric.rpartition("/")[2], metric_name(metric))


def metric_label(metric: str) -> str:
    """An axis label: the metric, what it was measured on, its unit."""
    part, _, plain = metric.rpartition("/")
    return f"{metric_name(metric)}{_PARTS.get(part, f' ({part})' if part else '')}{_UNITS.get(plain, '')}"
