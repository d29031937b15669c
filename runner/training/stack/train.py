"""Trains a stack epoch by epoch: compiled programs do the steps; here is what measures, keeps, stops and tells."""

from __future__ import annotations

from runner.training.runtime import keras, tf

import time
from collections.abc import Sequence
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
from runner.training.stack.optimizers import Rates, rates_of, rule_of
from runner.training.stack.predictor import Predictor, own_rows, predicted
from runner.training.stack.program import BAD_GRADIENT, HEALTHY, PROGRAMS, Programs, State
from runner.training.trainer import EpochListener, Measure, TrainerSettings, Training, as_of_epoch, memory_of

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
        split: which of the stack's splits it is trained on.
    """

    weights: Sequence[np.ndarray]
    loss: keras.losses.Loss
    optimizer: keras.optimizers.Optimizer
    seed: int
    early_stopping: EarlyStopping | None
    on_epoch: EpochListener
    split: int = 0


@dataclass
class _Progress:
    """How far one member is."""

    member: Member
    best: BestEpoch
    history: list[dict[str, float]] = field(default_factory=list)
    final: list[np.ndarray] = field(default_factory=list)
    best_weights: list[np.ndarray] = field(default_factory=list)
    problem: Exception | None = None
    pruned: bool = False
    ended: bool = False


@dataclass(frozen=True)
class Stack:
    """A trained stack.

    Attributes:
        trainings: of each member, or why it failed: `RunFailed`, or what its listener raised.
        final_weights: of each member, also of those that failed.
        predict: with each member's best weights.
    """

    trainings: list[Training | Exception]
    final_weights: list[list[np.ndarray]]
    predict: Predictor


def train_stack(
    model: keras.Model,
    members: Sequence[Member],
    splits: Sequence[Splits],
    settings: TrainerSettings,
    measure: Measure,
) -> Stack:
    """Trains all members as `fit` would train each alone.

    A member that stops early, diverges or is pruned stays as it is from then on. Nothing that a member computes reads
    another's numbers; only the order in which float32 sums are taken depends on how many share the stack.

    Args:
        model: the network up to its logits; says what is computed, its weights are not touched.
        members: at least one.
        splits: train is trained on, validation measured after each epoch, test not touched. Several have as many
            batches an epoch of the same columns; members that have more rows in the last batch than others take its
            step apart from them.
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
    predictor = Predictor(network, chosen, together.programs, [each.member.split for each in everyone])
    return Stack(trainings, [each.final for each in everyone], predictor)


def _training(progress: _Progress, epochs: int, seconds: float) -> Training:
    history, best = pd.DataFrame(progress.history), progress.best
    ending = best.ending(len(history), epochs, pruned=progress.pruned)
    return Training(history, best.epoch, ending, progress.final, progress.best_weights, seconds, pruned=progress.pruned)


