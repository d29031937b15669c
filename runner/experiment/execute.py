"""One run, from config to evaluation: the whole story, read top to bottom.

`run_experiment` is the story; `prepare` and `conclude` are what comes before and after training, also for many runs
that are trained together.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from omegaconf import DictConfig

from runner import console
from runner.config.checks import check, check_batches, objectives_of
from runner.config.instantiate import build
from runner.data import Dataset, Part, Splits
from runner.errors import InputError
from runner.experiment.resources import Cache
from runner.runs.fingerprint import FINGERPRINT_TAG, fingerprint
from runner.runs.process import PROCESS_TAG, this_process
from runner.sweeps.best_runs import FOLDER_TAG
from runner.sweeps.journal import Outcome, Plan

if TYPE_CHECKING:
    import keras

    from runner.evaluation import Evaluation
    from runner.models import Network
    from runner.tracking import Recorder, RunFolder, Store
    from runner.training import Training

MEANS = ("sum_over_batch_size", "mean", "mean_with_sample_weight")

log = logging.getLogger("runner")

Predict = Callable[[np.ndarray], np.ndarray]
"""(n, width) float32 inputs -> (n,) float64 logits of the trained network."""


@dataclass(frozen=True)
class Prepared:
    """A run that can be trained: nothing of it was refused.

    Attributes:
        config, choices, plan: as given.
        folder: where its files go.
        dataset, splits: perhaps shared with other runs; not to be changed.
        store: where it is recorded; None with `tracking=none`.
        loss: its own, with the training part's priors.
        name: of the run.
        variant: what is compared: the loss with its settings, and what else was chosen.
        params, tags: of the record.
        seconds: by step; grows as the run goes on.
    """

    config: DictConfig
    choices: Mapping[str, str]
    plan: Plan | None
    folder: RunFolder
    dataset: Dataset
    splits: Splits
    store: Store | None
    loss: keras.losses.Loss
    name: str
    variant: str
    params: Mapping[str, str]
    tags: Mapping[str, str]
    seconds: dict[str, float]


def run_experiment(
    config: DictConfig,
    choices: Mapping[str, str],
    folder_path: Path,
    overrides: Sequence[str] = (),
    plan: Plan | None = None,
    cache: Cache | None = None,
) -> Outcome:
    """Trains, evaluates and records one run; a sweep's run that is done already is not done again.

    Args:
        config: the composed config.
        choices: the chosen option of each config group.
        folder_path: where the run's files go.
        overrides: what the command line changed, for the run's name.
        plan: of the sweep that the run belongs to.
        cache: what it shares with other runs of the sweep.

    Raises:
        InputError: the config or the data were refused; nothing was recorded.
        RunFailed: the loss became infinite or NaN; the run is recorded as FAILED.
    """
    run = prepare(config, choices, folder_path, overrides, plan, cache)
    if isinstance(run, Outcome):
        return run
    with timed(run.seconds, "start"):
        from runner import tracking
        from runner.evaluation import epoch_metrics
        from runner.training import TrainingTask

        trainer = build("trainer", config.trainer)
        device = trainer.start(config.seed)
        with trainer.scope():
            network = make_network(config, run.splits, run.dataset)
            run = replace(run, loss=make_loss(config, run.splits))  # anew: its variables belong where training is
            optimizer = build("optimizer", config.optimizer)

    with tracking.record(
        config,
        run.folder,
        run.dataset,
        run.store,
        name=run.name,
        params=run.params,
        tags={**run.tags, "device": device},
    ) as recorder:
        with (
            timed(run.seconds, "train"),
            console.epoch_progress(config.trainer.epochs, in_sweep=plan is not None) as show,
        ):

            def on_epoch(epoch: int, metrics: Mapping[str, float]) -> None:
                recorder.epoch(epoch, metrics)
                show(epoch, metrics)

            task = TrainingTask(network, run.loss, optimizer, run.splits, config.seed, epoch_metrics)
            training = trainer.train(task, on_epoch)
        outcome = conclude(run, recorder, training, network.predict, lambda: network)

    if plan is None:
        console.show_where(folder_path, outcome.run_id)
    log.info("seconds: %s", ", ".join(f"{step} {value:.2f}" for step, value in run.seconds.items()))
    return outcome


def prepare(
    config: DictConfig,
    choices: Mapping[str, str],
    folder_path: Path,
    overrides: Sequence[str] = (),
    plan: Plan | None = None,
    cache: Cache | None = None,
) -> Prepared | Outcome:
    """All that comes before training: what can be refused is refused first, and nothing is written.

    Args:
        config, choices, folder_path, overrides, plan, cache: see `run_experiment`.

    Returns:
        The run, ready to be trained; or what it came to, where the sweep has done it already.

    Raises:
        InputError: the config or the data were refused.
    """
    cache = cache or Cache()
    check(config)  # before anything slow is imported
    seconds: dict[str, float] = {}
    with timed(seconds, "load"):
        dataset, splits = cache.dataset(config), cache.splits(config)
    check_batches(config.trainer, len(splits.train.labels), splits.positives)
    mark = fingerprint(config, dataset.digest)
    if plan is not None and mark in plan.done:
        return plan.done[mark]
    if plan is None:
        console.show_start(dataset.name, len(dataset.labels), dataset.prevalence)

    with timed(seconds, "start"):
        store = cache.store(config)  # a store that does not answer shows before TensorFlow is loaded
        import runner.training.runtime  # noqa: F401 - the first to load TensorFlow, for it does so quietly

        from runner.runs import description
        from runner.tracking import RunFolder
        from runner.tracking.client import PARENT_TAG
        from runner.tracking.results_table import DATASET_TAG, VARIANT_TAG

        loss = make_loss(config, splits)
        loss_name = description.loss_name(choices["loss"], getattr(loss, "in_force", {}))
        variant = description.variant(loss_name, choices, overrides)
        tags = {**cache.tags, "dataset.sha256": dataset.digest, FINGERPRINT_TAG: mark, PROCESS_TAG: this_process()}
        tags |= {VARIANT_TAG: variant, DATASET_TAG: dataset.name, FOLDER_TAG: str(folder_path.absolute())}
        tags |= {f"rows.{part}": str(len(getattr(splits, part).labels)) for part in ("train", "validation", "test")}
        if plan is not None and plan.parent_id:
            tags[PARENT_TAG] = plan.parent_id
        name = description.run_name(variant, dataset.name, config)
        params = description.flat_params(config, choices)
    folder = RunFolder(folder_path)
    return Prepared(config, choices, plan, folder, dataset, splits, store, loss, name, variant, params, tags, seconds)


def conclude(
    run: Prepared,
    recorder: Recorder,
    training: Training,
    predict: Predict,
    network: Callable[[], Network],
) -> Outcome:
    """All that comes after training: judges the run, writes its results, finishes its record.

    Args:
        run: as it was prepared.
        recorder: of its record, which stays open.
        training: what training left.
        predict: with the weights of the best epoch.
        network: called for the trained network where the model is to be kept.
    """
    from runner.experiment.outputs import packed_if_asked, write_results

    with timed(run.seconds, "evaluate"):
        evaluation = judge(run.config, predict, run.loss, run.splits, run.dataset)

    with timed(run.seconds, "log"):
        # First into the run's folder and onto the screen, then to a store that might not answer any more.
        metrics = evaluation.metrics | {"best_epoch": training.best_epoch, "epochs": len(training.history)}
        metrics |= {f"seconds/{step}": value for step, value in run.seconds.items()}
        write_results(run, evaluation, training, metrics)
        if run.plan is None:
            ending = f"weights of epoch {training.best_epoch}; training ended: {training.stopped}"
            console.show_result(run.name, evaluation.metrics, str(evaluation.rule), ending)
        with packed_if_asked(run, network, evaluation.threshold) as packed:
            recorder.finish(metrics)
            if packed is not None:
                recorder.model(packed)
    recorder.final({"seconds/log": run.seconds["log"]})
    objectives = tuple(evaluation.metrics[each] for each in objectives_of(run.config))
    return Outcome(run.name, objectives, recorder.where)


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
    config: DictConfig, predict: Predict, loss: keras.losses.Loss, splits: Splits, dataset: Dataset
) -> Evaluation:
    """Predicts validation and test, chooses the threshold on the one and measures on the other."""
    from scipy.special import expit

    from losses.bias import inverse_map
    from runner.evaluation import Predictions, ThresholdRule, evaluate, platt_scaling

    def predictions(part: Part) -> Predictions:
        return Predictions(part.rows, part.labels, predict(part.inputs))

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


@contextmanager
def timed(seconds: dict[str, float], step: str) -> Iterator[None]:
    """Adds to `seconds` how long a step took."""
    started = time.perf_counter()
    yield
    seconds[step] = seconds.get(step, 0.0) + time.perf_counter() - started
