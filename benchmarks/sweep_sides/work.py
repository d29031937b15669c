"""What both sides do: which runs, on which rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

LOSSES = ("builtin", "custom", "weighted", "smoothed", "focal", "class_balanced", "logit_adjusted", "dice")
BATCH = 32


@dataclass(frozen=True)
class Size:
    """How much of everything.

    Attributes:
        runs: of the sweep; a multiple of eight, or any number up to eight.
        epochs: of each run.
        peer_runs: of each peer, whose further runs are extrapolated; the first is told apart.
        counts: numbers of runs in the figure, beside `runs`.
        members: of the stack that is trained alone.
        stack_epochs, turns: of each turn there, and turns of each side; also turns of the sides of `one`.
        memory_runs, memory_epochs: of the sweep whose memory is watched.
        rows, rows_epochs, rows_batch: of the one run on many rows.
    """

    runs: int = 200
    epochs: int = 30
    peer_runs: int = 4
    counts: tuple[int, ...] = (1, 2, 5, 10, 25, 50, 100)
    members: int = 64
    stack_epochs: int = 6
    turns: int = 4
    memory_runs: int = 500
    memory_epochs: int = 5
    rows: int = 1_000_000
    rows_epochs: int = 3
    rows_batch: int = 4096


FULL = Size()
QUICK = Size(
    runs=4,
    epochs=2,
    peer_runs=3,
    counts=(1, 2),
    members=4,
    stack_epochs=2,
    turns=2,
    memory_runs=4,
    memory_epochs=2,
    rows=20_000,
    rows_epochs=2,
    rows_batch=512,
)


def overrides(runs: int) -> list[str]:
    """A grid of exactly so many runs, in words that both sides understand: losses times seeds.

    >>> overrides(200)[1:]
    ['seed=range(0,25)']
    >>> overrides(2)
    ['loss=builtin,custom', 'seed=0']
    """
    kinds = next(kinds for kinds in range(min(len(LOSSES), runs), 0, -1) if runs % kinds == 0)
    seeds = runs // kinds
    return [f"loss={','.join(LOSSES[:kinds])}", "seed=0" if seeds == 1 else f"seed=range(0,{seeds})"]


def export_splits(path: Path) -> None:
    """The product's own split of page-blocks as arrays, for the peers."""
    from runner.data import RandomSplit, make_splits
    from runner.data.sources import load_page_blocks

    splits = make_splits(load_page_blocks(), RandomSplit(seed=0, validation=0.2, test=0.2))
    arrays: dict[str, Any] = {}
    for name in ("train", "validation", "test"):
        part = getattr(splits, name)
        arrays |= {f"{name}_inputs": part.inputs, f"{name}_labels": part.labels}
    np.savez(path, **arrays)
