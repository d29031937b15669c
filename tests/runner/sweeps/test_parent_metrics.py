"""What a sweep's parent says in numbers."""

from __future__ import annotations

import pytest

from runner.sweeps.parent_metrics import sweep_metrics
from runner.tracking.recorded_run import RecordedRun


def run(loss: str, val: float, test: float) -> RecordedRun:
    metrics = {"val/log_loss": val, "test/roc_auc": test}
    return RecordedRun("", "", "FINISHED", metrics=metrics, tags={"variant": loss, "dataset.name": "toy"})


RUNS = [run("focal gamma=2", 0.3, 0.9), run("focal gamma=2", 0.1, 0.7), run("builtin", 0.2, 0.8)]


def test_the_best_is_chosen_by_the_objective_and_spread_takes_two_runs():
    found = sweep_metrics(RUNS, "val/log_loss", is_search=False)

    assert found["best/val/log_loss"] == 0.1
    assert found["best/test/roc_auc"] == found["best_of_loss/test/roc_auc/focal gamma 2"] == 0.7
    assert found["mean/test/roc_auc/focal gamma 2"] == pytest.approx(0.8)
    assert found["spread/test/roc_auc/focal gamma 2"] == pytest.approx(0.1 * 2**0.5)
    assert "mean/test/roc_auc/builtin" not in found


def test_a_search_records_its_best_value_itself_and_no_losses():
    assert sweep_metrics(RUNS, "val/log_loss", is_search=True) == {"best/test/roc_auc": 0.7}
    assert sweep_metrics([], "val/log_loss", is_search=True) == {}
