"""Trains a stack epoch by epoch: compiled programs do the steps; here is what measures, keeps, stops and tells."""

from __future__ import annotations

from runner.training.runtime import keras, tf

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from runner.data.splits import Splits
from runner.errors import RunFailed
from runner.training.divergence import bad_outputs, bad_step
from runner.training.early_stopping import BestEpoch, EarlyStopping
from runner.training.stack.batches import StackedBatches
from runner.training.stack.losses import StackedLosses, grouped_order
from runner.training.stack.network import StackedNetwork, stacked_weights
from runner.training.stack.optimizers import rates_of, rule_of
from runner.training.stack.predictor import Predictor, predicted
from runner.training.stack.program import BAD_GRADIENT, HEALTHY, PROGRAMS, Programs, State
from runner.training.trainer import EpochListener, Measure, TrainerSettings, Training, as_of_epoch

WORTH_COMPILING = 3e9
"""Rows times parameters that a smaller stack must save: about what two cores do while they compile it."""


@dataclass(frozen=True)
class Member:
    """One run of a stack.

    Attributes:
        weights: to start from, in the order of the network's `get_weights()`.
        loss: its own; one that changes with time is left as it was in the member's last epoch.
        optimizer: fresh; of the same class as the others', with rates of its own.
        seed: of batch order and dropout.
        early_stopping: its rule, or None.
        on_epoch: told of each of its epochs.
    """

    weights: Sequence[np.ndarray]
    loss: keras.losses.Loss
    optimizer: keras.optimizers.Optimizer
    seed: int
    early_stopping: EarlyStopping | None
    on_epoch: EpochListener


@dataclass
class _Progress:
    """How far one member is."""

    member: Member
    best: BestEpoch
    history: list[dict[str, float]] = field(default_factory=list)
    final: list[np.ndarray] = field(default_factory=list)
    best_weights: list[np.ndarray] = field(default_factory=list)
    problem: Exception | None = None
    ended: bool = False


@dataclass(frozen=True)
class Stack:
    """A trained stack.

    Attributes:
        trainings: of each member, or why it failed: `RunFailed`, or what its listener raised.
        final_weights: of each member, also of those that failed.
        predict: (n, width) float32 inputs -> (K, n) float64 logits with each member's best weights.
    """

    trainings: list[Training | Exception]
    final_weights: list[list[np.ndarray]]
    predict: Callable[[np.ndarray], np.ndarray]


def train_stack(
    model: keras.Model,
    members: Sequence[Member],
    splits: Splits,
    settings: TrainerSettings,
    measure: Measure,
) -> Stack:
    """Trains all members as `fit` would train each alone.

    A member that stops early or diverges stays as it is from then on. Nothing that a member computes reads another's
    numbers; only the order in which float32 sums are taken depends on how many share the stack.

    Args:
        model: the network up to its logits; says what is computed, its weights are not touched.
        members: at least one.
        splits: train is trained on, validation measured after each epoch, test not touched.
        settings: epochs and batches; when to stop is each member's own.
        measure: (labels (n,), logits (k, n)) of the validation part -> (k,) metrics, named without `val/`.

    Raises:
        ValueError: something has no stacked form; `reason_unsupported` tells beforehand.
    """
    started = time.perf_counter()
    network = StackedNetwork(model)
    everyone = [_Progress(member, BestEpoch(member.early_stopping)) for member in members]
    together = _Members(network, everyone, splits, settings, measure)
    for epoch in range(settings.epochs):
        together.run_epoch(epoch)
        if all(each.ended for each in everyone):
            break
        together.drop_ended(settings.epochs - epoch - 1)
    together.fetch_weights()
    for each in everyone:  # a loss that serves several members is none of their own
        if each.history:
            as_of_epoch(each.member.loss, each.best.epoch)
    seconds = (time.perf_counter() - started) / len(everyone)
    trainings = [each.problem or _training(each, settings.epochs, seconds) for each in everyone]
    chosen = [each.best_weights or each.final for each in everyone]
    return Stack(trainings, [each.final for each in everyone], Predictor(network, chosen, together.programs))


def _training(progress: _Progress, epochs: int, seconds: float) -> Training:
    history, best = pd.DataFrame(progress.history), progress.best
    ending = best.ending(len(history), epochs)
    return Training(history, best.epoch, ending, progress.final, progress.best_weights, seconds)


