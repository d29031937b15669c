"""Trains a stack epoch by epoch: what is compiled does the steps, what is here watches, keeps, stops and tells."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from runner.data.splits import Splits
from runner.errors import RunFailed
from runner.training.batches import epoch_order
from runner.training.divergence import bad_outputs, bad_step
from runner.training.early_stopping import BestEpoch, EarlyStopping
from runner.training.runtime import keras, tf
from runner.training.stack.losses import Criteria, arranged
from runner.training.stack.network import StackedNetwork, stacked_weights
from runner.training.stack.optimizers import optimizer_key, rates_of, rule_of
from runner.training.stack.predictor import Predictor, predicted
from runner.training.stack.program import BAD_GRADIENT, HEALTHY, Programs, State, programs
from runner.training.trainer import EpochListener, Measure, TrainerSettings, Training

GATHERED_FLOATS = 8_000_000  # of batches that wait to be trained on: 32 MB


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
class _Course:
    """How one member is doing."""

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

    A member that stops early or diverges stays as it is from then on. What a member comes to does not depend on who
    shares the stack.

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
    courses = [_Course(member, BestEpoch(member.early_stopping)) for member in members]
    crew = _Crew(network, courses, splits, settings.batch_size, settings.stratified_batches, measure)
    epochs = settings.epochs
    for epoch in range(epochs):
        begun = time.perf_counter()
        crew.run_epoch(epoch)
        if all(course.ended for course in courses):
            break
        crew.shrink(epochs - epoch - 1, time.perf_counter() - begun)
    crew.land()
    for course in courses:  # a family's loss is none of its members' own
        if hasattr(course.member.loss, "begin_epoch") and course.history:
            course.member.loss.begin_epoch(len(course.history) - 1)
    seconds = (time.perf_counter() - started) / len(courses)
    trainings = [course.problem or _training(course, epochs, seconds) for course in courses]
    chosen = [course.best_weights or course.final for course in courses]
    return Stack(trainings, [course.final for course in courses], Predictor(network, chosen, crew.programs))


def _training(course: _Course, epochs: int, seconds: float) -> Training:
    history = pd.DataFrame(course.history)
    ending = course.best.ending(len(history), epochs)
    return Training(history, course.best.epoch, ending, course.final, course.best_weights, seconds)


class _Crew:
    """Members that train together, and what they have on the device."""

    def __init__(
        self,
        network: StackedNetwork,
        courses: Sequence[_Course],
        splits: Splits,
        batch_size: int,
        stratified: bool,
        measure: Measure,
    ) -> None:
        self._network, self._splits, self._measure = network, splits, measure
        self._batch_size, self._stratified = batch_size, stratified
        self._compiling = 0.0
        weights = stacked_weights([course.member.weights for course in courses])
        slots = rule_of(courses[0].member.optimizer).slots
        trained = [each for each, yes in zip(weights, network.trainable, strict=True) if yes]
        everyone = len(courses)
        self._state = State(
            tf.constant(0),
            tf.fill([everyone], True),
            tf.fill([everyone], HEALTHY),
            tf.zeros(everyone),
            weights,
            [[tf.zeros_like(each) for _ in range(slots)] for each in trained],
        )
        self._best = weights
        self._seat(list(courses), arranged([course.member.loss for course in courses]))

    def _seat(self, courses: Sequence[_Course], places: Sequence[int]) -> None:
        """Goes on with the members at `places`, in that order."""
        self.courses = [courses[place] for place in places]
        self._state = State(
            self._state.step, *tf.nest.map_structure(lambda each: tf.gather(each, places), tuple(self._state[1:]))
        )
        self._best = [tf.gather(each, places) for each in self._best]
        optimizers = [course.member.optimizer for course in self.courses]
        self._rates = {name: tf.constant(values) for name, values in rates_of(optimizers).items()}
        self._seeds = tf.constant(np.array([course.member.seed for course in self.courses], np.uint32))
        criteria = Criteria([course.member.loss for course in self.courses])
        self.programs: Programs = programs(
            self._network, criteria, rule_of(optimizers[0]), optimizer_key(optimizers[0])
        )

    def run_epoch(self, epoch: int) -> None:
        """One epoch of training, then validation; `epoch` counts from 0."""
        self.programs.criteria.begin_epoch(epoch)
        state = self._state._replace(total=tf.zeros(len(self.courses)))
        begun = time.perf_counter()
        for batches, count in self._batches(epoch):
            if count:
                state = self.programs.steps(state, self._rates, self._seeds, batches, tf.constant(count))
            else:
                state = self.programs.last_step(state, self._rates, self._seeds, batches)
        self._compiling = self._compiling or time.perf_counter() - begun
        self._state = state
        failed = state.failed.numpy()
        losses = state.total.numpy() / len(self._splits.train.labels)
        val_losses, logits = self._validate()
        finite = np.isfinite(logits).all(1)
        measured = self._measure(self._splits.validation.labels, np.where(finite[:, None], logits, 0.0))
        active, improved = np.zeros(len(finite), bool), np.zeros(len(finite), bool)
        for place, course in enumerate(self.courses):
            if course.ended:
                continue
            if failed[place] != HEALTHY:
                what = "gradient" if failed[place] == BAD_GRADIENT else "loss"
                rate = float(self._rates["learning_rate"][place])
                course.problem = RunFailed(bad_step(what, epoch + 1, rate))
            elif not finite[place]:
                course.problem = RunFailed(bad_outputs(epoch + 1))
            else:
                metrics = {"train/loss": float(losses[place]), "val/loss": float(val_losses[place])}
                metrics |= {f"val/{name}": float(values[place]) for name, values in measured.items()}
                improved[place] = self._note(course, epoch + 1, metrics)
            course.ended = course.problem is not None or course.best.exhausted(epoch + 1)
            active[place] = not course.ended
        if improved.any():
            self._best = _merged(tf.constant(improved), self._state.weights, self._best)
        self._state = self._state._replace(active=tf.constant(active))

    def _note(self, course: _Course, epoch: int, metrics: dict[str, float]) -> bool:
        """Writes an epoch of a member down and tells its listener; returns whether its weights are to be kept."""
        course.history.append({"epoch": epoch, **metrics})
        improved = course.best.improved(epoch, metrics)
        try:
            course.member.on_epoch(epoch, metrics)
        except Exception as problem:  # a store that broke down: that member's run is lost, not the others
            course.problem = problem
        return improved

    def _batches(self, epoch: int) -> Any:
        """(batches, how many of them), a few at a time; at the end the smaller last one, (batch, 0)."""
        part, size = self._splits.train, self._batch_size
        orders = {
            seed: epoch_order(part.labels, size, seed, epoch, stratified=self._stratified)
            for seed in {course.member.seed for course in self.courses}
        }
        order = np.stack([orders[course.member.seed] for course in self.courses])
        members, rows = order.shape
        full = rows // size
        columns = [part.inputs, part.labels] + ([] if part.weights is None else [part.weights])
        floats = members * min(size, rows) * sum(int(np.prod(column.shape[1:])) for column in columns)
        at_once = min(max(1, GATHERED_FLOATS // floats), max(full, 1))
        for start in range(0, full, at_once):
            count = min(at_once, full - start)
            chosen = order[:, start * size : (start + count) * size].reshape(members, count, size).swapaxes(0, 1)
            if count < at_once:  # the program takes so many; it does not look at those beyond `count`
                chosen = np.concatenate([chosen, np.zeros((at_once - count, members, size), chosen.dtype)])
            yield tuple(tf.constant(column[chosen]) for column in columns), count
        if rows % size:
            chosen = order[:, full * size :]
            yield tuple(tf.constant(column[chosen]) for column in columns), 0

    def _validate(self) -> tuple[np.ndarray, np.ndarray]:
        """(K,) losses and (K, n) float64 logits of the validation part."""
        part = self._splits.validation
        logits = predicted(self._network, self._state.weights, part.inputs, self.programs)
        labels = tf.constant(part.labels[None])
        weights = None if part.weights is None else tf.constant(part.weights[None])
        losses = self.programs.losses(labels, tf.constant(logits), weights)
        return losses.numpy(), logits.astype(np.float64)

    def shrink(self, epochs_left: int, seconds: float) -> None:
        """Goes on without those that have ended, if it saves more time than compiling for fewer takes.

        Args:
            epochs_left: at most.
            seconds: that the last epoch took.
        """
        going = [place for place, course in enumerate(self.courses) if not course.ended]
        share = len(going) / len(self.courses)
        if share > 0.5 or (1 - share) * seconds * epochs_left < 1.5 * self._compiling:
            return
        self.land()
        self._seat(self.courses, going)

    def land(self) -> None:
        """Brings the weights of the members on board to the host."""
        final = [each.numpy() for each in self._state.weights]
        best = [each.numpy() for each in self._best]
        for place, course in enumerate(self.courses):
            course.final = [each[place].copy() for each in final]
            course.best_weights = [each[place].copy() for each in best] if course.history else []


@tf.function(autograph=False)
def _merged(chosen: tf.Tensor, new: list[tf.Tensor], old: list[tf.Tensor]) -> list[tf.Tensor]:
    """The new weights of the chosen members, the old ones of the others."""
    return [tf.where(tf.reshape(chosen, (-1, *[1] * (len(a.shape) - 1))), a, b) for a, b in zip(new, old, strict=True)]
