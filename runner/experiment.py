"""One run, from config to evaluation: the whole story, read top to bottom."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig

from runner import console
from runner.config import check, check_batches, objectives_of
from runner.data import Dataset, Part, Splits, make_splits
from runner.data import check as check_dataset
from runner.errors import InputError
from runner.instantiation import build
from runner.sweeps.fingerprint import FINGERPRINT_TAG, fingerprint
from runner.sweeps.ledger import Outcome, Plan
from runner.sweeps.process import PROCESS_TAG, this_process

if TYPE_CHECKING:
    import keras

    from runner.evaluation import Evaluation
    from runner.models import Network
    from runner.tracking import RunFolder
    from runner.training import Training

MEANS = ("sum_over_batch_size", "mean", "mean_with_sample_weight")

log = logging.getLogger("runner")


def run_experiment(
    config: DictConfig,
    choices: Mapping[str, str],
    folder_path: Path,
    overrides: Sequence[str] = (),
    plan: Plan | None = None,
) -> Outcome:
    """Trains, evaluates and records one run; a sweep's run that is done already is not done again.

    Args:
        config: the composed config.
        choices: the chosen option of each config group.
        folder_path: where the run's files go.
        overrides: what the command line changed, for the run's name.
        plan: of the sweep that the run belongs to.

    Raises:
        InputError: the config or the data were refused; nothing was recorded.
        RunFailed: the loss became infinite or NaN; the run is recorded as FAILED.
    """
    # What can be refused is refused first, before anything slow is imported or anything is written.
    check(config)
    seconds: dict[str, float] = {}
    with _timed(seconds, "load"):
        dataset = load_dataset(config)
        splits = make_splits(dataset, **config.split)
    check_batches(config.trainer, len(splits.train.labels), splits.positives)
    mark = fingerprint(config, dataset.digest)
    if plan is not None and mark in plan.done:
        return plan.done[mark]
    if plan is None:
        console.show_start(dataset.name, len(dataset.labels), dataset.prevalence)

    with _timed(seconds, "start"):
        from runner import tracking

        store = tracking.store_of(config)  # a store that does not answer shows before TensorFlow is loaded
        import runner.training  # noqa: F401 - the first to load TensorFlow, for it does so quietly
        from runner.evaluation import epoch_metrics
        from runner.tracking import description
        from runner.tracking.model import save_model
        from runner.tracking.parent import PARENT_TAG
        from runner.tracking.results import DATASET_TAG, VARIANT_TAG

        trainer = build("trainer", config.trainer)
        device = trainer.start(config.seed)
        with trainer.scope():
            network = make_network(config, splits, dataset)
            loss = make_loss(config, splits)
            optimizer = build("optimizer", config.optimizer)

    loss_name = description.loss_name(choices["loss"], getattr(loss, "in_force", {}))
    variant = description.variant(loss_name, choices, overrides)
    name = description.run_name(variant, dataset.name, config)
    folder = tracking.RunFolder(folder_path)
    params = description.flat_params(config, choices)
    own_tags = {"device": device, "dataset.sha256": dataset.digest, FINGERPRINT_TAG: mark, PROCESS_TAG: this_process()}
    own_tags |= {VARIANT_TAG: variant, DATASET_TAG: dataset.name}
    own_tags |= {f"rows.{part}": str(len(getattr(splits, part).labels)) for part in ("train", "validation", "test")}
    if plan is not None and plan.parent_id:
        own_tags[PARENT_TAG] = plan.parent_id
    tags = {**description.tags(), **own_tags}
    with tracking.record(config, folder, dataset, store, name=name, params=params, tags=tags) as recorder:
        with _timed(seconds, "train"), console.epoch_progress(config.trainer.epochs, in_sweep=plan is not None) as show:

            def on_epoch(epoch: int, metrics: Mapping[str, float]) -> None:
                recorder.epoch(epoch, metrics)
                show(epoch, metrics)

            training = trainer.train(
                network, loss, optimizer, splits, seed=config.seed, measure=epoch_metrics, on_epoch=on_epoch
            )

        with _timed(seconds, "evaluate"):
            evaluation = judge(config, network, loss, splits, dataset)

        with _timed(seconds, "log"):
            # First into the run's folder and onto the screen, then to a store that might not answer any more.
            metrics = evaluation.metrics | {"best_epoch": training.best_epoch, "epochs": len(training.history)}
            metrics |= {f"seconds/{step}": value for step, value in seconds.items()}
            write_results(folder, name, choices["loss"], evaluation, training, loss, config)
            folder.metrics(metrics)
            ending = f"weights of epoch {training.best_epoch}; training ended: {training.stopped}"
            if plan is None:
                console.show_result(name, evaluation.metrics, str(evaluation.rule), ending)
            with _packed_if_asked(config, network, splits, dataset, evaluation.threshold) as packed:
                if packed is not None:
                    save_model(packed, folder.path / "model")
                recorder.finish(metrics)
                if packed is not None:
                    recorder.model(packed)
        recorder.final({"seconds/log": seconds["log"]})

    if plan is None:
        console.show_where(folder_path, recorder.where)
    log.info("seconds: %s", ", ".join(f"{step} {value:.2f}" for step, value in seconds.items()))
    return Outcome(name, tuple(evaluation.metrics[metric] for metric in objectives_of(config)), recorder.where)


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
    if loss.reduction not in MEANS:
        raise InputError(
            f"loss.reduction={loss.reduction}: training and its curves need a mean over rows; leave loss.reduction out"
        )
    return loss


def judge(
    config: DictConfig, network: Network, loss: keras.losses.Loss, splits: Splits, dataset: Dataset
) -> Evaluation:
    """Predicts validation and test, chooses the threshold on the one and measures on the other."""
    from scipy.special import expit

    from losses.bias import inverse_map
    from runner.evaluation import Predictions, ThresholdRule, evaluate, platt_scaling

    def predictions(part: Part) -> Predictions:
        return Predictions(part.rows, part.labels, network.predict(part.inputs))

    options = dict(config.evaluation)
    bins, resamples = options.pop("calibration_bins"), options.pop("bootstrap")
    validation, test = predictions(splits.validation), predictions(splits.test)
    debiased, debiased_by = inverse_map(loss, test.logits), "the loss's inverse map"
    if debiased is None:
        slope, shift = platt_scaling(validation.labels, validation.logits)
        debiased, debiased_by = expit(slope * test.logits + shift), "Platt scaling on validation"
    return evaluate(
        validation,
        test,
        ThresholdRule(name=options.pop("threshold"), **options),
        bins=bins,
        resamples=resamples,
        seed=config.split.seed,  # not the run's: all runs on a split share their resamples
        groups=None if dataset.groups is None else dataset.groups[splits.test.rows],
        debiased=debiased,
        debiased_by=debiased_by,
    )


def write_results(
    folder: RunFolder,
    name: str,
    loss_option: str,
    evaluation: Evaluation,
    training: Training,
    loss: keras.losses.Loss,
    config: DictConfig,
) -> None:
    """Predictions, figures and summary, as files of the run's folder."""
    from runner import drawing
    from runner.tracking import description

    folder.predictions("validation", evaluation.validation)
    folder.predictions("test", evaluation.test)
    bins = config.evaluation.calibration_bins
    for figure_name, figure in drawing.draw(evaluation, training, loss, loss_option, name, bins):
        folder.figure(figure_name, figure)
    folder.summary(
        description.summary(
            name,
            evaluation.metrics,
            str(evaluation.rule),
            evaluation.debiased_by,
            training.stopped,
            training.best_epoch,
        )
    )


def _packed_if_asked(
    config: DictConfig, network: Network, splits: Splits, dataset: Dataset, threshold: float
) -> AbstractContextManager[dict[str, Any] | None]:
    from runner.tracking.model import packed

    return packed(network, splits, dataset, threshold) if config.tracking.log_model else nullcontext()


@contextmanager
def _timed(seconds: dict[str, float], step: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    seconds[step] = time.perf_counter() - started