class _Members:
    """Members that train together, and their tensors on the device."""

    def __init__(
        self,
        network: StackedNetwork,
        everyone: Sequence[_Progress],
        splits: Splits,
        settings: TrainerSettings,
        measure: Measure,
    ) -> None:
        self._network, self._splits, self._measure = network, splits, measure
        self._batches = StackedBatches(splits.train, settings)
        weights = stacked_weights([each.member.weights for each in everyone])
        slots = rule_of(everyone[0].member.optimizer).slots
        trained = [each for each, yes in zip(weights, network.trainable, strict=True) if yes]
        count = len(everyone)
        self._state = State(
            tf.constant(0),
            tf.fill([count], True),
            tf.fill([count], HEALTHY),
            tf.zeros(count),
            weights,
            [[tf.zeros_like(each) for _ in range(slots)] for each in trained],
        )
        self._best = weights
        self._continue_with(list(everyone), grouped_order([each.member.loss for each in everyone]))

    def _continue_with(self, members: Sequence[_Progress], chosen: Sequence[int]) -> None:
        """Goes on with the members of the chosen indices, in that order."""
        self.members = [members[index] for index in chosen]
        self._state = State(
            self._state.step, *tf.nest.map_structure(lambda each: tf.gather(each, chosen), tuple(self._state[1:]))
        )
        self._best = [tf.gather(each, chosen) for each in self._best]
        optimizers = [each.member.optimizer for each in self.members]
        self._rates = {name: tf.constant(values) for name, values in rates_of(optimizers).items()}
        self._seeds = tf.constant(np.array([each.member.seed for each in self.members], np.uint32))
        losses = StackedLosses([each.member.loss for each in self.members])
        self.programs: Programs = PROGRAMS.get(self._network, losses, optimizers[0])

    def run_epoch(self, epoch: int) -> None:
        """One epoch of training, then validation; `epoch` counts from 0."""
        self.programs.losses.begin_epoch(epoch)
        state = self._state._replace(total=tf.zeros(len(self.members)))
        for batches, count in self._batches.epoch(epoch, [each.member.seed for each in self.members]):
            if count:
                state = self.programs.steps(state, self._rates, self._seeds, batches, tf.constant(count))
            else:
                state = self.programs.last_step(state, self._rates, self._seeds, batches)
        self._state = state
        failed = state.failed.numpy()
        losses = state.total.numpy() / len(self._splits.train.labels)
        val_losses, logits = self._validate()
        finite = np.isfinite(logits).all(1)
        measured = self._measure(self._splits.validation.labels, np.where(finite[:, None], logits, 0.0))
        active, improved = np.zeros(len(finite), bool), np.zeros(len(finite), bool)
        for index, progress in enumerate(self.members):
            if progress.ended:
                continue
            if failed[index] != HEALTHY:
                what = "gradient" if failed[index] == BAD_GRADIENT else "loss"
                rate = float(self._rates["learning_rate"][index])
                progress.problem = RunFailed(bad_step(what, epoch + 1, rate))
            elif not finite[index]:
                progress.problem = RunFailed(bad_outputs(epoch + 1))
            else:
                metrics = {"train/loss": float(losses[index]), "val/loss": float(val_losses[index])}
                metrics |= {f"val/{name}": float(values[index]) for name, values in measured.items()}
                improved[index] = self._add_epoch(progress, epoch + 1, metrics)
            progress.ended = progress.problem is not None or progress.best.exhausted(epoch + 1)
            active[index] = not progress.ended
        if improved.any():
            self._best = _merged(tf.constant(improved), self._state.weights, self._best)
        self._state = self._state._replace(active=tf.constant(active))

    def _add_epoch(self, progress: _Progress, epoch: int, metrics: dict[str, float]) -> bool:
        """Adds an epoch to a member's history and tells its listener; returns whether it is the best so far."""
        progress.history.append({"epoch": epoch, **metrics})
        improved = progress.best.improved(epoch, metrics)
        try:
            progress.member.on_epoch(epoch, metrics)
        except Exception as problem:  # a store that broke down: that member's run is lost, not the others
            progress.problem = problem
        return improved

    def _validate(self) -> tuple[np.ndarray, np.ndarray]:
        """(K,) losses and (K, n) float64 logits of the validation part."""
        part = self._splits.validation
        logits = predicted(self._network, self._state.weights, part.inputs, self.programs)
        labels = tf.constant(part.labels[None])
        weights = None if part.weights is None else tf.constant(part.weights[None])
        losses = self.programs.mean_losses(labels, tf.constant(logits), weights)
        return losses.numpy(), logits.astype(np.float64)

    def drop_ended(self, epochs_left: int) -> None:
        """Goes on without the members that have ended, if that saves more work than compiling for fewer costs.

        Not by the clock: how many share a stack changes the order of sums, and the same command must give the same
        digits on a busy machine.

        Args:
            epochs_left: at most.
        """
        remaining = [index for index, each in enumerate(self.members) if not each.ended]
        ended = len(self.members) - len(remaining)
        parameters = sum(int(np.prod(each.shape[1:])) for each in self._state.weights)
        saved = ended * epochs_left * len(self._splits.train.labels) * parameters
        if len(remaining) > ended or saved < WORTH_COMPILING:
            return
        self.fetch_weights()
        self._continue_with(self.members, remaining)

    def fetch_weights(self) -> None:
        """Copies final and best weights from the device into each member's progress."""
        final = [each.numpy() for each in self._state.weights]
        best = [each.numpy() for each in self._best]
        for index, progress in enumerate(self.members):
            progress.final = [each[index].copy() for each in final]
            progress.best_weights = [each[index].copy() for each in best] if progress.history else []


@tf.function(autograph=False)
def _merged(chosen: tf.Tensor, new: list[tf.Tensor], old: list[tf.Tensor]) -> list[tf.Tensor]:
    """The new weights of the chosen members, the old ones of the others."""
    return [tf.where(tf.reshape(chosen, (-1, *[1] * (len(a.shape) - 1))), a, b) for a, b in zip(new, old, strict=True)]
