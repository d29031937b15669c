"""A run's results in words: the table of the terminal, and the note that MLflow shows."""

from __future__ import annotations

import math
from collections.abc import Mapping

from runner.metrics import FINAL_METRICS, metric_name


def result_rows(metrics: Mapping[str, float]) -> list[tuple[str, str, str]]:
    """(metric, test value, 95% interval) of the result table, in words and four digits.

    Args:
        metrics: `Evaluation.metrics`.
    """
    rows = []
    any_intervals = any(name.endswith(".low") for name in metrics)
    for key in FINAL_METRICS:
        low, high = metrics.get(f"test/{key}.low"), metrics.get(f"test/{key}.high")
        if low is not None and high is not None:
            interval = f"{low:.4f} to {high:.4f}"
        else:
            interval = _too_few(metrics) if any_intervals and key != "ece" else ""
        rows.append((metric_name(key), f"{metrics[f'test/{key}']:.4f}", interval))
        if key == "average_precision":
            rows.append(("  by guessing (prevalence)", f"{metrics['test/prevalence']:.4f}", ""))
    return rows


def _too_few(metrics: Mapping[str, float]) -> str:
    """A class of fewer than five independent rows gives no interval that holds what it promises."""
    scarce = "positives" if metrics["test/prevalence"] <= 0.5 else "negatives"
    return f"too few {scarce} to say"


def summary(
    name: str, metrics: Mapping[str, float], threshold_rule: str, debiased_by: str, stopped: str, best_epoch: int
) -> str:
    """The run's note: a short Markdown page."""
    table = "\n".join(f"| {label.strip()} | {value} | {interval} |" for label, value, interval in result_rows(metrics))
    half = {key: metrics[f"test_at_half/{key}"] for key in ("f1", "mcc")}
    debiased = ""
    if not math.isclose(metrics.get("test_debiased/log_loss", metrics["test/log_loss"]), metrics["test/log_loss"]):
        debiased = (
            f"\nThis loss moves probabilities. With its bias undone by {debiased_by}, "
            f"the log loss is {metrics['test_debiased/log_loss']:.4f} (raw {metrics['test/log_loss']:.4f}) and "
            f"the calibration error {metrics['test_debiased/ece']:.4f} (raw {metrics['test/ece']:.4f}).\n"
        )
    return f"""## {name}

| test metric | value | 95% interval |
|---|---|---|
{table}

Threshold **{metrics["threshold"]:.4g}** ({threshold_rule}, chosen on validation). At 0.5 instead: \
F1 {half["f1"]:.4f}, MCC {half["mcc"]:.4f}.
{debiased}
`probability` in predictions and model is the network's own, raw.
Weights of epoch {best_epoch}; training ended: {stopped}.

**Where to look:** `figures/precision_recall.png` (is it above the prevalence line where you work?), \
`figures/loss_curves.png` (does validation log loss rise while the training loss falls?), \
`figures/calibration.png` (may probabilities be taken at their word?). Compare losses by `test/average_precision` and \
`test/log_loss`, never by `val/loss`: each loss has its own scale.
"""
