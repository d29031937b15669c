"""The third step of a run that is trained alone: its Keras objects, and the training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from runner import evaluation, training
from runner.config.experiment_config import ExperimentConfig
from runner.data import Dataset, Splits
from runner.experiment.build import make_loss, make_network, make_optimizer, make_trainer
from runner.experiment.initial_weights import InitialWeights
from runner.experiment.run import Logits, Run, TrainedRun
from runner.tracking.recorder import Recorder
from runner.writing import console


@dataclass(frozen=True)
class Setup:
    """What one run is trained with.

    Attributes:
        trainer: started.
        task: what it trains.
        device: in words.
    """

    trainer: training.Trainer
    task: training.TrainingTask
    device: str


def set_up(run: Run) -> Setup:
    """What the run is trained with: starts its trainer, builds network, loss and optimizer where training is.

    Raises:
        InputError: one of them cannot be built, the device is not there, or its first weights do not fit.
    """
    with run.seconds.timed("start"):
        return set_up_training(run.spec.config, run.dataset, run.splits, run.initial)


def set_up_training(
    config: ExperimentConfig, dataset: Dataset, splits: Splits, initial: InitialWeights | None
) -> Setup:
    """What a config is trained with on any splits; see `set_up`."""
    trainer = make_trainer(config)
    device = trainer.start(config.seed)
    with trainer.scope():
        network = make_network(config, splits, dataset)
        if initial is not None:
            initial.check(network.logits.get_weights())
            network.logits.set_weights(initial.values)
        loss = make_loss(config, splits)  # anew: its variables belong where training is
        optimizer = make_optimizer(config)
    task = training.TrainingTask(network, loss, optimizer, splits, config.seed, evaluation.epoch_metrics)
    return Setup(trainer, task, device)


def train(run: Run, setup: Setup, recorder: Recorder) -> TrainedRun:
    """The run after its training, alone.

    Raises:
        RunFailed: the loss became infinite or NaN, or the store stopped answering.
    """
    task, splits = setup.task, run.splits
    epochs = run.spec.config.trainer["epochs"]
    with run.seconds.timed("train"), console.epoch_progress(epochs, in_sweep=run.spec.in_sweep) as show:

        def on_epoch(epoch: int, metrics: Mapping[str, float]) -> bool:
            recorder.log_epoch(epoch, metrics)
            show(epoch, metrics)
            return run.spec.prune is not None and run.spec.prune(epoch, metrics)

        done = setup.trainer.train(task, on_epoch)
    logits = Logits(task.network.predict(splits.validation.inputs), task.network.predict(splits.test.inputs))
    return TrainedRun(replace(run, loss=task.loss), done, logits, lambda: task.network)
