"""How recorded runs were evaluated, from their own configuration."""

from __future__ import annotations

from dataclasses import replace

from runner.config.experiment_config import ExperimentConfig
from runner.evaluation import EvaluationOptions
from runner.runs.evaluation_options import evaluation_options
from runner.tracking.recorded_run import RecordedRun
from runner.tracking.tracker import Tracker


def recorded_options(tracker: Tracker, run: RecordedRun) -> EvaluationOptions | None:
    """As a run was evaluated, but without intervals; None where its configuration is not there any more.

    Args:
        tracker: where it is recorded.
        run: the run.
    """
    file = tracker.recorded_file(run, "config.yaml")
    if file is None:
        return None
    return replace(evaluation_options(ExperimentConfig.read(file).evaluation), draws=0)
