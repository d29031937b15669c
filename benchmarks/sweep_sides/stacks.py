"""Training alone, many members at once: the product's stack against JAX's `vmap` and `scan`, taking turns.

Both train the same networks from the same weights on the same batches with Adam in float32 under a weighted
cross-entropy whose weight differs by member; that they end with the same weights is measured too. A whole epoch is:
gathering the shuffled batches, all steps, predicting the validation part for all members, its exact metrics. Ours also
computes the validation loss, looks for values that are not finite, and keeps the best weights.

    python -m sweep_sides.stacks 64 6 4       # members, epochs a turn, turns; prints JSON
"""

from __future__ import annotations

import importlib.util
import json
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from sweep_sides.processes import ROOT, answer, run
from sweep_sides.tables import Texts, number
from sweep_sides.work import BATCH, Size

STEPS_REPEATS = 10
Weights = list[np.ndarray]


class Task:
    """What both sides train: rows, and each member's seed, positive weight and weights to start from."""

    def __init__(self, members: int) -> None:
        from runner.training.runtime import keras

        from runner.data import RandomSplit, make_splits
        from runner.data.sources import load_page_blocks
        from runner.models import build_network, mlp
        from runner.training import CompiledTrainer

        self.splits = make_splits(load_page_blocks(), RandomSplit(seed=0, validation=0.2, test=0.2))
        self.positive_weights = np.linspace(1, 10, members).astype(np.float32)
        CompiledTrainer(epochs=1, batch_size=BATCH, device="cpu").start(0)
        backbone = partial(mlp, units=[64, 32])
        width, prevalence = self.splits.train.inputs.shape[1], self.splits.prevalence
        self.starts: list[Weights] = []
        for seed in range(members):
            keras.utils.set_random_seed(seed)
            self.network = build_network(backbone, width=width, prevalence=prevalence)
            self.starts.append(self.network.logits.get_weights())

    def batches(self, epoch: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Inputs and labels of an epoch's full batches, (steps, K, batch, ...), and of its smaller last one."""
        from runner.training import TrainerSettings
        from runner.training.batches import epoch_order

        part = self.splits.train
        members, settings = range(len(self.starts)), TrainerSettings(epochs=1, batch_size=BATCH)
        order = np.stack([epoch_order(part.labels, settings, seed, epoch) for seed in members])
        full = order.shape[1] // BATCH
        head = order[:, : full * BATCH].reshape(len(members), full, BATCH).swapaxes(0, 1)
        tail = order[:, full * BATCH :]
        return [part.inputs[head], part.labels[head]], [part.inputs[tail], part.labels[tail]]


def ours_by_epoch(task: Task, epochs: int) -> tuple[list[float], list[Weights]]:
    """Seconds of each epoch but the first, and the members' final weights."""
    import keras

    import losses
    from runner.evaluation import epoch_metrics
    from runner.training import CompiledTrainer
    from runner.training.stack import Member

    times: list[float] = []
    last = len(task.starts) - 1

    def listener(place: int) -> Callable[..., None]:
        return (lambda *_: times.append(time.perf_counter())) if place == last else (lambda *_: None)

    members = [
        Member(weights, losses.WeightedLoss(float(weight)), keras.optimizers.Adam(), seed, None, listener(seed))
        for seed, (weights, weight) in enumerate(zip(task.starts, task.positive_weights, strict=True))
    ]
    trainer = CompiledTrainer(epochs=epochs, batch_size=BATCH, device="cpu")
    stack = trainer.train_stack(task.network, members, [task.splits], epoch_metrics)
    return list(np.diff(times)), stack.final_weights


def ours_steps(task: Task) -> Callable[[], None]:
    """The compiled steps of one epoch's full batches."""
    from runner.training.runtime import tf

    import keras

    import losses
    from runner.training.stack.losses import StackedLosses
    from runner.training.stack.network import StackedNetwork, stacked_weights
    from runner.training.stack.optimizers import rates_of
    from runner.training.stack.program import HEALTHY, PROGRAMS, State

    members = len(task.starts)
    optimizers = [keras.optimizers.Adam() for _ in task.starts]
    stacked = StackedLosses([losses.WeightedLoss(float(weight)) for weight in task.positive_weights])
    compiled = PROGRAMS.get(StackedNetwork(task.network.logits), stacked, optimizers[0])
    weights = stacked_weights(task.starts)
    slots = [[tf.zeros_like(each), tf.zeros_like(each)] for each in weights]
    state = State(
        tf.constant(0), tf.fill([members], True), tf.fill([members], HEALTHY), tf.zeros(members), weights, slots, []
    )
    rates = {name: tf.constant(values) for name, values in rates_of(optimizers).items()}
    full = tuple(tf.constant(each) for each in task.batches(0)[0])
    count, seeds = tf.constant(len(full[0])), tf.constant(np.arange(members, dtype=np.uint32))

    def steps() -> None:
        nonlocal state
        state = compiled.steps(state, rates, seeds, full, count)
        state.total.numpy()

    return steps


class Jax:
    """The same training as a competent user of JAX writes it: one jitted scan, its state donated."""

    def __init__(self, task: Task) -> None:
        import jax

        jax.config.update("jax_platforms", "cpu")
        import jax.numpy as jnp

        self.task = task
        positive = jnp.asarray(task.positive_weights)

        def logits(weights: Any, inputs: Any) -> Any:
            (w1, b1, w2, b2, w3, b3) = weights
            hidden = jax.nn.relu(jax.nn.relu(inputs @ w1 + b1) @ w2 + b2)
            return (hidden @ w3 + b3)[:, 0]

        def loss(weights: Any, inputs: Any, labels: Any, weight: Any) -> Any:
            z = logits(weights, inputs)
            return jnp.mean(weight * labels * jax.nn.softplus(-z) + (1 - labels) * jax.nn.softplus(z))

        slopes = jax.vmap(jax.value_and_grad(loss))

        def step(state: Any, batch: Any) -> tuple[Any, Any]:
            weights, first, second, count = state
            values, gradients = slopes(weights, *batch, positive)
            count += 1
            rate = 1e-3 * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
            first = [m + 0.1 * (g - m) for m, g in zip(first, gradients, strict=True)]
            second = [v + 0.001 * (g * g - v) for v, g in zip(second, gradients, strict=True)]
            moments = zip(weights, first, second, strict=True)
            weights = [w - rate * m / (jnp.sqrt(v) + 1e-7) for w, m, v in moments]
            return (weights, first, second, count), values

        self.scan = jax.jit(lambda state, batches: jax.lax.scan(step, state, batches), donate_argnums=0)
        self.step = jax.jit(step, donate_argnums=0)
        self.logits = jax.jit(jax.vmap(logits, in_axes=(0, None)))

    def start(self) -> Any:
        """Fresh state."""
        import jax.numpy as jnp

        weights = [jnp.asarray(np.stack(of_all)) for of_all in zip(*self.task.starts, strict=True)]
        first, second = ([jnp.zeros_like(each) for each in weights] for _ in range(2))
        return weights, first, second, jnp.float32(0)

    def by_epoch(self, epochs: int) -> tuple[list[float], list[Weights]]:
        """See `ours_by_epoch`."""
        from runner.evaluation import epoch_metrics

        state, times = self.start(), []
        held_out = self.task.splits.validation
        for epoch in range(epochs):
            full, last = self.task.batches(epoch)
            state, values = self.scan(state, full)
            if last[0].shape[1]:
                state, _ = self.step(state, last)
            values.block_until_ready()
            epoch_metrics(held_out.labels, np.asarray(self.logits(state[0], held_out.inputs), float))
            times.append(time.perf_counter())
        final = [np.asarray(each) for each in state[0]]
        return list(np.diff(times)), [[each[place] for each in final] for place in range(len(self.task.starts))]

    def steps(self) -> Callable[[], None]:
        """See `ours_steps`."""
        import jax.numpy as jnp

        state = self.start()
        full = [jnp.asarray(each) for each in self.task.batches(0)[0]]

        def steps() -> None:
            nonlocal state
            state, values = self.scan(state, full)
            values.block_until_ready()

        return steps


def compare(members: int, epochs: int, turns: int) -> dict[str, Any]:
    """Milliseconds of a model's epoch, the best of all turns; and how far apart the weights end."""
    task = Task(members)
    theirs = Jax(task) if importlib.util.find_spec("jax") else None
    best: dict[str, float] = {}

    def note(name: str, seconds: float) -> None:
        best[name] = min(best.get(name, np.inf), seconds / members * 1e3)

    found: dict[str, Any] = {"members": members, "ms": best}
    for _ in range(turns):
        times, weights = ours_by_epoch(task, epochs + 1)
        note("ours, epoch", min(times))
        if theirs:
            times, others = theirs.by_epoch(epochs + 1)
            note("jax, epoch", min(times))
            pairs = zip((a for each in weights for a in each), (b for each in others for b in each), strict=True)
            found["largest gap of weights"] = max(float(np.abs(a - b).max()) for a, b in pairs)
    sides = {"ours, steps": ours_steps(task), **({"jax, steps": theirs.steps()} if theirs else {})}
    for turn in range(STEPS_REPEATS + 1):
        for name, steps in sides.items():
            begun = time.perf_counter()
            steps()
            if turn:  # the first compiles
                note(name, time.perf_counter() - begun)
    return found


def measure(size: Size) -> Iterator[dict[str, Any]]:
    """Runs the comparison in a fresh process."""
    yield answer(run(["-m", "sweep_sides.stacks", *map(str, (size.members, size.stack_epochs, size.turns))], ROOT))


def tables(numbers: dict[str, Any]) -> list[Texts]:
    """What `measure` found."""
    rows = []
    for what, words in (("epoch", "whole epochs"), ("steps", "compiled steps alone")):
        ours, theirs = (numbers["ms"].get(f"{side}, {what}") for side in ("ours", "jax"))
        if theirs is None:
            rows.append([words, number(ours), "jax is not installed", ""])
        else:
            rows.append([words, number(ours), number(theirs), number(ours / theirs)])
    gap = numbers.get("largest gap of weights")
    note = "" if gap is None else f"After training, the weights of the two differ by {gap:.1g} at most."
    title = f"Training alone, {numbers['members']} members: ms of a model's epoch, the best of all turns"
    return [Texts(title, ["", "ours", "jax", "ours / jax"], rows, note)]


if __name__ == "__main__":
    print(json.dumps(compare(*map(int, sys.argv[1:]))))
