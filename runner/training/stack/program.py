"""The compiled part: all steps of an epoch for all members in one XLA program, and a forward pass for all.

Batches are gathered before they get here: XLA would be twenty times slower with the gather inside. Programs are kept
for the next stack, because compiling takes seconds.
"""

from __future__ import annotations

from runner.training.runtime import keras, tf

from collections import OrderedDict
from collections.abc import Hashable
from typing import Any, NamedTuple

from runner.training.sam import worst_steps
from runner.training.stack.losses import StackedLosses
from runner.training.stack.network import StackedNetwork
from runner.training.stack.optimizers import Rates, Rule, apply_rule, optimizer_key, rule_of

Tensor = Any
Batches = tuple[Tensor, ...]
"""Inputs (steps, K, batch, width), labels (steps, K, batch) and, where rows have weights, those too."""

HEALTHY, BAD_LOSS, BAD_GRADIENT = 0, 1, 2


class State(NamedTuple):
    """What changes while a stack trains. The first axis of every tensor but `step` is that of the members.

    Attributes:
        step: steps done, int32.
        active: (K,) bool; a member that is not keeps everything as it is.
        failed: (K,) int32: HEALTHY, BAD_LOSS or BAD_GRADIENT.
        total: (K,) sum over the epoch's steps of loss times rows.
        weights: in the order of the network's.
        slots: what the optimizer remembers, for each trainable weight.
        queues: what losses remember of earlier batches, (K, 2, 2, memory) in a list; an empty one where none does.
    """

    step: Tensor
    active: Tensor
    failed: Tensor
    total: Tensor
    weights: list[Tensor]
    slots: list[list[Tensor]]
    queues: list[Tensor]


