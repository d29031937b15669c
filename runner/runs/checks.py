"""What a sceptic would find in a finished run, from its metrics alone."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from scipy.special import logit, ndtri

from runner.metrics import metric_name
from runner.terms.findings import LATE, Finding

GAP_METRIC = "average_precision"
LEAST_GAP = 0.1
"""By which validation is better than test, for it to matter."""
MOST_CHANCE = 0.001
"""Probability of as large a gap where validation and test are rows of one distribution that was not chosen by."""


def run_findings(metrics: Mapping[str, float], epochs: int, *, stops_early: bool) -> Iterator[Finding]:
    """What there is to look at in a run.

    Args:
        metrics: its final ones.
        epochs: that it might have trained.
        stops_early: whether the best epoch is known, and training might have ended before.
    """
    if stops_early and still_improving(metrics, epochs):
        yield Finding("EPOCH01", "the run was still improving when its epochs ended: raise trainer.epochs")
    gap = _gap(metrics)
    if gap is not None:
        yield Finding(
            "GAP01",
            f"{metric_name(GAP_METRIC)} is {metrics[f'val/{GAP_METRIC}']:.3f} on validation and "
            f"{metrics[f'test/{GAP_METRIC}']:.3f} on test, which chance hardly explains: look whether validation rows "
            "are copies of training rows, or the test is of another time or place",
        )


def still_improving(metrics: Mapping[str, float], epochs: int) -> bool:
    """Whether a run's best epoch is in the last tenth of all the epochs that it might have trained."""
    done, best = metrics.get("epochs", 0.0), metrics.get("best_epoch", 0.0)
    return int(done) == epochs and best > LATE * done


def _gap(metrics: Mapping[str, float]) -> float | None:
    """By how much validation is better than test, where that is more than chance; else None.

    The test's 95% interval is one of the logit, whose standard error it tells; that of validation is taken to be as
    large. The two are of different rows, so that variances add.
    """
    validation, test = (metrics.get(f"{part}/{GAP_METRIC}", math.nan) for part in ("val", "test"))
    low, high = (metrics.get(f"test/{GAP_METRIC}.{end}", math.nan) for end in ("low", "high"))
    if not (0 < low < high < 1 and 0 < test < 1 and validation - test >= LEAST_GAP):
        return None
    error = (logit(high) - logit(low)) / (2 * ndtri(0.975))
    z = (logit(min(validation, 0.999)) - logit(test)) / (math.sqrt(2) * error)
    return validation - test if z > -ndtri(MOST_CHANCE) else None
