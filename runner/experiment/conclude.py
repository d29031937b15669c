"""All that comes after a run was evaluated: its files, its record, its outcome. The same alone and in a stack."""

from __future__ import annotations

from runner import console
from runner.evaluation import Evaluation
from runner.experiment.outputs import packed_model, write_outputs
from runner.experiment.run import TrainedRun
from runner.runs.outcome import Outcome
from runner.runs.summary import result_rows
from runner.tracking.recorder import Recorder


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
        write_outputs(trained, evaluation, metrics)
        if not run.spec.in_sweep:
            console.show_result(
                run.identity.name,
                result_rows(evaluation.metrics),
                f"threshold {evaluation.threshold:.4g} ({evaluation.rule}, chosen on validation)",
                f"weights of epoch {training.best_epoch}; training ended: {training.stopped}",
            )
        with packed_model(trained, evaluation) as package:
            recorder.log_results(metrics)
            if package is not None:
                recorder.log_model(package)
    recorder.log_metrics({"wall_seconds/log": run.seconds.by_step["log"]})
    objectives = tuple(evaluation.metrics[each] for each in run.spec.config.objectives)
    return Outcome(run.identity.name, objectives, recorder.run_id)
