"""Models made of a sweep's winner for use: trained on all rows but the test part's, or of several of its runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
from sklearn.pipeline import FeatureUnion

from runner import data, models, tracking
from runner.config.experiment_config import ExperimentConfig
from runner.data import Dataset, KFoldSplit, Part, Splits, StreamedDataset
from runner.errors import InputError
from runner.evaluation import Evaluation
from runner.evaluation.ensembles import mean_logits
from runner.experiment.build import make_loss
from runner.experiment.evaluate import evaluate_logits
from runner.experiment.rebuild import RecordedExperiment, network_of
from runner.experiment.resources import as_trained
from runner.experiment.run import Logits
from runner.experiment.train import set_up_training
from runner.training.trainer import Training, as_of_epoch

FOLDS = 5
LEAST_POSITIVES = 2 * FOLDS
OUT_OF_FOLD = "out-of-fold predictions"
"""What threshold and calibrator are chosen on where no rows were held out."""


@dataclass(frozen=True, eq=False)
class Made:
    """A model that no run of the sweep has.

    Attributes:
        network: of the model.
        splits: its preprocessing, and in `train` the rows that it has learned of.
        dataset: whose columns it takes.
        evaluation: has threshold and calibrator.
        decided_on: what both were chosen on, in words.
        metrics: what is recorded of it.
        sentence: what it is.
    """

    network: models.Network
    splits: Splits
    dataset: Dataset
    evaluation: Evaluation
    decided_on: str
    metrics: dict[str, float]
    sentence: str

    @contextmanager
    def packed(self) -> Iterator[tracking.ModelPackage]:
        """The model as a package for a record."""
        with tracking.packed(self.network, self.splits, self.dataset, self.evaluation, self.decided_on) as package:
            yield package


def refit(recorded: RecordedExperiment, tell: Callable[[str], None]) -> Made:
    """The configuration of a run trained on its train and validation rows together; the test part stays untouched.

    Five networks, each trained as the run was on four fifths of these rows, predict the fifth that they have not seen:
    these out-of-fold predictions give threshold and calibrator. The model's own network is trained on all of the
    rows, without early stopping, for the median of the epochs that the five came to.

    Args:
        recorded: the run; its data are unchanged.
        tell: told of each step in words.

    Raises:
        InputError: there are too few positives, or rows in an order of time, for which out-of-fold predictions would be
            of rows before those that were learned.
        RunFailed: a training diverged.
    """
    config, dataset, parts = recorded.config, recorded.dataset, recorded.splits_of_data
    rows = np.sort(np.concatenate([parts.train.rows, parts.validation.rows]))
    if isinstance(dataset, StreamedDataset):
        raise InputError(
            f"--refit: {dataset.name} is streamed, and out-of-fold predictions need its rows in memory: promote without"
            " it"
        )
    _check_refit(config, int(dataset.labels[rows].sum()))
    initial, _ = recorded.resources.initial_weights(config)
    share = len(parts.validation.rows) / len(rows)
    pool, logits, epochs = dataset.of(rows), np.full(len(rows), np.nan), []

    def trained(config: ExperimentConfig, dataset: Dataset, splits: Splits) -> tuple[models.Network, Training]:
        setup = set_up_training(config, dataset, splits, initial)
        return setup.task.network, setup.trainer.train(setup.task, lambda epoch, metrics: False)

    for fold in range(FOLDS):
        split = KFoldSplit(FOLDS, 1, fold, 0, int(config.split.get("seed", 0)), share)
        splits = as_trained(config, pool, data.make_splits(pool, split, config.preprocessing))
        network, training = trained(config, pool, splits)
        logits[splits.test.rows] = network.predict(splits.test.inputs)
        epochs.append(training.best_epoch)
        tell(f"refit: out-of-fold predictions {fold + 1} of {FOLDS}, {training.best_epoch} epochs")
    most = round(float(np.median(epochs)))
    tell(f"refit: {len(rows):,} rows, {most} epochs")
    # The median is already where training is best, so that nothing is left to stop for.
    longer = replace(config, trainer={**config.trainer, "epochs": most, "early_stopping": None})
    whole = data.make_refit_splits(dataset, rows, parts.test.rows, config.preprocessing)
    learned = as_trained(config, dataset, whole)
    network, training = trained(longer, dataset, learned)
    loss = make_loss(config, learned)
    as_of_epoch(loss, training.best_epoch)
    tested = Logits(logits, network.predict(whole.test.inputs))
    evaluation = evaluate_logits(_unpromised(config), dataset, learned, loss, tested)
    metrics = _with_out_of_fold(evaluation.metrics) | {"refit/epochs": float(most)}
    before, now = recorded.metrics["test/average_precision"], metrics["test/average_precision"]
    sentence = (
        f"Trained again on the {len(rows):,} rows of train and validation for {most} epochs; threshold and calibrator "
        f"of {OUT_OF_FOLD}; average precision {now:.4f} on test, of the run itself {before:.4f}"
    )
    return Made(network, whole, dataset, evaluation, OUT_OF_FOLD, metrics, sentence + _promise_lost(config))


def mean_of_seeds(members: Sequence[RecordedExperiment]) -> Made:
    """The mean logit of runs that differ in their seed alone; validation chooses threshold and calibrator, as of a run.

    Args:
        members: at least two, on one split; their data are unchanged.
    """
    first = members[0]
    network = models.mean_network([network_of(each) for each in members], own_inputs=False)
    parts = (mean_logits([each.folder.read_logits(part) for each in members]) for part in ("validation", "test"))
    loss = make_loss(first.config, first.splits)
    as_of_epoch(loss, int(first.metrics["best_epoch"]))
    evaluation = evaluate_logits(first.config, first.dataset, first.splits, loss, Logits(*parts))
    alone = float(np.mean([each.metrics["test/average_precision"] for each in members]))
    sentence = (
        f"The mean logit of {len(members)} seeds: average precision {evaluation.metrics['test/average_precision']:.4f}"
        f" on test, of one alone {alone:.4f} on average"
    )
    splits = first.splits_of_data
    return Made(network, splits, first.dataset, evaluation, "validation", dict(evaluation.metrics), sentence)


def mean_of_folds(members: Sequence[RecordedExperiment]) -> Made:
    """The mean logit of the runs of all folds, each with its own preprocessing; every row was learned by most of them.

    The out-of-fold predictions of the members give threshold and calibrator. The mean has less spread than one
    member's logits, and there is no row that none of them has learned: what is recorded is the members' own.

    Args:
        members: of all folds of one division into folds, at least two; their data are unchanged.
    """
    first, dataset = members[0], members[0].dataset
    network = models.mean_network([network_of(each) for each in members], own_inputs=True)
    rows = np.concatenate([each.splits.test.rows for each in members])
    logits = np.concatenate([each.folder.read_logits("test") for each in members])[np.argsort(rows)]
    rows = np.sort(rows)
    every = Part(rows, np.empty((0, 0), np.float32), dataset.labels[rows].astype(np.float32))
    loss = make_loss(first.config, first.splits)
    as_of_epoch(loss, int(first.metrics["best_epoch"]))
    measured = replace(first.splits, validation=every, test=every)
    evaluation = evaluate_logits(_unpromised(first.config), dataset, measured, loss, Logits(logits, logits))
    together = FeatureUnion([(f"fold_{number}", each.splits.preprocessing) for number, each in enumerate(members)])
    metrics = {key: value for key, value in _with_out_of_fold(evaluation.metrics).items() if not key.startswith("test")}
    sentence = (
        f"The mean logit of {len(members)} folds; threshold and calibrator of {OUT_OF_FOLD}, whose average precision is"
        f" {metrics['out_of_fold/average_precision']:.4f}; no row is left to test the ensemble on"
    )
    splits = replace(first.splits, train=every, preprocessing=together)
    return Made(network, splits, dataset, evaluation, OUT_OF_FOLD, metrics, sentence + _promise_lost(first.config))


def _check_refit(config: ExperimentConfig, positives: int) -> None:
    if str(config.split.get("_target_", "")).endswith("TimeSplit"):
        raise InputError(
            "--refit: the run has split=time, and out-of-fold predictions would be of rows from before those that were "
            "learned: promote without it"
        )
    if positives < LEAST_POSITIVES:
        raise InputError(
            f"--refit: {positives} positives in train and validation, and out-of-fold predictions need at least "
            f"{LEAST_POSITIVES}: promote without it"
        )


def _unpromised(config: ExperimentConfig) -> ExperimentConfig:
    """The config without a guarantee: what is guaranteed is of one network's scores, and these are of several."""
    return replace(config, evaluation=replace(config.evaluation, guarantee=None))


def _promise_lost(config: ExperimentConfig) -> str:
    lost = config.evaluation.guarantee is not None
    return f"; the guarantee {config.evaluation.guarantee} does not hold for it" if lost else ""


def _with_out_of_fold(metrics: dict[str, float]) -> dict[str, float]:
    """The metrics, those of the part that chose the threshold named after what it is."""
    return {
        f"out_of_fold/{key.removeprefix('val/')}" if key.startswith("val/") else key: value
        for key, value in metrics.items()
    }
