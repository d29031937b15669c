"""`python -m runner [overrides]`: one run or a sweep, by Hydra."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from runner.config.options import CONF
from runner.errors import InputError

if TYPE_CHECKING:
    from runner.sweeps.sweep import Sweep


def train() -> int:
    """Runs what `sys.argv` asks for; returns the exit status.

    Raises:
        InputError: the input was refused.
        RunFailed: a single run failed. A sweep's failures are told here, and returned as a status.
    """
    import hydra
    from hydra.errors import HydraException
    from omegaconf import DictConfig
    from omegaconf.errors import OmegaConfBaseException

    from runner.config.hydra_errors import refusal
    from runner.config.schemas import register
    from runner.sweeps.callback import Refused, take

    register()
    begun = False

    @hydra.main(version_base="1.3", config_path=str(CONF), config_name="config")
    def task(config: DictConfig) -> float | tuple[float, ...]:
        nonlocal begun
        begun = True
        from runner.sweeps.job import run_job

        return run_job(config)

    tracebacks = bool(os.environ.get("HYDRA_FULL_ERROR"))
    try:
        with _errors_as_they_are():
            task()
    except Refused as refused:
        if (sweep := take()) is not None:
            _end(sweep, broken=True)
        raise refused.problem from refused.problem.__cause__
    except KeyboardInterrupt:
        if (sweep := take()) is not None:
            _end(sweep, interrupted=True)
        raise
    except Exception as problem:
        if (sweep := take()) is not None:
            status = _end(sweep, broken=True)
            if status and not tracebacks:  # jobs failed, and the sweep has told which; Hydra repeats the first
                return status
        if isinstance(problem, (HydraException, OmegaConfBaseException)):
            raise InputError(refusal(problem)) from problem
        if isinstance(problem, ValueError) and not begun:  # loss=null, which Hydra does not foresee
            raise InputError(f"{refusal(problem)}; `python -m runner --help` lists the options") from problem
        if isinstance(problem, OSError) and not begun:
            raise InputError(
                f"{problem.filename} cannot be written ({problem.strerror}): choose another with paths.outputs=..."
            ) from problem
        raise
    sweep = take()
    return 0 if sweep is None else _end(sweep)


def _end(sweep: Sweep, *, interrupted: bool = False, broken: bool = False) -> int:
    """Closes the sweep and tells how it went, failures last; returns the exit status."""
    from runner import console
    from runner.sweeps.journal import FOLDER
    from runner.sweeps.sweep import failures_in_words

    failed = sweep.end(interrupted=interrupted, broken=broken)
    if interrupted:  # which jobs were under way is no news
        failed = [entry for entry in failed if entry.event != "killed"]
    if (sweep.folder / FOLDER).exists():  # its book; else all of it was refused
        console.show_sweep_end(sweep.plan.parent_id, sweep.folder)
    if not failed:
        return 0
    print("\n".join(failures_in_words(failed)), file=sys.stderr)
    return 2 if all(entry.event == "refused" for entry in failed) else 1


@contextmanager
def _errors_as_they_are() -> Iterator[None]:
    """Hydra would print errors in its own words; the caller says them in one line."""
    before = os.environ.get("HYDRA_FULL_ERROR")
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["HYDRA_FULL_ERROR"]
