"""Whole sweeps, from the start of a fresh process with a fresh store to its exit: ours and the peers'."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sweep_sides.processes import BENCHMARKS, Ended, run
from sweep_sides.tables import Texts, number
from sweep_sides.work import BATCH, Size, export_splits, overrides

Numbers = dict[str, Any]

OURS = {"ours": "ours, {launcher}", "ours with report": "ours, {launcher}, report"}
PEERS = {"tuned": "fit tuned", "usual": "fit as usual", "joblib": "fit tuned, joblib"}
STEPS = {
    "load": "data and split",
    "start": "loss, network, store",
    "train": "training",
    "evaluate": "evaluation",
    "log": "figures, model, record",
}


def our_sweep(
    runs: int, epochs: int, launcher: str, extra: Sequence[str], folder: Path, every: float | None = None
) -> Ended:
    """One sweep of ours, early stopping off; its store is `folder`/outputs/mlflow.db."""
    words = [f"hydra/launcher={launcher}", "trainer=compiled", f"trainer.epochs={epochs}"]
    words += [f"trainer.batch_size={BATCH}", "trainer.early_stopping=null", *overrides(runs), *extra]
    return run(["-m", "runner", "-m", *words], folder, every=every)


def measure_ours(runs: int, epochs: int, launcher: str, extra: Sequence[str]) -> Numbers:
    """Whole seconds of a sweep of ours, and what its runs say of themselves."""
    with tempfile.TemporaryDirectory() as folder:
        ended = our_sweep(runs, epochs, launcher, extra, Path(folder))
        steps = steps_of(Path(folder) / "outputs" / "mlflow.db", runs)
    return {"runs": runs, "seconds": ended.seconds, "steps": steps}


def measure_peer(way: str, size: Size, cores: int) -> Numbers:
    """A sweep of a few runs: when each had ended, in seconds from the process's start, and the exit."""
    workers = cores if way == "joblib" else 1
    runs = workers * (1 + size.peer_runs)
    words = [f"way={'usual' if way == 'usual' else 'tuned'}", f"epochs={size.epochs}", f"batch_size={BATCH}"]
    if way == "joblib":
        words += ["hydra/launcher=joblib", f"hydra.launcher.n_jobs={cores}"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        export_splits(folder / "splits.npz")
        words += [f"data={folder / 'splits.npz'}", f"store=sqlite:///{folder / 'mlflow.db'}", *overrides(runs)]
        script = str(BENCHMARKS / "sweep_sides" / "today.py")
        ended = run([script, "-m", *words], folder, threads=1 if way == "joblib" else None)
        times = ends_of(folder / "mlflow.db")
    if len(times) != runs:
        raise RuntimeError(f"{way}: {len(times)} of {runs} runs finished:\n{ended.output[-3000:]}")
    return {"workers": workers, "ends": [time - ended.started for time in times], "seconds": ended.seconds}


def extrapolated(peer: Numbers, runs: int) -> float:
    """Whole seconds for so many runs: what was measured up to the first run's end, and equal steps from there."""
    ends, workers = peer["ends"], peer["workers"]
    leaving = peer["seconds"] - ends[-1]
    return ends[workers - 1] + max(0, runs - workers) * each_later(peer) + leaving


def each_later(peer: Numbers) -> float:
    """Seconds a run, after the first (of each worker)."""
    ends, workers = peer["ends"], peer["workers"]
    return (ends[-1] - ends[workers - 1]) / (len(ends) - workers)


def ends_of(store: Path) -> list[float]:
    """When each finished run of an SQLite store ended, in seconds since 1970, ascending."""
    query = "select end_time / 1000.0 from runs where status = 'FINISHED' order by end_time"
    with sqlite3.connect(store) as connection:
        return [end for (end,) in connection.execute(query)]


def steps_of(store: Path, runs: int) -> dict[str, float]:
    """Sums over runs of their metrics `wall_seconds/...`.

    Raises:
        RuntimeError: not all runs have them.
    """
    query = "select key, sum(value), count(*) from latest_metrics where key like 'wall_seconds/%' group by key"
    with sqlite3.connect(store) as connection:
        rows = connection.execute(query).fetchall()
    if {name: count for name, _, count in rows}.get("wall_seconds/train") != runs:
        raise RuntimeError(f"not all of {runs} runs have finished: {rows}")
    return {name.removeprefix("wall_seconds/"): total for name, total, _ in rows}


def measure(size: Size, launcher: str, extra: Sequence[str], cores: int, logged: str) -> Iterator[Numbers]:
    """The sweep by every way; what is known so far, again and again."""
    numbers: Numbers = {"runs": size.runs, "epochs": size.epochs, "launcher": launcher, "cores": cores}
    numbers |= {"logged": logged, "extra": list(extra)}
    for name, more in (("ours", ["comparison=none"]), ("ours with report", [])):
        numbers[name] = measure_ours(size.runs, size.epochs, launcher, [*more, *extra])
        yield numbers
    for way in PEERS:
        numbers[way] = measure_peer(way, size, cores)
        yield numbers


def tables(numbers: Numbers) -> list[Texts]:
    """What `measure` found."""
    runs = numbers["runs"]
    ours = numbers["ours"]["seconds"]
    rows = []
    for name, words in OURS.items():
        if name in numbers:
            seconds = numbers[name]["seconds"]
            cells = [str(runs), "", "", number(seconds), number(seconds / runs), number(seconds / ours)]
            rows.append([words.format(**numbers), *cells])
    for way, words in PEERS.items():
        if way in numbers:
            peer = numbers[way]
            seconds = extrapolated(peer, runs)
            first, later = peer["ends"][peer["workers"] - 1], each_later(peer)
            cells = [str(len(peer["ends"])), number(first), number(later), f"({number(seconds)})"]
            rows.append([words.format(**numbers), *cells, number(seconds / runs), number(seconds / ours)])
    columns = ("way", "measured", "first run, s", "each later, s")
    note = (
        "Wall seconds of whole processes. In brackets: extrapolated from the runs measured. The peers: Hydra's basic "
        f"launcher (or joblib on {numbers['cores']} cores), one MLflow run each; fit as usual: {numbers['logged']}. "
        "Ours also has intervals of every run's metrics and keeps its predictions and history; of which runs it draws "
        "figures and keeps models, the config says. Of the peers, fit as usual keeps every model."
    )
    if numbers["extra"]:
        note += f" Overrides of ours: {' '.join(numbers['extra'])}."
    whole = Texts(
        f"A sweep of {runs} runs, {numbers['epochs']} epochs each",
        [*columns, f"{runs} runs, s", "s a run", "times ours"],
        rows,
        note,
    )
    return [whole]


def outside(numbers: Numbers) -> list[Texts]:
    """What a run of our sweep costs beside its training, and on what."""
    found = {name: numbers[name] for name in OURS if name in numbers}
    rows = [["whole process", *(number(each["seconds"] / each["runs"]) for each in found.values())]]
    for step, words in STEPS.items():
        rows.append([words, *(number(each["steps"].get(step, 0) / each["runs"]) for each in found.values())])
    told = [(each["seconds"] - sum(each["steps"].values())) / each["runs"] for each in found.values()]
    rows.append(["the rest: start, composing, report", *map(number, told)])
    beside = [(each["seconds"] - each["steps"]["train"]) / each["runs"] for each in found.values()]
    rows.append(["outside training in all", *map(number, beside)])
    heads = [words.format(**numbers) for name, words in OURS.items() if name in found]
    note = (
        "From the runs' own `wall_seconds/` metrics. What runs beside training, in another thread, is counted twice, "
        "and makes the rest smaller or negative."
    )
    return [Texts(f"Seconds a run outside training, {numbers['runs']} runs", ["step", *heads], rows, note)]
