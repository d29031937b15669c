"""One training of the default network: Keras `fit` as people write it, `fit` tuned, and `trainer=fit`.

    python benchmarks/fit.py            # about a minute; prints milliseconds an epoch and ratios

All three train the 64-32-1 network on the same page-blocks rows at batch 32 for the same epochs, and measure the
validation part after each: the first with Keras's metrics (binned AUC), the others exactly, by the same function.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

# The package `losses`, not the benchmark in this file's folder, where Python looks first.
sys.path.insert(0, str(Path(__file__).parents[1]))

from runner.training.runtime import keras

import numpy as np
from rich.console import Console
from rich.table import Table

from runner.data import RandomSplit, make_splits
from runner.data.sources import load_page_blocks
from runner.evaluation import epoch_metrics
from runner.models import Network, build_network, mlp
from runner.training import FitTrainer, TrainingTask

EPOCHS, BATCH, REPEATS = 20, 32, 3
SPLITS = make_splits(load_page_blocks(), RandomSplit(seed=0, validation=0.2, test=0.2))
TRAIN, VALIDATION = SPLITS.train, SPLITS.validation


def fit_as_people_write_it() -> float:
    """Probability output, built-in loss by name, accuracy and AUC metrics."""
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(64, activation="relu"), keras.layers.Dense(32, activation="relu")]
    width = TRAIN.inputs.shape[1]
    model = keras.Sequential([keras.Input((width,)), *layers, keras.layers.Dense(1, activation="sigmoid")])
    metrics = ["accuracy", keras.metrics.AUC(curve="PR", name="pr_auc"), keras.metrics.AUC(name="auc")]
    model.compile("adam", "binary_crossentropy", metrics=metrics)
    validation = (VALIDATION.inputs, VALIDATION.labels[:, None])
    return _per_epoch(
        lambda callback: model.fit(
            TRAIN.inputs,
            TRAIN.labels[:, None],
            validation_data=validation,
            epochs=EPOCHS,
            batch_size=BATCH,
            callbacks=[callback],
            verbose=0,
        )
    )


def fit_tuned() -> float:
    """Logits, no per-step metrics, many steps an execution, exact metrics after each epoch."""
    keras.utils.set_random_seed(0)
    model = _network().logits
    model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True), steps_per_execution=103, jit_compile=False)

    class Exact(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: object = None) -> None:
            epoch_metrics(VALIDATION.labels, self.model.predict(VALIDATION.inputs, batch_size=4096, verbose=0)[:, 0])

    return _per_epoch(
        lambda callback: model.fit(
            TRAIN.inputs,
            TRAIN.labels[:, None],
            epochs=EPOCHS,
            batch_size=BATCH,
            callbacks=[Exact(), callback],
            verbose=0,
        )
    )


def ours() -> float:
    """`trainer=fit`, which also checks every step for infinities and keeps the best weights."""
    trainer = FitTrainer(
        epochs=EPOCHS,
        batch_size=BATCH,
        early_stopping={"monitor": "val/average_precision", "mode": "max", "patience": EPOCHS, "min_delta": 0.0},
    )
    trainer.start(0)
    times = [time.perf_counter()]
    loss, optimizer = keras.losses.BinaryCrossentropy(from_logits=True), keras.optimizers.Adam()
    task = TrainingTask(_network(), loss, optimizer, SPLITS, 0, epoch_metrics)
    trainer.train(task, lambda epoch, metrics: times.append(time.perf_counter()))
    return _median(times)


def _network() -> Network:
    return build_network(partial(mlp, units=[64, 32]), width=TRAIN.inputs.shape[1], prevalence=SPLITS.prevalence)


def _per_epoch(fit: Callable[[keras.callbacks.Callback], object]) -> float:
    times = [time.perf_counter()]

    class Clock(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: object = None) -> None:
            times.append(time.perf_counter())

    fit(Clock())
    return _median(times)


def _median(times: list[float]) -> float:
    """Median milliseconds an epoch; the first, which compiles, is left out."""
    return float(np.median(np.diff(times)[1:]) * 1e3)


def main() -> None:
    """Runs each way in turn, several times, and prints the best of each."""
    ways = {"fit as people write it": fit_as_people_write_it, "fit tuned": fit_tuned, "trainer=fit": ours}
    best = {name: min(way() for _ in range(REPEATS)) for name, way in ways.items()}
    table = Table(box=None)
    for column in ("way", "ms per epoch", "times trainer=fit"):
        table.add_column(column, justify="left" if column == "way" else "right")
    for name, value in best.items():
        table.add_row(name, f"{value:.1f}", f"{value / best['trainer=fit']:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
