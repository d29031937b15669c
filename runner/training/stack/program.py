"""The compiled part: all steps of an epoch for all members in one XLA program, and a forward pass for all.

Batches are gathered before they get here: XLA would be twenty times slower with the gather inside. A program is kept
for the next stack of the same shape, because compiling takes seconds.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, NamedTuple

from runner.training.runtime import tf
from runner.training.stack.losses import Criteria
from runner.training.stack.network import StackedNetwork
from runner.training.stack.optimizers import Rates, Rule, updated

Tensor = Any
Batches = tuple[Tensor, ...]
"""Inputs (steps, K, batch, width), labels (steps, K, batch) and, where rows have weights, those too."""

PROGRAMS_KEPT = 8
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
    """

    step: Tensor
    active: Tensor
    failed: Tensor
    total: Tensor
    weights: list[Tensor]
    slots: list[list[Tensor]]


class Programs:
    """Compiled functions of a network, its losses and its optimizer's rule.

    Args:
        network, criteria, rule: what is compiled in. Weights, rates, seeds and batches are arguments of each call.
    """

    def __init__(self, network: StackedNetwork, criteria: Criteria, rule: Rule) -> None:
        self.network, self.criteria, self.rule = network, criteria, rule
        self.steps = tf.function(self._steps, jit_compile=True, autograph=False)
        # Called once an epoch: XLA would take longer to compile them than it saves.
        self.last_step = tf.function(self._step, autograph=False)
        self.logits = tf.function(self._logits, autograph=False)
        self.losses = tf.function(self.criteria.__call__, autograph=False)

    def _steps(self, state: State, rates: Rates, seeds: Tensor, batches: Batches, count: Tensor) -> State:
        """The first `count` steps of `batches`, one after the other."""

        def body(i: Tensor, now: State) -> tuple[Tensor, State]:
            return i + 1, self._step(now, rates, seeds, tuple(each[i] for each in batches))

        return tf.while_loop(lambda i, now: i < count, body, (tf.constant(0), state))[1]

    def _step(self, state: State, rates: Rates, seeds: Tensor, batch: Batches) -> State:
        inputs, labels, *weights = batch
        trainable = [each for each, yes in zip(state.weights, self.network.trainable, strict=True) if yes]
        with tf.GradientTape() as tape:
            tape.watch(trainable)
            logits, passed = self.network(state.weights, inputs, training=True, seeds=seeds, step=state.step)
            losses = self.criteria(labels, logits, weights[0] if weights else None)
            # Not the mean over members: a member's gradient must not depend on how many there are.
            total = tf.reduce_sum(losses)
        gradients = tape.gradient(total, trainable)
        of_all = tuple(range(1, 9))
        good_loss = tf.math.is_finite(losses)
        good_slope = tf.fill(tf.shape(losses), True)
        for gradient in gradients:
            good_slope &= tf.reduce_all(tf.math.is_finite(gradient), axis=of_all[: len(gradient.shape) - 1])
        found = tf.where(good_loss, tf.where(good_slope, HEALTHY, BAD_GRADIENT), BAD_LOSS)
        failed = tf.where(state.active & (state.failed == HEALTHY), found, state.failed)
        going = state.active & (failed == HEALTHY)

        def chosen(new: Tensor, old: Tensor) -> Tensor:
            return tf.where(tf.reshape(going, (-1, *[1] * (len(old.shape) - 1))), new, old)

        step = tf.cast(state.step + 1, tf.float32)
        changed = [
            updated(self.rule, step, weight, gradient, remembered, rates)
            for weight, gradient, remembered in zip(trainable, gradients, state.slots, strict=True)
        ]
        fresh = iter(changed)
        after = [next(fresh)[0] if yes else each for each, yes in zip(passed, self.network.trainable, strict=True)]
        rows = tf.cast(tf.shape(labels)[-1], tf.float32)
        return State(
            state.step + 1,
            state.active,
            failed,
            state.total + tf.where(going, losses, 0.0) * rows,
            [chosen(new, old) for new, old in zip(after, state.weights, strict=True)],
            [
                [chosen(new, old) for new, old in zip(slots, before, strict=True)]
                for (_, slots), before in zip(changed, state.slots, strict=True)
            ],
        )

    def _logits(self, weights: list[Tensor], inputs: Tensor) -> Tensor:
        """(K, rows) logits of (rows, width) inputs that all members share."""
        members = weights[0].shape[0]
        seeds = tf.zeros(members, tf.uint32)
        logits, _ = self.network(weights, inputs[None], training=False, seeds=seeds, step=tf.constant(0))
        return logits


def programs(network: StackedNetwork, criteria: Criteria, rule: Rule, key: str) -> Programs:
    """The programs for these, kept from an earlier stack where all that is compiled in is equal."""
    full_key = f"{network.signature}\n{criteria.signature}\n{key}"
    alone = any(family.form == "alone" for family in criteria.families)
    if full_key in _KEPT and not alone:
        _KEPT.move_to_end(full_key)
        return _KEPT[full_key]
    made = Programs(network, criteria, rule)
    if not alone:  # any loss of a user's: its name and config may not say all
        _KEPT[full_key] = made
        while len(_KEPT) > PROGRAMS_KEPT:
            _KEPT.popitem(last=False)
    return made


_KEPT: OrderedDict[str, Programs] = OrderedDict()
