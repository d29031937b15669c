"""Stacks on several processes, here or elsewhere: joblib spreads them, and each process is a launcher of its own."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from hydra.core.singleton import Singleton
from hydra.core.utils import JobReturn, setup_globals
from hydra.types import HydraContext, TaskFunction
from joblib import Parallel, delayed
from omegaconf import DictConfig

from runner.errors import InputError
from runner.launching.launcher import FusedSweep

Numbered = Sequence[tuple[int, Sequence[str]]]


def launch_spread(sweep: FusedSweep, numbered: Numbered, n_jobs: int, backend: str) -> list[JobReturn]:
    """Runs all jobs, shared among processes.

    Args:
        sweep: as one process would launch it.
        numbered: each job's number and overrides.
        n_jobs: processes; -1 one a core.
        backend: joblib's; `dask` and `ray` need their package, and a connection to their cluster.

    Raises:
        InputError: no such backend, or no process at all.
    """
    if n_jobs == 0:
        raise InputError("hydra.launcher.n_jobs must be at least 1, or -1 for one a core. Received: 0")
    at_once = n_jobs if n_jobs > 0 else (os.cpu_count() or 1)
    if backend == "ray":
        try:
            from ray.util.joblib import register_ray
        except ImportError:
            raise InputError("hydra.launcher.backend=ray needs the package ray: pip install ray") from None
        register_ray()
    portions = _portions(sweep, numbered, at_once)
    context = HydraContext(callbacks=sweep.context.callbacks, config_loader=sweep.loader)
    state = Singleton.get_state()
    try:
        parallel = Parallel(n_jobs=at_once, backend=backend)
    except ValueError as problem:
        raise InputError(f"hydra.launcher.backend={backend}: {problem}") from problem
    returned = parallel(
        delayed(_launch)(state, context, sweep.task, sweep.config, sweep.max_stack, portion) for portion in portions
    )
    by_number = {job.hydra_cfg.hydra.job.num: job for jobs in returned for job in jobs}
    return [by_number[number] for number, _ in numbered]


def _portions(sweep: FusedSweep, numbered: Numbered, at_once: int) -> list[list[tuple[int, Sequence[str]]]]:
    """Groups, each cut into so many parts that every process has something to do."""
    overrides = dict(numbered)
    groups = sweep.grouped([sweep.composed(*each) for each in numbered])
    parts = -(-at_once // len(groups))
    portions = []
    for members in groups.values():
        for part in range(min(parts, len(members))):
            portions.append([(job.number, overrides[job.number]) for job in members[part::parts]])
    return portions


def _launch(
    state: dict[Any, Any],
    context: HydraContext,
    task: TaskFunction,
    config: DictConfig,
    max_stack: int | None,
    numbered: Numbered,
) -> list[JobReturn]:
    """In another process: what Hydra knew in this one, and then as here."""
    setup_globals()
    Singleton.set_state(state)
    return FusedSweep(context, task, config, max_stack).launch(numbered)
