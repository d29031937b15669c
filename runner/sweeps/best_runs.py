"""The best run of each variant on each dataset: its figures and its model, made when the sweep is over."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from runner import experiment, figures
from runner.experiment.resources import Resources
from runner.experiment.retention import Retention, retained
from runner.metrics import sign
from runner.tracking import names
from runner.tracking.recorded_run import RecordedRun
from runner.tracking.recorder import StoreAway
from runner.tracking.tracker import Tracker

log = logging.getLogger("runner")

WORTH_A_PROCESS = 3  # runs whose figures are lacking; starting a process takes as long as drawing those of two


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


@contextmanager
def missing_outputs(runs: Sequence[RecordedRun], tracker: Tracker, resources: Resources) -> Iterator[None]:
    """Draws the figures and packs the models that their configs keep of the best run; what is there is not redone.

    Many figures are drawn by another process while this one does what is inside the context, and packs the models. A
    run whose folder is gone is passed over.

    Args:
        runs: the best ones.
        tracker: where they are recorded.
        resources: for datasets and splits.
    """
    lacking = [each for run in runs if (each := _lacking(run, tracker, resources)) is not None]
    with ExitStack() as stack:
        if sum(each.figures for each in lacking) >= WORTH_A_PROCESS:
            drawing = stack.enter_context(figures.DrawingProcess())
            for each in lacking:
                if each.figures:
                    with each.may_fail():
                        each.drawn = experiment.send_figures(each.recorded, drawing)
        yield
        for each in lacking:
            if each.model:
                with each.may_fail(), experiment.packed_model(each.recorded) as package:
                    tracker.log_model(each.run.run_id, package)
        for each in lacking:
            if each.figures:
                with each.may_fail():
                    each.draw()
                    tracker.log_artifacts(each.run.run_id, each.recorded.folder.figures, names.FIGURES)
                    tracker.set_tags(each.run.run_id, {names.FIGURES_KEPT: "true"})


@dataclass
class _Lacking:
    """A run that is to have figures or a model, and has none.

    Attributes:
        run, recorded: which.
        figures, model: what it lacks.
        drawn: done when another process has drawn each of its figures; empty where this one draws them.
    """

    run: RecordedRun
    recorded: experiment.RecordedExperiment
    figures: bool
    model: bool
    drawn: list[Future[None]] = field(default_factory=list)

    def draw(self) -> None:
        """Draws the figures, or waits for the process that does."""
        if not self.drawn:
            experiment.draw_figures(self.recorded)
        for figure in self.drawn:
            figure.result()

    @contextmanager
    def may_fail(self) -> Iterator[None]:
        """The sweep ends well nevertheless, but where nothing can be recorded at all."""
        try:
            yield
        except StoreAway:
            raise
        except Exception as problem:
            _warn(self.recorded.folder.path, problem)


def _lacking(run: RecordedRun, tracker: Tracker, resources: Resources) -> _Lacking | None:
    """What a run lacks; None if nothing, or if its folder or its data are not what they were."""
    folder = Path(run.tags[names.FOLDER])
    try:
        recorded = experiment.load(folder, resources)
        if recorded is None or recorded.facts.fingerprint != run.tags[names.FINGERPRINT]:
            return None
        lacks = _lacks_figures(recorded, tracker, run), _lacks_model(recorded, tracker, run)
        return _Lacking(run, recorded, *lacks) if any(lacks) and recorded.data_unchanged else None
    except StoreAway:
        raise
    except Exception as problem:
        _warn(folder, problem)
        return None


def _warn(folder: Path, problem: Exception) -> None:
    log.warning("no figures or model of %s: %s: %s", folder, type(problem).__name__, problem)


def _lacks_figures(recorded: experiment.RecordedExperiment, tracker: Tracker, run: RecordedRun) -> bool:
    """Whether the run is to have figures, and does not have them all: who recorded them may have been killed."""
    wanted = retained(recorded.config.figures, in_sweep=True) is Retention.BEST
    return wanted and not (names.FIGURES_KEPT in run.tags and tracker.has_artifact(run, names.FIGURES))


def _lacks_model(recorded: experiment.RecordedExperiment, tracker: Tracker, run: RecordedRun) -> bool:
    """Whether the run is to have a model, has none, and has the weights to make one of."""
    wanted = retained(recorded.config.tracking.models, in_sweep=True) is Retention.BEST
    return wanted and recorded.folder.has_weights and not tracker.has_model(run)
