"""What the record of a run costs in an SQLite store: rows in bulk against MLflow's client, in one go.

    python benchmarks/recording.py              # 100 runs by each way, three times: a minute
    python benchmarks/recording.py --runs 10    # quick

Each run is what a run of the default experiment tells a store: 55 params, 25 tags, 30 epochs of 4 metrics, 95 final
metrics, a dataset, an ending. CPU seconds are the process's, of all its threads.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

# This tree's packages; `losses` is one, and not the benchmark in this file's folder, where Python looks first.
sys.path.insert(0, str(Path(__file__).parents[1]))

from mlflow.entities import Dataset, DatasetInput, InputTag, Metric
from rich.console import Console
from rich.table import Table

from runner.tracking import Store, open_store, store_uri
from runner.tracking.database_run_store import DatabaseRunStore
from runner.tracking.run_store import ClientRunStore, NewRun, RunStore

DATASET = DatasetInput(
    Dataset("page_blocks", "0" * 32, "local", "{}", "{}", "{}"), [InputTag("mlflow.data.context", "training")]
)
EPOCHS, TIMES = 30, 3
WAYS: dict[str, type[ClientRunStore] | type[DatabaseRunStore]] = {
    "MLflow's client": ClientRunStore,
    "rows in bulk": DatabaseRunStore,
}


def record(store: RunStore, runs: int) -> None:
    """What the writer's thread does for a stack of runs."""
    params = {f"group.key{number}": str(number) for number in range(55)}
    tags = {f"tag{number}": "a value" for number in range(25)}
    now = int(time.time() * 1000)
    made = [store.create(NewRun(f"run {number}", tags, params, DATASET)) for number in range(runs)]
    store.commit()
    for run in made:
        curves = [Metric(f"val/{name}", 0.5, now, epoch) for epoch in range(EPOCHS) for name in range(4)]
        store.write(run.run_id, curves, {})
    store.commit()
    for run in made:
        final = [Metric(f"test/{name}", 0.25, now, 0) for name in range(95)]
        store.write(run.run_id, final, {"mlflow.note.content": "a note"})
        store.end(run.run_id, "FINISHED")
    store.commit()
    store.close()


def measure(kind: type[ClientRunStore] | type[DatabaseRunStore], place: Store, runs: int) -> tuple[float, float]:
    """CPU and wall milliseconds of one run."""
    wall, cpu = time.perf_counter(), time.process_time()
    record(kind(place), runs)
    return 1000 * (time.process_time() - cpu) / runs, 1000 * (time.perf_counter() - wall) / runs


def main() -> None:
    """Measures both ways in turn, and prints the median of each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=100, help="runs of a stack")
    runs = parser.parse_args().runs
    found: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as folder:
        place = open_store(store_uri(None, Path(folder)), "recording", Path(folder))
        for kind in WAYS.values():
            record(kind(place), 1)  # what loads at first use
        for _ in range(TIMES):
            for way, kind in WAYS.items():
                found[way].append(measure(kind, place, runs))
    table = Table("way", "CPU of a run, ms", "wall, ms", "times the CPU of rows")
    least = median(cpu for cpu, _ in found["rows in bulk"])
    for way, times in found.items():
        cpu, wall = (median(values) for values in zip(*times, strict=True))
        table.add_row(way, f"{cpu:.1f}", f"{wall:.1f}", f"{cpu / least:.1f}")
    Console().print(table)


if __name__ == "__main__":
    main()
