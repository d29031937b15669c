"""Training on Parquet files that are not read as a whole: Keras `fit` as people write it, and `dataset.streaming=true`.

    python benchmarks/streaming.py                        # 5,000,000 rows; some minutes, 0.7 GB of disk
    python benchmarks/streaming.py --rows 100_000_000     # 14 GB of disk
    python benchmarks/streaming.py --batch 256 --folder /data/streaming --keep

The files have 30 float32 columns and 0.5% positives, in ten files of row groups of 250,000. Each side trains the
64-32-1 network on 60% of the rows and measures 20% afterwards, in a process of its own:

- `keras fit`: a generator over pyarrow's batches in tf.data, shuffled within 100,000 rows, Keras's own AUC after it;
- `trainer=fit`, `trainer=compiled`: streamed, split by hash, standardised by what is learned in a pass, exact metrics;
- `compiled, in memory`: the same on a tenth of the rows, which are in memory: what the compiled step alone reaches.

Rows a second are the training rows over the seconds of an epoch with its measuring, of `compiled` the second one, for
the first compiles. CPU seconds are those of the same epoch, of all threads: where others use the machine they tell
more. What is done once before, reading labels and keys and fitting the preprocessing, is told apart. Memory is the peak
of the whole process.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

# The package `losses`, not the benchmark in this file's folder, where Python looks first.
sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import pyarrow as pa
from pyarrow import parquet
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scipy.special import expit

COLUMNS, FILES, GROUP = 30, 10, 250_000
NAMES = [f"x{place:02d}" for place in range(COLUMNS)]
SHUFFLED = 100_000
SIDES = ("keras fit", "trainer=fit", "trainer=compiled", "compiled, in memory")


def generate(folder: Path, rows: int) -> None:
    """Writes the files: normal features, of which five shift the odds of a positive."""
    slopes = np.zeros(COLUMNS, np.float32)
    slopes[:5] = 1.5, -1, 1, 0.5, -0.5
    for number in track(range(FILES), "writing"):
        rng = np.random.default_rng(number)
        size = rows // FILES
        with parquet.ParquetWriter(folder / f"part-{number}.parquet", _schema(), use_dictionary=False) as writer:
            for first in range(0, size, GROUP):
                inputs = rng.normal(size=(min(GROUP, size - first), COLUMNS)).astype(np.float32)
                # An intercept of -8 makes 0.5% of positives with slopes of this length.
                labels = (rng.random(len(inputs)) < expit(inputs @ slopes - 8)).astype(np.int8)
                columns = {name: inputs[:, place] for place, name in enumerate(NAMES)} | {"y": labels}
                writer.write_table(pa.table(columns, schema=_schema()))


def _schema() -> pa.Schema:
    return pa.schema([*[(name, pa.float32()) for name in NAMES], ("y", pa.int8())])


def keras_fit(folder: Path, batch: int) -> dict[str, float]:
    """As people write it."""
    from runner.training.runtime import keras, tf

    files = sorted(folder.glob("*.parquet"))

    def rows(paths: Sequence[Path]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for path in paths:
            for some in parquet.ParquetFile(path).iter_batches(batch_size=16 * batch):
                columns = [some.column(name).to_numpy() for name in NAMES]
                yield np.stack(columns, axis=1), some.column("y").to_numpy().astype(np.float32)

    def batches(paths: Sequence[Path], *, shuffled: bool) -> tf.data.Dataset:
        signature = (tf.TensorSpec((None, COLUMNS), tf.float32), tf.TensorSpec((None,), tf.float32))
        data = tf.data.Dataset.from_generator(lambda: rows(paths), output_signature=signature).unbatch()
        data = data.shuffle(SHUFFLED) if shuffled else data
        return data.batch(batch).prefetch(tf.data.AUTOTUNE)

    layers = [keras.layers.Dense(64, activation="relu"), keras.layers.Dense(32, activation="relu")]
    model = keras.Sequential([keras.Input((COLUMNS,)), *layers, keras.layers.Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy", metrics=[keras.metrics.AUC(curve="PR")])
    started, busy = time.perf_counter(), time.process_time()
    model.fit(batches(files[:6], shuffled=True), epochs=1, verbose=0)
    measured = model.evaluate(batches(files[6:8], shuffled=False), verbose=0)
    trained = sum(parquet.read_metadata(path).num_rows for path in files[:6])
    seconds, busy = time.perf_counter() - started, time.process_time() - busy
    return {"rows": trained, "epoch": seconds, "cpu": busy, "before": 0.0, "ap": float(measured[1])}


def ours(folder: Path, batch: int, side: str) -> dict[str, float]:
    """Streamed by `fit` or by `compiled`; or a tenth of the rows in memory."""
    from runner.training.runtime import keras

    from losses import CustomLoss
    from runner import evaluation, training
    from runner.data import HashSplit, make_splits
    from runner.data.sources import load_file
    from runner.models import build_network, mlp

    started = time.perf_counter()
    in_memory = side == "compiled, in memory"
    dataset = load_file(folder / "part-0.parquet" if in_memory else folder, "y", streaming=not in_memory)
    splits = make_splits(dataset, HashSplit(0, 0.2, 0.2))
    kind = training.FitTrainer if side == "trainer=fit" else training.CompiledTrainer
    trainer = kind(epochs=1 if side == "trainer=fit" else 2, batch_size=batch)
    trainer.start(0)
    with trainer.scope():
        network = build_network(lambda inputs: mlp(inputs, units=[64, 32]), width=COLUMNS, prevalence=splits.prevalence)
        loss, optimizer = CustomLoss(), keras.optimizers.Adam()
        task = training.TrainingTask(network, loss, optimizer, splits, 0, evaluation.epoch_metrics)
    seconds, busy = [time.perf_counter()], [time.process_time()]

    def on_epoch(epoch: int, metrics: Mapping[str, float]) -> None:
        seconds.append(time.perf_counter())
        busy.append(time.process_time())

    done = trainer.train(task, on_epoch)
    epoch, cpu = seconds[-1] - seconds[-2], busy[-1] - busy[-2]
    average_precision = float(done.history["val/average_precision"].iloc[-1])
    return {
        "rows": len(splits.train.labels),
        "epoch": epoch,
        "cpu": cpu,
        "before": seconds[0] - started,
        "ap": average_precision,
    }


def one_side(folder: Path, batch: int, side: str) -> None:
    """Runs a side in this process and prints its numbers as JSON."""
    numbers = keras_fit(folder, batch) if side == "keras fit" else ours(folder, batch, side)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(json.dumps({**numbers, "peak": peak}))


def main() -> None:
    """Writes the files unless they are there, runs all sides, prints the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rows", type=int, default=5_000_000)
    options.add_argument("--batch", type=int, default=1024)
    options.add_argument("--folder", type=Path, help="of the files; kept where they were there before, or with --keep")
    options.add_argument("--keep", action="store_true", help="leave the files in --folder")
    options.add_argument("--side", choices=SIDES, action="append", help="one of the sides; all if not given")
    options.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.here:
        one_side(given.folder, given.batch, given.side[0])
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        made = not list(folder.glob("*.parquet"))
        if made:
            generate(folder, given.rows)
        table = Table("side", "training rows a second", "epoch, s", "CPU s", "once before, s", "peak memory, GiB", "AP")
        for side in given.side or SIDES:
            command = [sys.executable, "-W", "ignore", __file__, "--here", "--folder", str(folder), "--side", side]
            done = subprocess.run(
                [*command, "--batch", str(given.batch)], stdout=subprocess.PIPE, text=True, check=True
            )
            got = json.loads(done.stdout.splitlines()[-1])
            speed = f"{got['rows'] / got['epoch']:,.0f}"
            rest = (f"{got[key]:.1f}" for key in ("epoch", "cpu", "before", "peak"))
            table.add_row(side, speed, *rest, f"{got['ap']:.4f}")
        Console().print(table)
        if made and given.folder and not given.keep:
            for path in folder.glob("part-*.parquet"):
                path.unlink()


if __name__ == "__main__":
    main()
