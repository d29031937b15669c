"""What a run leaves in its folder once it is evaluated: predictions, figures, numbers, summary, model or weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager

import pandas as pd

from runner import figures, tracking
from runner.evaluation import Evaluation
from runner.experiment.figures import RunPicture, run_figures
from runner.experiment.importance import run_importance
from runner.experiment.retention import Retention
from runner.experiment.run import TrainedRun
from runner.runs.folder import RunFacts, RunFolder
from runner.runs.subgroup_rows import subgroup_section
from runner.runs.summary import DecidedBy, summary
from runner.terms.findings import Finding, as_list


def write_outputs(
    trained: TrainedRun, evaluation: Evaluation, metrics: Mapping[str, float], findings: Sequence[Finding] = ()
) -> None:
    """Predictions, figures, metrics and summary, as files of the run's folder.

    What is kept of a sweep's best run alone is made when the sweep is over, from these files: see
    `runner.experiment.rebuild`.

    Args:
        trained: the run.
        evaluation: of it.
        metrics: all that are final.
        findings: what there is to look at before they are believed.
    """
    run, training = trained.run, trained.training
    spec, folder = run.spec, run.spec.folder
    folder.write_predictions("validation", evaluation.validation.table())
    folder.write_predictions("test", evaluation.test.table())
    folder.write_calibrator(evaluation.calibrator.as_json())
    if evaluation.by_group is not None:
        folder.write_groups(evaluation.by_group.table)
    folder.write_facts(
        RunFacts(
            name=run.identity.name,
            variant=run.identity.variant,
            dataset=run.dataset.name,
            choices=spec.choices,
            fingerprint=run.identity.fingerprint,
            dataset_sha256=run.dataset.digest,
        )
    )
    if spec.figures is Retention.ALL:
        picture = RunPicture(
            evaluation=evaluation,
            history=training.history,
            best_epoch=training.best_epoch,
            loss=run.loss,
            option=spec.choices["loss"],
            name=run.identity.name,
            bins=spec.config.evaluation.calibration_bins,
            importance=_importance(trained),
        )
        save_figures(folder, picture)
    # Of the sweep's best run, importance is found when the sweep is over.
    later = spec.figures is Retention.BEST and spec.config.evaluation.importance
    if spec.models is Retention.BEST or later:
        folder.write_weights(training.best_weights)
    folder.write_summary(
        summary(
            run.identity.name,
            evaluation.metrics,
            DecidedBy(str(evaluation.rule), str(evaluation.calibrator), evaluation.budget),
            run.splits.train.weights_vary_within_a_class,
            training.stopped,
            training.best_epoch,
        )
        + ("" if evaluation.by_group is None else subgroup_section(evaluation.by_group, evaluation.metrics))
        + as_list(findings)
    )
    folder.write_findings(findings)
    folder.write_metrics(metrics)


def save_figures(folder: RunFolder, picture: RunPicture) -> None:
    """Draws the figures of a run into its folder."""
    _write_importance(folder, picture)
    for name, draw in run_figures(picture):
        figures.save(draw(), folder.figure_path(name))


def send_figures(folder: RunFolder, picture: RunPicture, drawing: figures.DrawingProcess) -> list[Future[None]]:
    """Has the figures of a run drawn into its folder by another process; returns at once."""
    _write_importance(folder, picture)
    return [drawing.save(draw, folder.figure_path(name)) for name, draw in run_figures(picture)]


def _importance(trained: TrainedRun) -> pd.DataFrame | None:
    run = trained.run
    if not run.spec.config.evaluation.importance:
        return None
    return run_importance(trained.network(), run.dataset, run.splits, run.spec.config.seed)


def _write_importance(folder: RunFolder, picture: RunPicture) -> None:
    if picture.importance is not None:
        folder.write_importance(picture.importance)


@contextmanager
def packed_model(trained: TrainedRun, evaluation: Evaluation) -> Iterator[tracking.ModelPackage | None]:
    """The model as a package for the record, after it was saved in the run's folder; None where none is asked for."""
    run = trained.run
    if run.spec.models is not Retention.ALL:
        yield None
        return
    with tracking.packed(trained.network(), run.splits, run.dataset, evaluation) as package:
        tracking.save_model(package, run.spec.folder.model)
        yield package
