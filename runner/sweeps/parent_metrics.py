"""What the parent run of a sweep says in numbers: its best run, and each loss's mean and spread."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Sequence

from runner.metrics import sign
from runner.tracking import names
from runner.tracking.recorded_run import RecordedRun

TEST_METRICS = ("test/average_precision", "test/roc_auc", "test/log_loss", "test/mcc")
MOST_LOSSES = 60  # with their settings; the values of more are a search's, or a grid's, and no table to read


def sweep_metrics(runs: Sequence[RecordedRun], objective: str, *, is_search: bool) -> dict[str, float]:
    """The metrics of a sweep's parent run, by name.

    `best/` is of the run with the best objective, on test too: no run is chosen by its test metrics. `mean/` and
    `spread/` (the standard deviation) are of each loss over seeds and splits, `best_of_loss/` is of its best run.

    Args:
        runs: the sweep's finished runs.
        objective: the metric that runs are chosen by.
        is_search: whether each run is a loss of its own; `best/` with the objective is the search's to record.
    """
    finite = [run for run in runs if math.isfinite(run.metrics.get(objective, math.nan))]
    if not finite:
        return {}
    metrics = (objective, *TEST_METRICS)
    best = max(finite, key=lambda run: sign(objective) * run.metrics[objective])
    found = {f"best/{metric}": best.metrics.get(metric, math.nan) for metric in metrics}
    if is_search:
        del found[f"best/{objective}"]
    groups = _by_loss(finite)
    if not is_search and len(groups) <= MOST_LOSSES:
        for loss, own in groups.items():
            best_own = max(own, key=lambda run: sign(objective) * run.metrics[objective])
            for metric in metrics:
                values = [run.metrics[metric] for run in own if metric in run.metrics]
                found[f"best_of_loss/{metric}/{loss}"] = best_own.metrics.get(metric, math.nan)
                if len(values) > 1:
                    found[f"mean/{metric}/{loss}"] = statistics.fmean(values)
                    found[f"spread/{metric}/{loss}"] = statistics.stdev(values)
    return {name: value for name, value in found.items() if math.isfinite(value)}


def _by_loss(runs: Sequence[RecordedRun]) -> dict[str, list[RecordedRun]]:
    """Runs by loss with its settings, as the name of a metric may have it; and by dataset, where there are several."""
    labels = [(run.tags[names.DATASET_NAME], run.tags.get(names.SETTING, "")) for run in runs]
    several = len(set(labels)) > 1
    groups: dict[str, list[RecordedRun]] = {}
    for run, label in zip(runs, labels, strict=True):
        words = [run.tags[names.VARIANT], *(["on", *label] if several else [])]
        groups.setdefault(_metric_name(" ".join(words)), []).append(run)
    return groups


def _metric_name(words: str) -> str:
    """MLflow takes letters, digits, and of signs `_-. /` alone."""
    return " ".join(re.sub(r"[^\w.\- ]+", " ", words, flags=re.ASCII).split())
