"""Every loss against Keras's built-in cross-entropy: value and gradient by the logits, as a training step needs them.

    python benchmarks/losses.py            # about four minutes; prints milliseconds and ratios, then memory

Each loss at its defaults and the built-in one take turns on the same float32 logits, a tenth of them of positives:
compiled by XLA, and as a plain `tf.function`, which `trainer=fit` runs. Compared are medians of CPU time, which other
processes disturb less than the clock.

One call goes through 50 batches of 4,096 rows, or one of 1,000,000, in a compiled loop, because a call from Python
takes 0.1 ms, ten times as long as the arithmetic of a small batch. The loop itself takes about 0.004 ms a batch on both
sides. TensorFlow gets one thread: with more, XLA splits the 4,096 rows of one formula among threads and not those of
another, and the waiting of threads for each other would be measured.
"""

from __future__ import annotations

import inspect
import multiprocessing
import resource
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

# The package `losses`, not this file, in whose folder Python looks first.
sys.path.insert(0, str(Path(__file__).parents[1]))

import runner.training.runtime  # noqa: F401 - loads TensorFlow quietly

import numpy as np
from rich.box import HORIZONTALS
from rich.console import Console
from rich.table import Table

# isort: split
import keras
import tensorflow as tf

import losses

tf.config.threading.set_intra_op_parallelism_threads(1)

SECONDS, LEAST_TURNS = 1.5, 3
SIZES = {4096: 50, 1_000_000: 1}  # rows of a batch, and batches a call
BUILT_IN = keras.losses.BinaryCrossentropy(from_logits=True)
PRIORS = {"pi": 0.1, "n1": 100, "n0": 900}
MILLION = max(SIZES)
MEMORY = [("square", 100_000), ("squared_hinge", 100_000), ("logistic", 1000)]  # surrogate, positives


def per_example_losses() -> Iterator[tuple[str, keras.losses.Loss, keras.losses.Loss]]:
    """Name, loss, and the built-in loss it is compared with."""
    for name, entry in losses.CATALOGUE.items():
        if not entry.whole_batch:
            yield name, _with_priors(name), BUILT_IN
    focal = keras.losses.BinaryFocalCrossentropy(from_logits=True)
    yield "FocalLoss / built-in focal", losses.FocalLoss(), focal


def whole_batch_losses() -> Iterator[tuple[str, keras.losses.Loss, keras.losses.Loss]]:
    """The same for losses of a batch; the pairwise one with each surrogate."""
    for name, entry in losses.CATALOGUE.items():
        if entry.whole_batch and name != "PairwiseAUCLoss":
            yield name, _with_priors(name), BUILT_IN
    for surrogate in ("square", "squared_hinge", "logistic"):
        yield f"PairwiseAUCLoss {surrogate}", losses.PairwiseAUCLoss(surrogate), BUILT_IN


def _with_priors(name: str) -> keras.losses.Loss:
    kind = getattr(losses, name)
    needed = [each.name for each in inspect.signature(kind).parameters.values() if each.default is each.empty]
    return kind(**{name: value for name, value in PRIORS.items() if name in needed})


def data(batches: int, rows: int, positives: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Labels and logits of shape (batches, rows, 1), from a network that has learnt something."""
    rng = np.random.default_rng(0)
    labels = rng.permuted(np.tile(np.arange(rows) < positives, (batches, 1)), axis=1).astype("float32")
    logits = rng.normal(3 * labels - 2, 2).astype("float32")
    return tf.constant(labels[..., None]), tf.constant(logits[..., None])


def compiled(loss: keras.losses.Loss, *, xla: bool) -> Callable[[tf.Tensor, tf.Tensor], Any]:
    """A function of (batches, rows, 1) labels and logits: the sum of the batches' losses, and the last's gradient."""

    def over_batches(labels: tf.Tensor, logits: tf.Tensor) -> Any:
        def step(batch: tf.Tensor, total: tf.Tensor, _: tf.Tensor) -> tuple[tf.Tensor, ...]:
            with tf.GradientTape() as tape:
                z = logits[batch]
                tape.watch(z)
                value = loss(labels[batch], z)
            return batch + 1, total + value, tape.gradient(value, z)

        begin = (0, 0.0, tf.zeros(logits.shape[1:]))
        return tf.while_loop(lambda batch, *_: batch < logits.shape[0], step, begin)[1:]

    return tf.function(over_batches, jit_compile=xla)


def medians(sides: list[Callable[[tf.Tensor, tf.Tensor], Any]], rows: int) -> list[float]:
    """Median CPU milliseconds a batch, the sides taking turns for `SECONDS`."""
    batches = data(SIZES[rows], rows, rows // 10)
    times: list[list[float]] = [[] for _ in sides]
    for side in sides:  # the first call compiles
        side(*batches)
    begin = time.perf_counter()
    while len(times[0]) < LEAST_TURNS or time.perf_counter() - begin < SECONDS:
        for side, taken in zip(sides, times, strict=True):
            start = time.process_time()
            side(*batches)[0].numpy()
            taken.append(time.process_time() - start)
    return [float(np.median(taken)) / SIZES[rows] * 1e3 for taken in times]


def row(name: str, loss: keras.losses.Loss, built_in: keras.losses.Loss, *, xla: bool) -> list[str]:
    """One line of the table."""
    cells = [name]
    for rows in SIZES:
        if name == "PairwiseAUCLoss logistic" and rows == MILLION:
            cells += ["", ""]  # 100,000 positives against a million rows are minutes
            continue
        mine, theirs = medians([compiled(each, xla=xla) for each in (loss, built_in)], rows)
        cells += [f"{mine:.4f}" if mine < 1 else f"{mine:.2f}", f"{mine / theirs:.2f}"]
    return cells


def peak_memory(surrogate: str, positives: int) -> tuple[float, float]:
    """Megabytes that value and gradient of a million rows need beyond framework and data, and seconds; in a process of
    its own, because a process's peak never falls."""
    labels, logits = data(1, MILLION, positives)
    step = compiled(losses.PairwiseAUCLoss(surrogate), xla=False)
    step(labels[:, :1000], logits[:, :1000])  # whatever a first call loads is not the loss's
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    step(labels, logits)[0].numpy()
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024, time.perf_counter() - start


def main() -> None:
    """Prints a table for each way to compile, and the memory of the pairwise loss."""
    memory = Table("surrogate", "positives", "peak MB", "seconds", box=None, title="PairwiseAUCLoss on a million rows")
    for surrogate, positives in MEMORY:
        # Before anything large happens here: a new process begins with its parent's peak.
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            megabytes, seconds = pool.submit(peak_memory, surrogate, positives).result()
        memory.add_row(surrogate, f"{positives:,}", f"{megabytes:.0f}", f"{seconds:.1f}")
    for xla in (True, False):
        title = f"{'Compiled by XLA' if xla else 'Plain tf.function'}: ms a batch, and times BinaryCrossentropy"
        table = Table(box=HORIZONTALS, title=title)
        table.add_column("loss", no_wrap=True)
        for rows in SIZES:
            table.add_column(f"{rows:,} rows", justify="right")
            table.add_column("times", justify="right")
        for each in per_example_losses():
            table.add_row(*row(*each, xla=xla))
        table.add_section()
        for each in whole_batch_losses():
            table.add_row(*row(*each, xla=xla))
        Console().print(table)
    Console().print(memory)


if __name__ == "__main__":
    main()
