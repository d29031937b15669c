"""Runs of a grid that are given up: who is compared with whom, and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from runner.errors import InputError
from runner.sweeps.grid_pruning import FEWEST_RIVALS, WARMUP, GridPruning, grid_pruning

AP, LOSSES = "val/average_precision", ("builtin", "focal", "dice", "custom", "weighted", "smoothed")
JOBS = [[f"loss={loss}", f"split.seed={split}"] for split in (0, 1) for loss in LOSSES]


def hydra(launcher: str = "fused", n_jobs: int | None = 1, **choices: str) -> Any:
    chosen = {"hydra/launcher": launcher, "loss": "builtin", **choices}
    return SimpleNamespace(runtime=SimpleNamespace(choices=chosen), launcher={"n_jobs": n_jobs})


def ended(pruning: GridPruning, curves: Mapping[int, Sequence[float]], metric: str = AP) -> dict[int, int]:
    """The epoch after which each job was given up, of jobs that train together, epoch by epoch."""
    found: dict[int, int] = {}
    for epoch in range(1, len(next(iter(curves.values()))) + 1):
        for job, curve in curves.items():
            if job not in found and pruning(job, epoch, {metric: curve[epoch - 1]}):
                found[job] = epoch
    return found


def test_those_below_the_median_of_their_rivals_are_given_up_and_the_baseline_never():
    pruning = grid_pruning("median", JOBS, [AP], hydra(), "builtin")
    assert pruning is not None
    assert pruning.kept == {0, 6}
    rng = np.random.default_rng(0)
    curves = {job: list(0.1 * (job % 6) + 0.01 * rng.random(8)) for job in range(6)}
    order = list(curves)
    found = ended(pruning, curves)
    # Of six the lower half is behind; its last is the baseline.
    assert found == {1: WARMUP + 1, 2: WARMUP + 1}
    turned = grid_pruning("median", JOBS, [AP], hydra(), "builtin")
    assert turned is not None
    assert ended(turned, {job: curves[job] for job in reversed(order)}) == found


def test_runs_of_another_split_and_too_few_rivals_are_no_measure():
    pruning = GridPruning(AP, [0] * FEWEST_RIVALS + [1])
    assert ended(pruning, {job: [1.0 - job / 10] * 9 for job in range(FEWEST_RIVALS + 1)}) == {}


def test_a_best_value_counts_and_lower_is_better_where_it_is():
    cells = [0] * 5
    worse = {job: [0.5] * 6 for job in range(4)}
    early = [0.9, 0.1, 0.1, 0.1, 0.1, 0.1]  # good once: its best weights are kept
    assert ended(GridPruning(AP, cells), {**worse, 4: early}) == {}
    late = [0.4, float("nan"), 0.4, 0.4, 0.4, 0.4]
    assert ended(GridPruning(AP, cells), {**worse, 4: late}) == {4: WARMUP + 1}
    losing = {**worse, 4: [0.6] * 6}
    assert ended(GridPruning("val/log_loss", cells), losing, "val/log_loss") == {4: WARMUP + 1}


def test_what_is_compared_makes_rivals_and_settings_do_not():
    jobs = [
        ["loss=focal", "trainer.epochs=5"],
        ["sampling=smote", "trainer.epochs=5"],
        ["loss=dice", "trainer.epochs=9"],
    ]
    pruning = grid_pruning("median", jobs, [AP], hydra(), "builtin")
    assert pruning is not None
    assert pruning.cells[0] == pruning.cells[1] != pruning.cells[2]
    assert pruning.kept == {1}  # whose loss is the usual one
    without = grid_pruning("median", jobs, [AP], hydra())
    assert without is not None
    assert without.kept == frozenset()


@pytest.mark.parametrize(
    ("asked", "jobs", "objectives", "node", "message"),
    [
        ("mean", JOBS, [AP], hydra(), "sweep.prune must be median"),
        ("median", None, [AP], hydra(), "hydra/sweeper/pruner=median"),
        ("median", JOBS, ["val/f1"], hydra(), "measured each epoch"),
        ("median", JOBS, [AP, "val/log_loss"], hydra(), "one objective"),
        ("median", JOBS, [AP], hydra("joblib"), "hydra/launcher=fused or basic"),
        ("median", JOBS, [AP], hydra(n_jobs=4), "n_jobs=1"),
    ],
)
def test_what_cannot_be_pruned_is_refused(asked, jobs, objectives, node, message):
    with pytest.raises(InputError, match=message):
        grid_pruning(asked, jobs, objectives, node)
    assert grid_pruning(None, jobs, objectives, node) is None
