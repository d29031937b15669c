"""One run: `fit` tuned, `trainer=fit`, `trainer=compiled`; training alone, each way in fresh processes.

python -m sweep_sides.single compiled 30 splits.npz      # one way, epochs, the rows; prints JSON
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from sweep_sides.processes import answer, run
from sweep_sides.tables import Texts, number
from sweep_sides.work import BATCH, Size, export_splits

WAYS = {"tuned": "fit tuned", "fit": "trainer=fit", "compiled": "trainer=compiled"}


def train_ours(way: str, epochs: int, splits: Any, batch: int = BATCH) -> list[float]:
    """When training began and each epoch ended; everything slow is imported before."""
    from runner.training.runtime import keras

    from runner.evaluation import epoch_metrics
    from runner.models import build_network, mlp
    from runner.training import CompiledTrainer, FitTrainer, TrainingTask

    trainer = (CompiledTrainer if way == "compiled" else FitTrainer)(epochs=epochs, batch_size=batch)
    trainer.start(0)
    backbone = partial(mlp, units=[64, 32])
    with trainer.scope():
        network = build_network(backbone, width=splits.train.inputs.shape[1], prevalence=splits.prevalence)
        loss, optimizer = keras.losses.BinaryCrossentropy(from_logits=True), keras.optimizers.Adam()
    times = [time.perf_counter()]

    def on_epoch(*_: Any) -> None:
        times.append(time.perf_counter())

    trainer.train(TrainingTask(network, loss, optimizer, splits, 0, epoch_metrics), on_epoch)
    return times


def train_tuned(epochs: int, path: str) -> list[float]:
    """The same of the peer's training."""
    import keras

    from sweep_sides import today

    with np.load(path) as stored:
        data = dict(stored)
    keras.utils.set_random_seed(0)
    labels = data["train_labels"]
    model = today.network(data["train_inputs"].shape[1], float(labels.mean()))
    loss = today.loss_on_logits("builtin", labels)
    begun = time.perf_counter()
    return [begun, *today.train_tuned(model, loss, data, epochs, BATCH).times]


def one(way: str, epochs: int, path: str) -> dict[str, float]:
    """Two trainings in this process: all seconds of the first, and the best median of milliseconds an epoch."""
    from runner.data import RandomSplit, make_splits
    from runner.data.sources import load_page_blocks

    splits = None if way == "tuned" else make_splits(load_page_blocks(), RandomSplit(seed=0, validation=0.2, test=0.2))
    runs = [train_tuned(epochs, path) if splits is None else train_ours(way, epochs, splits) for _ in range(2)]
    milliseconds = min(float(np.median(np.diff(times)[1:])) for times in runs) * 1e3
    first, second = (times[-1] - times[0] for times in runs)
    return {"first": first, "second": second, "epoch": milliseconds}


def measure(size: Size) -> Iterator[dict[str, Any]]:
    """The best of several processes of each way, the ways taking turns."""
    best: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        export_splits(folder / "splits.npz")
        for _ in range(size.turns):
            for way in WAYS:
                arguments = ["-m", "sweep_sides.single", way, str(size.epochs), str(folder / "splits.npz")]
                found = answer(run(arguments, folder))
                best[way] = {key: min(value, best.get(way, found)[key]) for key, value in found.items()}
            yield {"epochs": size.epochs, "ways": best}


def tables(numbers: dict[str, Any]) -> list[Texts]:
    """What `measure` found."""
    ways, epochs = numbers["ways"], numbers["epochs"]
    said = {
        "epoch": "ms an epoch, compiled",
        "first": f"s for {epochs} epochs, compiling",
        "second": f"s for {epochs} epochs, again",
    }
    rows = []
    for key, words in said.items():
        values = {way: ways[way][key] for way in WAYS}
        ratios = [number(values[other] / values["compiled"]) for other in ("tuned", "fit")]
        rows.append([words, *(number(values[way]) for way in WAYS), *ratios])
    columns = ["", *WAYS.values(), "tuned / compiled", "fit / compiled"]
    note = "The first row leaves out a run's first epoch. Again: a second run in the same process."
    return [Texts("One run, training alone, the best of all turns", columns, rows, note)]


if __name__ == "__main__":
    print(json.dumps(one(sys.argv[1], int(sys.argv[2]), sys.argv[3])))
