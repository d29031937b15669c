"""Worker processes, here or elsewhere: joblib shares the jobs among them, and each is a launcher of its own."""

from __future__ import annotations

import importlib
import logging
import os
from typing import Any

from hydra.core.singleton import Singleton
from hydra.core.utils import JobReturn, setup_globals
from joblib import Parallel, delayed

from runner.errors import InputError
from runner.launching.jobs import Jobs
from runner.launching.launcher import JobLauncher, LaunchRequest
from runner.launching.sharing import shares


def launch_on_workers(launcher: JobLauncher, jobs: Jobs, n_jobs: int, backend: str) -> list[JobReturn]:
    """Runs all jobs, shared among processes; returns their results in the order of `jobs`.

    Args:
        launcher: as one process would launch them.
        jobs: each job's number and overrides.
        n_jobs: processes; -1 one a core.
        backend: joblib's; `dask` and `ray` need their package, and a connection to their cluster.

    Raises:
        InputError: no such backend, or no process at all.
    """
    if n_jobs == 0:
        raise InputError("hydra.launcher.n_jobs must be at least 1, or -1 for one a core. Received: 0")
    at_once = n_jobs if n_jobs > 0 else (os.cpu_count() or 1)
    if backend == "ray":
        _register_ray()
    parts, request = shares(launcher, jobs, at_once), launcher.request
    state = Singleton.get_state()
    try:
        parallel = Parallel(n_jobs=at_once, backend=backend)
    except ValueError as problem:
        raise InputError(f"hydra.launcher.backend={backend}: {problem}") from problem
    own = request.for_another_process()
    returned = parallel(delayed(_launch_in_worker)(state, own, part) for part in parts)
    by_number = {job.hydra_cfg.hydra.job.num: job for results in returned for job in results}
    return [by_number[number] for number, _ in jobs]


def _register_ray() -> None:
    try:
        joblib_support = importlib.import_module("ray.util.joblib")
    except ImportError:
        raise InputError("hydra.launcher.backend=ray needs the package ray: pip install ray") from None
    joblib_support.register_ray()


def _launch_in_worker(state: dict[Any, Any], request: LaunchRequest, jobs: Jobs) -> list[JobReturn]:
    """In another process: what Hydra knew in this one, and then as here."""
    logging.raiseExceptions = False  # as in the command's own process: see `runner.cli.streams`
    setup_globals()
    Singleton.set_state(state)
    return JobLauncher(request).launch(jobs)
