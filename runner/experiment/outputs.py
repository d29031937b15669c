"""What a run leaves in its folder once it is judged: predictions, figures, numbers, summary, model or weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from runner.runs.fingerprint import FINGERPRINT_TAG

if TYPE_CHECKING:
    from runner.evaluation import Evaluation
    from runner.experiment.execute import Prepared
    from runner.models import Network
    from runner.training import Training


def kept(option: str, *, in_sweep: bool) -> str:
    """Of which runs something is kept: `all`, `best` of a sweep, or `none`.

    Args:
        option: `figures` or `tracking.models` of the config; `auto` is the best in a sweep.
        in_sweep: else the run is its own best.
    """
    if option == "none":
        return "none"
    return "best" if in_sweep and option in ("auto", "best") else "all"


def write_results(run: Prepared, evaluation: Evaluation, training: Training, metrics: Mapping[str, float]) -> None:
    """Predictions, figures, metrics and summary, as files of the run's folder.

    What is kept of a sweep's best run alone is made when the sweep is over, from these files: see
    `runner.experiment.rebuild`.
    """
    from runner.runs import description

    config, in_sweep = run.config, run.plan is not None
    run.folder.predictions("validation", evaluation.validation)
    run.folder.predictions("test", evaluation.test)
    known = {key: run.tags[key] for key in (FINGERPRINT_TAG, "dataset.sha256")}
    run.folder.about(
        {"name": run.name, "variant": run.variant, "dataset": run.dataset.name, "choices": dict(run.choices), **known}
    )
    if kept(config.figures, in_sweep=in_sweep) == "all":
        from runner.experiment import figures as drawing

        bins, option = config.evaluation.calibration_bins, run.choices["loss"]
        for figure_name, figure in drawing.draw(
            evaluation, training.history, training.best_epoch, run.loss, option, run.name, bins
        ):
            run.folder.figure(figure_name, figure)
    if kept(config.tracking.models, in_sweep=in_sweep) == "best":
        run.folder.weights(training.best_weights)
    run.folder.summary(
        description.summary(
            run.name,
            evaluation.metrics,
            str(evaluation.rule),
            "" if evaluation.debiased is None else evaluation.debiased.method,
            training.stopped,
            training.best_epoch,
        )
    )
    run.folder.metrics(metrics)


@contextmanager
def packed_if_asked(run: Prepared, network: Callable[[], Network], threshold: float) -> Iterator[dict[str, Any] | None]:
    """The model's parts for a record, after it was saved in the run's folder; None where no model is asked for."""
    if kept(run.config.tracking.models, in_sweep=run.plan is not None) != "all":
        yield None
        return
    from runner.tracking.model_package import packed, save_model

    with packed(network(), run.splits, run.dataset, threshold) as parts:
        save_model(parts, run.folder.path / "model")
        yield parts
