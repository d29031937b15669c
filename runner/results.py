"""What a run leaves in its folder once it is judged: predictions, figures, numbers, summary, model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runner.evaluation import Evaluation
    from runner.experiment import Prepared
    from runner.models import Network
    from runner.training import Training


def write_results(run: Prepared, evaluation: Evaluation, training: Training, metrics: Mapping[str, float]) -> None:
    """Predictions, figures, metrics and summary, as files of the run's folder."""
    from runner import drawing
    from runner.tracking import description

    run.folder.predictions("validation", evaluation.validation)
    run.folder.predictions("test", evaluation.test)
    bins = run.config.evaluation.calibration_bins
    for figure_name, figure in drawing.draw(evaluation, training, run.loss, run.choices["loss"], run.name, bins):
        run.folder.figure(figure_name, figure)
    run.folder.summary(
        description.summary(
            run.name,
            evaluation.metrics,
            str(evaluation.rule),
            evaluation.debiased_by,
            training.stopped,
            training.best_epoch,
        )
    )
    run.folder.metrics(metrics)


@contextmanager
def packed_if_asked(run: Prepared, network: Callable[[], Network], threshold: float) -> Iterator[dict[str, Any] | None]:
    """The model's parts for a record, after it was saved in the run's folder; None where no model is asked for."""
    if not run.config.tracking.log_model:
        yield None
        return
    from runner.tracking.model import packed, save_model

    with packed(network(), run.splits, run.dataset, threshold) as parts:
        save_model(parts, run.folder.path / "model")
        yield parts
