"""Which way a metric is better."""

from __future__ import annotations

LOWER_IS_BETTER = ("log_loss", "brier", "ece")


def sign(metric: str) -> float:
    """1 where a higher value is better, -1 where a lower one is; `test/` and other prefixes do not matter."""
    return -1.0 if metric.rpartition("/")[2] in LOWER_IS_BETTER else 1.0
