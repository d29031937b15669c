"""A run's results in words: the table of the terminal, and the note that MLflow shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from runner.evaluation.budgets import Budget
from runner.metrics import COST_METRICS, FINAL_METRICS, WITHOUT_INTERVAL, metric_name, name_at_budget


@dataclass(frozen=True)
class DecidedBy:
    """How a run's decisions and probabilities were made.

    Attributes:
        threshold: the rule that chose it, in words.
        calibrator: of the served probabilities, in words.
        budget: of the metrics at a budget.
    """

    threshold: str
    calibrator: str
    budget: Budget


def result_rows(metrics: Mapping[str, float], budget: Budget) -> list[tuple[str, str, str]]:
    """(metric, test value, 95% interval) of the result table, in words and four digits.

    Args:
        metrics: `Evaluation.metrics`.
        budget: of the metrics at a budget.
    """
    rows = []
    any_intervals = any(name.endswith(".low") for name in metrics)
    for key in FINAL_METRICS:
        low, high = metrics.get(f"test/{key}.low"), metrics.get(f"test/{key}.high")
        if low is not None and high is not None:
            interval = f"{low:.4f} to {high:.4f}"
        else:
            interval = _too_few(metrics) if any_intervals and key not in WITHOUT_INTERVAL else ""
        rows.append((name_at_budget(key, budget.top_k, budget.max_fpr), f"{metrics[f'test/{key}']:.4f}", interval))
        if key == "average_precision":
            rows.append(("  by guessing (prevalence)", f"{metrics['test/prevalence']:.4f}", ""))
    rows += [
        (metric_name(key), f"{metrics[f'test/{key}']:.4f}", "") for key in COST_METRICS if f"test/{key}" in metrics
    ]
    return rows


def _too_few(metrics: Mapping[str, float]) -> str:
    """A class of fewer than five independent rows gives no interval that holds what it promises."""
    scarce = "positives" if metrics["test/prevalence"] <= 0.5 else "negatives"
    return f"too few {scarce} to say"


def reference_summary(name: str, metrics: Mapping[str, float], threshold_rule: str, budget: Budget) -> str:
    """The note of a reference, which is no network: a short Markdown page.

    Args:
        name: the run's.
        metrics: `Evaluation.metrics`.
        threshold_rule: how the threshold was chosen, in words.
        budget: of the metrics at a budget.
    """
    return f"""## {name}

No network, but a model of scikit-learn with its defaults, trained on the same rows and inputs as the networks of this \
sweep: what they have to beat.

| test metric | value | 95% interval |
|---|---|---|
{_table(metrics, budget)}

Threshold **{metrics["threshold"]:.4g}** ({threshold_rule}, chosen on validation).
"""


def _table(metrics: Mapping[str, float], budget: Budget) -> str:
    rows = result_rows(metrics, budget)
    return "\n".join(f"| {label.strip()} | {value} | {interval} |" for label, value, interval in rows)


def _calibration_row(metrics: Mapping[str, float], part: str, said: str) -> str:
    """A row of the table of probabilities; a slope that is not finite is left out."""
    names = ("log_loss", "brier_skill", "ece", "ece_null.high", "calibration_slope", "calibration_intercept")
    cells = [f"{metrics[key]:.4f}" if (key := f"{part}/{name}") in metrics else "" for name in names]
    return f"| {said} | {' | '.join(cells)} |"


def summary(
    name: str,
    metrics: Mapping[str, float],
    decided: DecidedBy,
    weighted_by_row: bool,
    stopped: str,
    best_epoch: int,
) -> str:
    """The run's note: a short Markdown page.

    Args:
        name: the run's.
        metrics: `Evaluation.metrics`.
        decided: how the threshold was chosen, and what the served probabilities are made by.
        weighted_by_row: whether sample weights, or costs, differ within a class, which no closed form undoes.
        stopped: why training ended, in words.
        best_epoch: whose weights are kept.
    """
    threshold_rule, calibrator = decided.threshold, decided.calibrator
    half = {key: metrics[f"test_at_half/{key}"] for key in ("f1", "mcc")}
    ways = [("raw", "as the network gives them"), ("calibrated", "by Platt scaling fitted on validation")]
    if "test_debiased/log_loss" in metrics:
        ways.append(("debiased", "by the loss's closed form alone"))
    if "test_served/log_loss" in metrics:
        ways.append(("served", f"as served: {calibrator}"))
    prefixes = {"raw": "test", "calibrated": "test_calibrated", "debiased": "test_debiased", "served": "test_served"}
    probabilities = "\n".join(_calibration_row(metrics, prefixes[way], said) for way, said in ways)
    row_weights = (
        "\nSample weights or costs differ within a class; the closed form knows the means of the classes only.\n"
        if weighted_by_row and "test_debiased/log_loss" in metrics
        else ""
    )
    return f"""## {name}

| test metric | value | 95% interval |
|---|---|---|
{_table(metrics, decided.budget)}

Threshold **{metrics["threshold"]:.4g}** ({threshold_rule}, chosen on validation). At 0.5 instead: \
F1 {half["f1"]:.4f}, MCC {half["mcc"]:.4f}.

| probabilities on test | log loss | Brier skill | calibration error | of a perfect one, up to | slope | intercept |
|---|---|---|---|---|---|---|
{probabilities}
{row_weights}
The model's `probability` is calibrated by {calibrator}, fitted on validation; its `raw_probability`, and \
`probability` in predictions, are the network's own, on which the threshold is set. The closed form holds for a \
network that minimises its loss, and trained ones stop before.

Weights of epoch {best_epoch}; training ended: {stopped}.

**Where to look:** `figures/precision_recall.png` (is it above the prevalence line where you work?), \
`figures/loss_curves.png` (does validation log loss rise while the training loss falls?), \
`figures/calibration.png` (may probabilities be taken at their word?). Compare losses by `test/average_precision` and \
`test_calibrated/log_loss`, never by `val/loss`: each loss has its own scale.
"""
