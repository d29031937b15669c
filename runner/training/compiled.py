"""The trainer that compiles whole epochs: one run, or many runs of one network as a stack."""

from __future__ import annotations

from runner.training.runtime import keras, tf

import logging
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from runner.data.splits import Splits
from runner.models.network import Network
from runner.training.fit import FitTrainer
from runner.training.stack.support import reason_unsupported
from runner.training.stack.train import Member, Stack, train_stack
from runner.training.trainer import EpochListener, Measure, Training, TrainingTask

log = logging.getLogger("runner.training")


class CompiledTrainer:
    """Trains one network, or a stack of them, with one XLA program an epoch. What has no such form is left to `fit`.

    Args:
        **settings: those of `FitTrainer`.

    Attributes:
        settings: the same, as `TrainerSettings`.
        fit: the trainer with the same settings that `fit` drives.
    """

    def __init__(self, **settings: Any) -> None:
        self.fit = FitTrainer(**settings)
        self.settings = self.fit.settings

    def start(self, seed: int) -> str:
        """See `FitTrainer.start`."""
        return self.fit.start(seed)

    def scope(self) -> AbstractContextManager:
        """See `FitTrainer.scope`."""
        return self.fit.scope()

    def reason_unsupported(self, network: Network, optimizer: keras.optimizers.Optimizer) -> str | None:
        """Why `fit` trains a run instead, in words; None if it does not."""
        return reason_unsupported(network.logits, optimizer, self.settings.precision, self.settings.device)

    def train(self, task: TrainingTask, on_epoch: EpochListener) -> Training:
        """Trains `task.network` in place, as a stack of one; it ends with the best epoch's weights.

        Args and errors: see `FitTrainer.train`.
        """
        reason = self.reason_unsupported(task.network, task.optimizer)
        if reason:
            log.info("trained by Keras fit: %s", reason)
            return self.fit.train(task, on_epoch)
        logits = task.network.logits
        rule = self.settings.early_stopping
        member = Member(logits.get_weights(), task.loss, task.optimizer, task.seed, rule, on_epoch)
        stack = self.train_stack(task.network, [member], [task.splits], task.measure)
        (training,) = stack.trainings
        if isinstance(training, Exception):
            logits.set_weights(stack.final_weights[0])
            raise training
        logits.set_weights(training.best_weights)
        return training

    def train_stack(
        self, network: Network, members: Sequence[Member], splits: Sequence[Splits], measure: Measure
    ) -> Stack:
        """Trains many runs of one network; its own weights are not touched. See `runner.training.stack.train_stack`."""
        on_cpu = tf.device("/cpu:0") if self.settings.device == "cpu" else nullcontext()
        with self.scope(), on_cpu:
            return train_stack(network.logits, members, splits, self.settings, measure)
