"""The best run of each variant on each dataset: its figures and its model, made when the sweep is over."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from runner import experiment
from runner.experiment.resources import Resources
from runner.experiment.retention import Retention, retained
from runner.metrics import sign
from runner.tracking import names
from runner.tracking.recorded_run import RecordedRun
from runner.tracking.tracker import Tracker

log = logging.getLogger("runner")


def select_best(runs: Iterable[RecordedRun], objective: str, *, each_variant: bool) -> list[RecordedRun]:
    """The best of each variant on each dataset; of a search, where each trial is a variant, the best on each dataset.

    Args:
        runs: finished, the oldest first; of two as good the older is chosen.
        objective: the metric's name.
        each_variant: whether variants compete among themselves only.
    """
    best: dict[tuple[str, str], RecordedRun] = {}
    for run in runs:
        value = run.metrics.get(objective, math.nan)
        if not math.isfinite(value) or names.FOLDER not in run.tags:
            continue
        key = (run.tags[names.VARIANT] if each_variant else "", run.tags[names.DATASET_NAME])
        if key not in best or sign(objective) * value > sign(objective) * best[key].metrics[objective]:
            best[key] = run
    return list(best.values())


def add_missing_outputs(runs: Sequence[RecordedRun], tracker: Tracker, resources: Resources) -> None:
    """Draws the figures and packs the models that their configs keep of the best run; what is there is not redone.

    A run whose folder is gone is passed over.

    Args:
        runs: the best ones.
        tracker: where they are recorded.
        resources: for datasets and splits.
    """
    for run in runs:
        folder = Path(run.tags[names.FOLDER])
        try:
            recorded = experiment.load(folder, resources)
            if recorded is None or recorded.facts.fingerprint != run.tags[names.FINGERPRINT]:
                continue
            figures, model = _lacks_figures(recorded, tracker, run), _lacks_model(recorded, tracker, run)
            if (figures or model) and recorded.data_unchanged:
                if figures:
                    _add_figures(recorded, tracker, run)
                if model:
                    _add_model(recorded, tracker, run)
        except Exception as problem:  # the sweep ends well nevertheless
            log.warning("no figures or model of %s: %s: %s", folder, type(problem).__name__, problem)


def _lacks_figures(recorded: experiment.RecordedExperiment, tracker: Tracker, run: RecordedRun) -> bool:
    """Whether the run is to have figures, and has none."""
    wanted = retained(recorded.config.figures, in_sweep=True) is Retention.BEST
    return wanted and not tracker.has_artifact(run, names.FIGURES)


def _add_figures(recorded: experiment.RecordedExperiment, tracker: Tracker, run: RecordedRun) -> None:
    experiment.draw_figures(recorded)
    tracker.log_artifacts(run.run_id, recorded.folder.figures, names.FIGURES)


def _lacks_model(recorded: experiment.RecordedExperiment, tracker: Tracker, run: RecordedRun) -> bool:
    """Whether the run is to have a model, has none, and has the weights to make one of."""
    wanted = retained(recorded.config.tracking.models, in_sweep=True) is Retention.BEST
    return wanted and recorded.folder.has_weights and not tracker.has_model(run)


def _add_model(recorded: experiment.RecordedExperiment, tracker: Tracker, run: RecordedRun) -> None:
    with experiment.packed_model(recorded) as package:
        tracker.log_model(run.run_id, package)
