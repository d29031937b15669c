"""`sweep.prune=median`: runs of a sweep that lists them are given up where they fall behind.

After each epoch, from the fourth on, a run's best objective so far is compared with the median of those of its rivals:
the runs of other losses, models, optimizers and ways of sampling, on the same split, with the same seed and settings
(median stopping, Golovin et al. 2017, with the best instead of the running average). Both are as of the epoch before,
which all members of a stack have told by then, so that their order does not matter.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from runner.config.sweep_jobs import WHAT_IS_COMPARED
from runner.errors import InputError
from runner.metrics import EPOCH_METRICS, sign

MEDIAN = "median"
WARMUP = 3
"""Epochs by which nobody is judged."""
FEWEST_RIVALS = 4
"""A median of fewer is mostly luck."""


@dataclass
class GridPruning:
    """What jobs have told of their epochs, and who falls behind. See `Sweep.pruner`.

    Attributes:
        objective: told each epoch.
        cells: of each job, by number; rivals have equal ones.
        kept: jobs that are never given up: those of the baseline, without which nothing is compared.
        best: by job, the best objective after each epoch, larger is better.
    """

    objective: str
    cells: Sequence[Hashable]
    kept: Collection[int] = ()
    best: dict[int, list[float]] = field(default_factory=dict)

    def __call__(self, job: int, epoch: int, metrics: Mapping[str, float]) -> bool:
        """Whether a job is given up after an epoch, from 1."""
        value = sign(self.objective) * metrics[self.objective]
        own = self.best.setdefault(job, [])
        own.append(max([value if math.isfinite(value) else -math.inf, *own[-1:]]))
        before = epoch - 1
        if job in self.kept or before < WARMUP:
            return False
        rivals = [
            series[before - 1]
            for other, series in self.best.items()
            if other != job and self.cells[other] == self.cells[job] and len(series) >= before
        ]
        return len(rivals) >= FEWEST_RIVALS and own[before - 1] < float(np.median(rivals))


def grid_pruning(
    asked: object, jobs: Sequence[Sequence[str]] | None, objectives: Sequence[str], hydra: Any, baseline: str = ""
) -> GridPruning | None:
    """What gives up the jobs of a sweep; None where nothing does.

    Args:
        asked: `sweep.prune` of the config.
        jobs: the overrides of each job; None of a search, which chooses them itself.
        objectives: of the sweep.
        hydra: Hydra's node of the sweep's config.
        baseline: the label of the loss that others are compared with, or its option; empty for no comparison.

    Raises:
        InputError: there is no such way, or it does not work for this sweep.
    """
    if asked in (None, "none"):
        return None
    if asked != MEDIAN:
        raise InputError(f"sweep.prune must be {MEDIAN}, or null. Received: sweep.prune={asked}")
    said = f"sweep.prune={asked}"
    if jobs is None:
        raise InputError(f"{said}: is for sweeps that list their runs; a search takes hydra/sweeper/pruner=median")
    if len(objectives) > 1 or objectives[0] not in EPOCH_METRICS:
        raise InputError(f"{said}: goes by one objective that is measured each epoch: {', '.join(EPOCH_METRICS[1:])}")
    launcher = hydra.runtime.choices["hydra/launcher"]
    if launcher not in ("fused", "basic") or (hydra.launcher.get("n_jobs") or 1) != 1:
        raise InputError(
            f"{said}: runs are given up in the process of the sweep alone: use hydra/launcher=fused or basic, with "
            "hydra.launcher.n_jobs=1"
        )
    default = str(hydra.runtime.choices.get("loss"))
    kept = [number for number, job in enumerate(jobs) if baseline and _loss(job, default) == baseline.split(" ")[0]]
    return GridPruning(objectives[0], [_cell(job) for job in jobs], frozenset(kept))


def _key(override: str) -> str:
    return override.lstrip("+~").partition("=")[0]


def _cell(job: Sequence[str]) -> Hashable:
    """What rivals have in common: all overrides but those of what is compared."""
    return frozenset(each for each in job if _key(each).partition(".")[0] not in WHAT_IS_COMPARED)


def _loss(job: Sequence[str], default: str) -> str:
    chosen = [each.partition("=")[2] for each in job if _key(each) == "loss"]
    return chosen[-1] if chosen else default
