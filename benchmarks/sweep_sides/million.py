"""One run on many rows, `trainer=compiled` against `trainer=fit`: seconds an epoch and peak memory.

python -m sweep_sides.million compiled 1000000 3 4096      # way, rows, epochs, rows a batch; prints JSON
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from sweep_sides.processes import ROOT, answer, run
from sweep_sides.single import train_ours
from sweep_sides.tables import Texts, number
from sweep_sides.work import Size

FEATURES, PREVALENCE = 30, 0.01
WAYS = ("compiled", "fit")


def made(rows: int) -> tuple[Any, int]:
    """Splits of `rows` rows to train on and a tenth as many to validate on, and their bytes (inputs and labels)."""
    from sklearn.compose import ColumnTransformer

    from runner.data import Part, Splits

    rng = np.random.default_rng(0)

    def part(count: int) -> Part:
        labels = (rng.random(count, np.float32) < PREVALENCE).astype(np.float32)
        inputs = rng.standard_normal((count, FEATURES), np.float32)
        inputs[:, 0] += 2 * labels
        return Part(np.arange(count), inputs, labels)

    train, held_out, tested = part(rows), part(rows // 10), part(100)
    size = sum(array.nbytes for each in (train, held_out) for array in (each.inputs, each.labels))
    return Splits(train, held_out, tested, ColumnTransformer([])), size


def one(way: str, rows: int, epochs: int, batch: int) -> dict[str, Any]:
    """Trains on a few rows, so that the framework is there; then on all, and says when what happened."""
    train_ours(way, 1, made(2 * batch)[0], batch)
    gc.collect()
    time.sleep(0.5)
    framework = time.time()
    splits, size = made(rows)
    begun = time.time()
    times = train_ours(way, epochs, splits, batch)
    return {
        "framework": framework,
        "begun": begun,
        "ended": time.time(),
        "bytes": size,
        "seconds": list(np.diff(times)),
    }


def measure(size: Size) -> Iterator[dict[str, Any]]:
    """Each way in a fresh process, whose memory is watched from outside."""
    numbers: dict[str, Any] = {"rows": size.rows, "batch": size.rows_batch, "ways": {}}
    for way in WAYS:
        arguments = map(str, (way, size.rows, size.rows_epochs, size.rows_batch))
        ended = run(["-m", "sweep_sides.million", *arguments], ROOT, every=0.005)
        said = answer(ended)
        before = max(used for at, used in ended.memory if said["framework"] - 0.3 < at < said["framework"])
        peak = max(used for at, used in ended.memory if said["framework"] < at < said["ended"])
        numbers["bytes"] = said["bytes"]
        numbers["ways"][way] = {"seconds": said["seconds"], "framework": before, "peak": peak}
        yield numbers


def tables(numbers: dict[str, Any]) -> list[Texts]:
    """What `measure` found."""
    size, rows = numbers["bytes"], []
    for way, found in numbers["ways"].items():
        first, *later = found["seconds"]
        beyond = found["peak"] - found["framework"]
        cells = [number(first), number(min(later)), number(beyond / 1e6), number(beyond / size)]
        rows.append([f"trainer={way}", *cells])
    columns = ["", "first epoch, s", "later epochs, s", "peak beyond framework, MB", "times the data"]
    title = f"{numbers['rows']:,} rows x {FEATURES} features, batch {numbers['batch']}, {size / 1e6:.0f} MB of data"
    note = "A tenth as many rows again are validated on; the data themselves count in the peak."
    return [Texts(title, columns, rows, note)]


if __name__ == "__main__":
    print(json.dumps(one(sys.argv[1], *map(int, sys.argv[2:]))))
