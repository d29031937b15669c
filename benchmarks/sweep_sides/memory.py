"""Does memory grow from stack to stack? A long fused sweep, its resident set sampled from outside."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sweep_sides.processes import Ended
from sweep_sides.tables import Texts, number
from sweep_sides.whole import our_sweep
from sweep_sides.work import Size


def stacks_of(store: Path) -> list[tuple[float, int]]:
    """(end of its last run in seconds since 1970, runs) of each stack, in order.

    Runs of a stack share its training evenly, so they have the same `wall_seconds/train` to the last digit; runs that
    were trained alone are stacks of one.
    """
    query = (
        "select max(end_time) / 1000.0, count(*) from runs join latest_metrics using (run_uuid) "
        "where key = 'wall_seconds/train' and status = 'FINISHED' group by value order by 1"
    )
    with sqlite3.connect(store) as connection:
        return connection.execute(query).fetchall()


def plateau(ended: Ended, at: float) -> float:
    """Median bytes within half a second of a moment."""
    near = [used for time, used in ended.memory if abs(time - at) <= 0.5]
    return float(np.median(near)) if near else float("nan")


def measure(size: Size, launcher: str, extra: Sequence[str]) -> Iterator[dict[str, Any]]:
    """One sweep without a report, so that its last plateau is the last stack's."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["comparison=none", *extra]
        ended = our_sweep(size.memory_runs, size.memory_epochs, launcher, words, Path(folder), every=0.05)
        stacks = stacks_of(Path(folder) / "outputs" / "mlflow.db")
    after = [[runs, plateau(ended, at)] for at, runs in stacks]
    numbers = {"runs": size.memory_runs, "epochs": size.memory_epochs, "launcher": launcher, "extra": list(extra)}
    yield numbers | {"after": after, "peak": max(used for _, used in ended.memory), "seconds": ended.seconds}


def tables(numbers: dict[str, Any]) -> list[Texts]:
    """What `measure` found."""
    after = numbers["after"]
    (_, first), (_, last) = after[0], after[-1]
    stacks = f"{len(after)} of {min(runs for runs, _ in after)} to {max(runs for runs, _ in after)} runs"
    cells = [str(numbers["runs"]), stacks, *(number(value / 1e6) for value in (first, last, numbers["peak"]))]
    title = f"Resident memory of a {numbers['launcher']} sweep, MB ({numbers['epochs']} epochs a run)"
    columns = ["runs", "stacks", "after the first stack", "after the last stack", "peak"]
    note = (
        "Of the launching process. After a stack: the median within half a second of the end of its last run's "
        "record, while the next stack, if there is one, trains."
    )
    if numbers["extra"]:
        note += f" Overrides: {' '.join(numbers['extra'])}."
    return [Texts(title, columns, [[*cells]], note)]