class Programs:
    """Compiled functions of a network, its losses and its optimizer's rule.

    Args:
        network, losses, rule: what is compiled in. Weights, rates, seeds and batches are arguments of each call.
    """

    def __init__(self, network: StackedNetwork, losses: StackedLosses, rule: Rule) -> None:
        self.network, self.losses, self.rule = network, losses, rule
        self.steps = tf.function(self._steps, jit_compile=True, autograph=False)
        # Called once an epoch: XLA would take longer to compile them than it saves.
        self.last_step = tf.function(self._step, autograph=False)
        self.logits = tf.function(self._logits, autograph=False)
        self.mean_losses = tf.function(self.losses.__call__, autograph=False)

    def _steps(self, state: State, rates: Rates, seeds: Tensor, batches: Batches, count: Tensor) -> State:
        """The first `count` steps of `batches`, one after the other."""

        def body(i: Tensor, now: State) -> tuple[Tensor, State]:
            return i + 1, self._step(now, rates, seeds, tuple(each[i] for each in batches))

        return tf.while_loop(lambda i, now: i < count, body, (tf.constant(0), state))[1]

    def _step(self, state: State, rates: Rates, seeds: Tensor, batch: Batches) -> State:
        labels = batch[1]
        trainable = [each for each, yes in zip(state.weights, self.network.trainable, strict=True) if yes]
        losses, forwarded, gradients, queues = self._gradients(state, state.weights, seeds, batch)
        if self.rule.radius:
            steps = iter(worst_steps(gradients, rates["radius"], stacked=True))
            worst = [
                each + next(steps) if yes else each
                for each, yes in zip(state.weights, self.network.trainable, strict=True)
            ]
            _, _, gradients, _ = self._gradients(state, worst, seeds, batch)
        other_axes = tuple(range(1, 9))
        good_loss = tf.math.is_finite(losses)
        good_slope = tf.fill(tf.shape(losses), True)
        for gradient in gradients:
            good_slope &= tf.reduce_all(tf.math.is_finite(gradient), axis=other_axes[: len(gradient.shape) - 1])
        found = tf.where(good_loss, tf.where(good_slope, HEALTHY, BAD_GRADIENT), BAD_LOSS)
        failed = tf.where(state.active & (state.failed == HEALTHY), found, state.failed)
        continuing = state.active & (failed == HEALTHY)

        def chosen(new: Tensor, old: Tensor) -> Tensor:
            return tf.where(tf.reshape(continuing, (-1, *[1] * (len(old.shape) - 1))), new, old)

        step = tf.cast(state.step + 1, tf.float32)
        changed = [
            apply_rule(self.rule, step, weight, gradient, remembered, rates)
            for weight, gradient, remembered in zip(trainable, gradients, state.slots, strict=True)
        ]
        fresh = iter(changed)
        after = [next(fresh)[0] if yes else each for each, yes in zip(forwarded, self.network.trainable, strict=True)]
        rows = tf.cast(tf.shape(labels)[-1], tf.float32)
        return State(
            state.step + 1,
            state.active,
            failed,
            state.total + tf.where(continuing, losses, 0.0) * rows,
            [chosen(new, old) for new, old in zip(after, state.weights, strict=True)],
            [
                [chosen(new, old) for new, old in zip(slots, before, strict=True)]
                for (_, slots), before in zip(changed, state.slots, strict=True)
            ],
            [chosen(new, old) for new, old in zip(queues, state.queues, strict=True)],
        )

    def _gradients(
        self, state: State, weights: list[Tensor], seeds: Tensor, batch: Batches
    ) -> tuple[Tensor, list[Tensor], list[Tensor], list[Tensor]]:
        """Losses (K,), weights as the forward pass leaves them, gradients of trainable weights at `weights`, queues."""
        inputs, labels, *row_weights = batch
        trainable = [each for each, yes in zip(weights, self.network.trainable, strict=True) if yes]
        with tf.GradientTape() as tape:
            tape.watch(trainable)
            logits, forwarded = self.network(weights, inputs, training=True, seeds=seeds, step=state.step)
            queue = state.queues[0] if state.queues else None
            losses, after = self.losses.remembering(labels, logits, row_weights[0] if row_weights else None, queue)
            # Not the mean over members: a member's gradient must not depend on how many there are.
            total = tf.reduce_sum(losses)
        return losses, forwarded, tape.gradient(total, trainable), [] if after is None else [after]

    def _logits(self, weights: list[Tensor], inputs: Tensor) -> Tensor:
        """(K, rows) logits of (K, rows, width) inputs, or of (1, rows, width) that all members share."""
        members = weights[0].shape[0]
        seeds = tf.zeros(members, tf.uint32)
        logits, _ = self.network(weights, inputs, training=False, seeds=seeds, step=tf.constant(0))
        return logits


class ProgramCache:
    """Programs of earlier stacks, for the next stack in which all that is compiled in is equal.

    Args:
        limit: how many are kept; the least recently used is dropped first. A program holds layers, losses and machine
            code, but no data and no stack's weights.
    """

    def __init__(self, limit: int = 16) -> None:
        self._limit = limit
        self._programs: OrderedDict[Hashable, Programs] = OrderedDict()

    def get(self, network: StackedNetwork, losses: StackedLosses, optimizer: keras.optimizers.Optimizer) -> Programs:
        """The programs for these: those of an earlier stack, or new ones, kept unless a loss is a user's own."""
        key = (network.signature, losses.signature, optimizer_key(optimizer))
        found = self._programs.get(key)
        if found is None:
            found = Programs(network, losses, rule_of(optimizer))
            if losses.signature is None:
                return found
            self._programs[key] = found
            if len(self._programs) > self._limit:
                self._programs.popitem(last=False)
        self._programs.move_to_end(key)
        return found

    def clear(self) -> None:
        """Drops all programs."""
        self._programs.clear()


PROGRAMS = ProgramCache()
"""One for the whole process: a sweep's stacks come one after the other, and a trainer lives for some of them only. Used
by one thread, the one that trains."""
