"""All that comes after a run was evaluated: its files, its record, its outcome. The same alone and in a stack."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping

from runner.evaluation import Evaluation
from runner.experiment.outputs import packed_model, write_outputs
from runner.experiment.run import Run, TrainedRun
from runner.runs.checks import run_findings
from runner.runs.outcome import Outcome
from runner.runs.subgroup_rows import heads, subgroup_rows
from runner.runs.summary import result_rows
from runner.terms.findings import Finding
from runner.tracking import names
from runner.tracking.recorder import Recorder
from runner.writing import console

log = logging.getLogger("runner")


def conclude(trained: TrainedRun, evaluation: Evaluation, recorder: Recorder) -> Outcome:
    """Writes what a run leaves, shows it, finishes its record; returns what the run came to.

    Args:
        trained: the run.
        evaluation: of it.
        recorder: of its record, which stays open.
    """
    run, training = trained.run, trained.training
    with run.seconds.timed("log"):
        # First into the run's folder and onto the screen, then to a store that might not answer any more.
        metrics = evaluation.metrics | {"best_epoch": training.best_epoch, "epochs": len(training.history)}
        metrics |= {f"wall_seconds/{step}": value for step, value in run.seconds.by_step.items()}
        write_outputs(trained, evaluation, metrics, _findings(run, metrics))
        if not run.spec.in_sweep:
            console.show_result(
                run.identity.name,
                result_rows(evaluation.metrics, evaluation.budget),
                f"threshold {evaluation.threshold:.4g} ({evaluation.rule}, chosen on validation)",
                f"weights of epoch {training.best_epoch}; training ended: {training.stopped}",
            )
            if (by_group := evaluation.by_group) is not None:
                console.show_by_group(heads(by_group), subgroup_rows(by_group, evaluation.metrics))
        with packed_model(trained, evaluation) as package:
            recorder.log_results(metrics, {names.PRUNED: str(len(training.history))} if training.pruned else None)
            if package is not None:
                recorder.log_model(package)
    recorder.log_metrics({"wall_seconds/log": run.seconds.by_step["log"]})
    # Savings are none where doing nothing costs nothing.
    objectives = tuple(evaluation.metrics.get(each, math.nan) for each in run.spec.config.objectives)
    return Outcome(run.identity.name, objectives, recorder.run_id, len(training.history), training.pruned)


def _findings(run: Run, metrics: Mapping[str, float]) -> list[Finding]:
    """What there is to look at in the run and its data; what is of the run is logged here."""
    trainer = run.spec.config.trainer
    stops_early = trainer.get("early_stopping") is not None
    own = [
        finding
        for finding in run_findings(metrics, int(trainer["epochs"]), stops_early=stops_early)
        if finding.code not in run.spec.config.checks.ignored
    ]
    for finding in own:
        # A sweep's end counts them, which else says as many lines as it has runs; a run alone says itself why it ended.
        level = logging.INFO if finding.code == "EPOCH01" else logging.WARNING
        log.log(logging.DEBUG if run.spec.in_sweep else level, "%s (%s)", finding.sentence, finding.code)
    return [*run.findings, *own]
