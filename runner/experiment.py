"""One run, from config to evaluation: the whole story, read top to bottom."""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig

from runner.config import check
from runner.data import Dataset, Splits, make_splits
from runner.data import check as check_dataset
from runner.errors import InputError
from runner.instantiation import build

if TYPE_CHECKING:
    import keras

    from runner.models import Network

log = logging.getLogger("runner")


def run_experiment(config: DictConfig, choices: Mapping[str, str], folder_path: Path) -> float:
    """Trains, evaluates and records one run.

    Args:
        config: the composed config.
        choices: the chosen option of each config group.
        folder_path: where the run's files go.

    Returns:
        The objective, a validation metric.

    Raises:
        InputError: the config or the data were refused; nothing was recorded.
        TrainingFailed: the loss became infinite or NaN; the run is recorded as FAILED.
    """
    # What can be refused is refused first, before anything slow is imported or anything is written.
    check(config)
    seconds: dict[str, float] = {}
    with _timed(seconds, "load"):
        dataset = load_dataset(config)
        splits = make_splits(dataset, **config.split)
    log.info("%s: %d rows, %.2f%% positive", dataset.name, len(dataset.labels), 100 * dataset.prevalence)

    with _timed(seconds, "start"):
        from runner import tracking

        store = tracking.store_of(config)  # a store that does not answer shows before TensorFlow is loaded
        import runner.training  # noqa: F401 - the first to load TensorFlow, for it does so quietly
        from runner import console, drawing
        from runner.evaluation import Predictions, epoch_metrics, evaluate
        from runner.evaluation.thresholds import ThresholdRule
        from runner.tracking import description
        from runner.tracking.model import pack, save_model

        trainer = build("trainer", config.trainer)
        device = trainer.start(config.seed)
        with trainer.scope():
            network = make_network(config, splits, dataset)
            loss = make_loss(config, splits)
            optimizer = build("optimizer", config.optimizer)

    loss_name = description.loss_name(choices["loss"], _settings(loss))
    name = description.run_name(loss_name, dataset.name, config, choices)
    folder = tracking.RunFolder(folder_path)
    params, tags = description.flat_params(config, choices), description.tags(device, dataset.digest)
    with tracking.record(config, folder, dataset, store, name=name, params=params, tags=tags) as recorder:
        with _timed(seconds, "train"), console.epoch_progress(config.trainer.epochs) as show:

            def on_epoch(epoch: int, metrics: Mapping[str, float]) -> None:
                recorder.epoch(epoch, metrics)
                show(epoch, metrics)

            training = trainer.train(
                network, loss, optimizer, splits, seed=config.seed, measure=epoch_metrics, on_epoch=on_epoch
            )

        with _timed(seconds, "evaluate"):
            options = dict(config.evaluation)
            bins, resamples = options.pop("calibration_bins"), options.pop("bootstrap")
            parts = {
                part: Predictions(rows.rows, rows.labels, network.predict(rows.inputs))
                for part, rows in (("validation", splits.validation), ("test", splits.test))
            }
            evaluation = evaluate(
                **parts,
                rule=ThresholdRule(name=options.pop("threshold"), **options),
                bins=bins,
                resamples=resamples,
                seed=config.split.seed,  # not the run's: all runs on a split share their resamples
                debiased=_debiased(loss, parts["test"].logits),
            )

        with _timed(seconds, "log"):
            for part, predictions in parts.items():
                folder.predictions(part, predictions)
            for figure_name, figure in drawing.draw(evaluation, training, loss, choices["loss"], name, bins):
                folder.figure(figure_name, figure)
            summary = description.summary(
                name, evaluation.metrics, str(evaluation.rule), training.stopped, training.best_epoch
            )
            folder.summary(summary)
            metrics = evaluation.metrics | {"best_epoch": training.best_epoch, "epochs": len(training.history)}
            metrics |= {f"seconds/{step}": value for step, value in seconds.items()}
            folder.metrics(metrics)
            with tempfile.TemporaryDirectory() as scratch:
                packed = None
                if config.tracking.log_model:
                    packed = pack(Path(scratch), network, splits, dataset, evaluation.threshold)
                    save_model(packed, folder_path / "model")
                recorder.finish(metrics, summary, packed)
        recorder.final({"seconds/log": seconds["log"]})

    console.show_result(name, evaluation.metrics, str(evaluation.rule))
    console.show_where(folder_path, recorder.where)
    log.info("seconds: %s", ", ".join(f"{step} {value:.2f}" for step, value in seconds.items()))
    return evaluation.metrics[config.objective]


def load_dataset(config: DictConfig) -> Dataset:
    """The dataset of the config, checked; a user's own loader is held to the same rules as ours."""
    dataset = build("dataset", config.dataset)
    if not isinstance(dataset, Dataset):
        raise InputError(
            f"dataset._target_={config.dataset._target_} returned {type(dataset).__name__}: "
            "a loader must return a runner.data.Dataset"
        )
    return check_dataset(dataset)


def make_network(config: DictConfig, splits: Splits, dataset: Dataset) -> Network:
    """The network of the config, as wide as the preprocessed training part."""
    from runner.models import build_network

    width = splits.train.inputs.shape[1]
    return build_network(config.model, width=width, prevalence=splits.prevalence, image_shape=dataset.image_shape)


def make_loss(config: DictConfig, splits: Splits) -> keras.losses.Loss:
    """The loss of the config. Priors (pi, n1, n0) come from the training part, for no author can know them."""
    import keras

    priors = {"pi": splits.prevalence, "n1": splits.positives, "n0": splits.negatives}
    loss = build("loss", config.loss, known=priors)
    if not isinstance(loss, keras.losses.Loss):
        raise InputError(f"loss._target_={config.loss._target_} is no keras.losses.Loss: subclass losses.SigmoidLoss")
    return loss


def _debiased(loss: keras.losses.Loss, logits: Any) -> Any:
    """P(y=1|x) as the loss's own inverse map gives it, or None: a loss of another house, or no closed form."""
    return loss.debias(logits) if hasattr(loss, "debias") else None


def _settings(loss: keras.losses.Loss) -> Mapping[str, Any]:
    """The hyper-parameters in force, for the run's name."""
    return getattr(loss, "in_force", {})


@contextmanager
def _timed(seconds: dict[str, float], step: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    seconds[step] = time.perf_counter() - started
