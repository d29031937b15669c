"""Metrics in words."""

from __future__ import annotations

_NAMES = {
    "average_precision": "average precision",
    "roc_auc": "ROC AUC",
    "log_loss": "log loss",
    "brier": "Brier score",
    "ece": "calibration error",
    "f1": "F1",
    "mcc": "MCC",
    "g_mean": "G-mean",
}
_UNITS = {"log_loss": " (nats)", "seconds": " (s)"}
_PARTS = {
    "val": " on validation",
    "test": " on test",
    "test_at_half": " on test, threshold 0.5",
    "test_debiased": " on test, bias undone",
}


def metric_name(metric: str) -> str:
    """`average precision` for `test/average_precision`."""
    plain = metric.rpartition("/")[2]
    return _NAMES.get(plain, plain.replace("_", " "))


def metric_label(metric: str) -> str:
    """An axis label: the metric, what it was measured on, its unit."""
    part, _, plain = metric.rpartition("/")
    return f"{metric_name(metric)}{_PARTS.get(part, f' ({part})' if part else '')}{_UNITS.get(plain, '')}"