class _Members:
    """Members that train together, and their tensors on the device."""

    def __init__(
        self,
        network: StackedNetwork,
        everyone: Sequence[_Progress],
        splits: Sequence[Splits],
        settings: TrainerSettings,
        measure: Measure,
    ) -> None:
        self._network, self._splits, self._measure, self._epoch = network, splits, measure, 0
        self._epochs = settings.epochs
        self._batches = StackedBatches([each.train for each in splits], settings)
        weights = stacked_weights([each.member.weights for each in everyone])
        slots = rule_of(everyone[0].member.optimizer).slots
        trained = [each for each, yes in zip(weights, network.trainable, strict=True) if yes]
        count, longest = len(everyone), max(memory_of(each.member.loss) for each in everyone)
        self._state = State(
            tf.constant(0),
            tf.fill([count], True),
            tf.fill([count], HEALTHY),
            tf.zeros(count),
            weights,
            [[tf.zeros_like(each) for _ in range(slots)] for each in trained],
            [tf.zeros((count, 2, 2, longest))] if longest else [],
        )
        self._best = weights
        self._continue_with(list(everyone), grouped_order([each.member.loss for each in everyone]))

    def _continue_with(self, members: Sequence[_Progress], chosen: Sequence[int]) -> None:
        """Goes on with the members of the chosen indices, in that order."""
        self.members = [members[index] for index in chosen]
        self._state = _of_members(self._state, chosen)
        self._best = [tf.gather(each, chosen) for each in self._best]
        self._rates = self._rates_of(self.members)
        self._seeds = _seeds_of(self.members)
        self.programs = self._programs_of(self.members)
        self._of_some: dict[tuple[int, ...], _Some] = {}

    def _rates_of(self, members: Sequence[_Progress]) -> Rates:
        rates = rates_of([each.member.optimizer for each in members])
        return {name: tf.constant(values) for name, values in rates.items()}

    def _programs_of(self, members: Sequence[_Progress]) -> Programs:
        losses = StackedLosses([each.member.loss for each in members])
        return PROGRAMS.get(self._network, losses, members[0].member.optimizer)

    def _some(self, chosen: tuple[int, ...]) -> _Some:
        """What belongs to some of the members alone, where their numbers of rows are not those of the others."""
        if chosen not in self._of_some:
            members = [self.members[index] for index in chosen]
            self._of_some[chosen] = _Some(self._programs_of(members), self._rates_of(members), _seeds_of(members))
        some = self._of_some[chosen]
        some.programs.losses.begin_epoch(self._epoch)
        return some

    def run_epoch(self, epoch: int) -> None:
        """One epoch of training, then validation; `epoch` counts from 0."""
        self._train(epoch)
        failed = self._state.failed.numpy()
        losses = self._state.total.numpy() / [len(self._split(each).train.labels) for each in self.members]
        val_losses, logits = self._validate()
        finite = np.array([np.isfinite(own).all() for own in logits])
        measured = self._measured(logits, finite)
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
            exhausted = progress.best.exhausted(epoch + 1)
            progress.pruned = progress.pruned and not exhausted and epoch + 1 < self._epochs
            progress.ended = progress.problem is not None or exhausted or progress.pruned
            active[index] = not progress.ended
        if improved.any():
            self._best = _merged(tf.constant(improved), self._state.weights, self._best)
        self._state = self._state._replace(active=tf.constant(active))

    def _train(self, epoch: int) -> None:
        """All steps of an epoch."""
        self._epoch = epoch
        self.programs.losses.begin_epoch(epoch)
        state = self._state._replace(total=tf.zeros(len(self.members)))
        last: list[tuple[tuple[int, ...], State]] = []
        members = [(each.member.split, each.member.seed) for each in self.members]
        for steps in self._batches.epoch(epoch, members):
            if steps.members is not None:
                some = self._some(steps.members)
                own = _of_members(state, steps.members)
                last.append((steps.members, some.programs.last_step(own, some.rates, some.seeds, steps.batches)))
            elif steps.count:
                count = tf.constant(steps.count)
                state = self.programs.steps(state, self._rates, self._seeds, steps.batches, count)
            else:
                state = self.programs.last_step(state, self._rates, self._seeds, steps.batches)
        self._state = _joined(last) if last else state

    def _split(self, progress: _Progress) -> Splits:
        return self._splits[progress.member.split]

    def _measured(self, logits: Sequence[np.ndarray], finite: np.ndarray) -> dict[str, np.ndarray]:
        """(K,) metrics of the validation parts."""
        split_of = np.array([each.member.split for each in self.members])
        measured: dict[str, np.ndarray] = {}
        for split in np.unique(split_of):
            own = np.flatnonzero(split_of == split)
            given = np.stack([logits[int(index)] for index in own])
            values = self._measure(self._splits[split].validation.labels, np.where(finite[own, None], given, 0.0))
            for name, of_own in values.items():
                measured.setdefault(name, np.empty(len(logits)))[own] = of_own
        return measured

    def _add_epoch(self, progress: _Progress, epoch: int, metrics: dict[str, float]) -> bool:
        """Adds an epoch to a member's history and tells its listener; returns whether it is the best so far."""
        progress.history.append({"epoch": epoch, **metrics})
        improved = progress.best.improved(epoch, metrics)
        try:
            progress.pruned = bool(progress.member.on_epoch(epoch, metrics))
        except Exception as problem:  # a store that broke down: that member's run is lost, not the others
            progress.problem = problem
        return improved

    def _validate(self) -> tuple[np.ndarray, list[np.ndarray]]:
        """(K,) losses, and each member's float64 logits of its validation part."""
        parts = [self._split(each).validation for each in self.members]
        rows = own_rows([part.inputs for part in parts])
        logits = predicted(self._network, self._state.weights, rows, self.programs)
        sizes = np.array([len(part.labels) for part in parts])
        losses = np.empty(len(parts), np.float32)
        for size in np.unique(sizes):
            chosen = tuple(map(int, np.flatnonzero(sizes == size)))
            programs = self.programs if len(chosen) == len(parts) else self._some(chosen).programs
            labels = tf.constant(_stacked([parts[index].labels for index in chosen]))
            weighted = [weights for index in chosen if (weights := parts[index].weights) is not None]
            weights = tf.constant(_stacked(weighted)) if weighted else None
            own = tf.constant(logits[list(chosen), :size])
            losses[list(chosen)] = programs.mean_losses(labels, own, weights).numpy()
        return losses, [own[:size].astype(np.float64) for own, size in zip(logits, sizes, strict=True)]

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
        rows = max(len(each.train.labels) for each in self._splits)
        saved = ended * epochs_left * rows * parameters
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


@dataclass(frozen=True)
class _Some:
    """What some members of a stack have of their own: see `Programs`."""

    programs: Programs
    rates: Rates
    seeds: tf.Tensor


def _seeds_of(members: Sequence[_Progress]) -> tf.Tensor:
    return tf.constant(np.array([each.member.seed for each in members], np.uint32))


def _stacked(columns: Sequence[np.ndarray]) -> np.ndarray:
    """(K, n), or (1, n) where all members have the same."""
    return np.stack(own_rows(columns))


def _of_members(state: State, chosen: Sequence[int]) -> State:
    """The state of the members of the chosen indices, in that order."""
    return State(state.step, *tf.nest.map_structure(lambda each: tf.gather(each, chosen), tuple(state[1:])))


def _joined(parts: Sequence[tuple[tuple[int, ...], State]]) -> State:
    """The state of all members after a step that was taken in parts."""
    back = np.argsort([index for chosen, _ in parts for index in chosen])
    joined = tf.nest.map_structure(
        lambda *each: tf.gather(tf.concat(each, 0), back), *[tuple(own[1:]) for _, own in parts]
    )
    return State(parts[0][1].step, *joined)


@tf.function(autograph=False)
def _merged(chosen: tf.Tensor, new: list[tf.Tensor], old: list[tf.Tensor]) -> list[tf.Tensor]:
    """The new weights of the chosen members, the old ones of the others."""
    return [tf.where(tf.reshape(chosen, (-1, *[1] * (len(a.shape) - 1))), a, b) for a, b in zip(new, old, strict=True)]
