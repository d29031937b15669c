"""The trainer that compiles whole epochs: one run, or many runs of one network as a stack."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from runner.data.splits import Splits
from runner.models.network import Network
from runner.training.fit import FitTrainer
from runner.training.runtime import keras, tf
from runner.training.stack import Member, Stack, train_stack, why_not
from runner.training.stack.train import Measure
from runner.training.trainer import EpochListener, Training

log = logging.getLogger("runner.training")


class CompiledTrainer:
    """Trains one network, or a stack of them, with one XLA program an epoch. What has no such form is left to `fit`.

    Args:
        **settings: those of `FitTrainer`.

    Attributes:
        fit: the trainer with the same settings that `fit` drives.
    """

    def __init__(self, **settings: Any) -> None:
        self.fit = FitTrainer(**settings)

    def start(self, seed: int) -> str:
        """See `FitTrainer.start`."""
        return self.fit.start(seed)

    def scope(self) -> AbstractContextManager:
        """See `FitTrainer.scope`."""
        return self.fit.scope()

    def why_not(self, network: Network, optimizer: keras.optimizers.Optimizer) -> str | None:
        """Why `fit` trains a run instead, in words; None if it does not."""
        return why_not(network.logits, optimizer, self.fit.precision, self.fit.device)

    def train(
        self,
        network: Network,
        loss: keras.losses.Loss,
        optimizer: keras.optimizers.Optimizer,
        splits: Splits,
        *,
        seed: int,
        measure: Measure,
        on_epoch: EpochListener,
    ) -> Training:
        """Trains `network` in place, as a stack of one; it ends with the best epoch's weights.

        Args and errors: see `FitTrainer.train`.
        """
        reason = self.why_not(network, optimizer)
        if reason:
            log.info("trained by Keras fit: %s", reason)
            return self.fit.train(network, loss, optimizer, splits, seed=seed, measure=measure, on_epoch=on_epoch)
        member = Member(network.logits.get_weights(), loss, optimizer, seed, self.fit.early_stopping, on_epoch)
        stack = self.train_stack(network, [member], splits, measure=measure)
        (training,) = stack.trainings
        if isinstance(training, Exception):
            network.logits.set_weights(stack.final_weights[0])
            raise training
        network.logits.set_weights(training.best_weights)
        return training

    def train_stack(self, network: Network, members: Sequence[Member], splits: Splits, *, measure: Measure) -> Stack:
        """Trains many runs of one network; its own weights are not touched. See `runner.training.stack.train_stack`."""
        on_cpu = tf.device("/cpu:0") if self.fit.device == "cpu" else nullcontext()
        with self.scope(), on_cpu:
            return train_stack(
                network.logits,
                members,
                splits,
                epochs=self.fit.epochs,
                batch_size=self.fit.batch_size,
                stratified=self.fit.stratified_batches,
                measure=measure,
            )
