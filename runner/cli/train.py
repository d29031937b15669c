"""`runner [overrides]`: one run or a sweep, by Hydra."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import hydra
from hydra.errors import HydraException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from runner import sweeps
from runner.config.file_sweeps import with_files
from runner.config.hydra_errors import HydraPassThrough, explain
from runner.config.options import CONF
from runner.config.own_configs import check_config_dir
from runner.config.schemas import register
from runner.config.zip_and_grid import for_hydra
from runner.errors import InputError
from runner.writing import console


def train(arguments: Sequence[str]) -> int:
    """Runs what the arguments ask for; returns the exit status.

    Raises:
        InputError: the input was refused.
        RunFailed: a single run failed. A sweep's failures are printed here, and returned as a status.
    """
    register()
    for sentence in check_config_dir(arguments):
        print(f"WARNING: {sentence}", file=sys.stderr)
    arguments = for_hydra(with_files(arguments))
    started = False

    @hydra.main(version_base="1.3", config_path=str(CONF), config_name="config")
    def task(config: DictConfig) -> float | tuple[float, ...]:
        nonlocal started
        started = True
        return sweeps.run_job(config)

    tracebacks = bool(os.environ.get("HYDRA_FULL_ERROR"))
    with sweeps.SweepSession.open() as session:
        try:
            with _hydra_reads(arguments), _hydra_raises():
                task()
        except HydraPassThrough as carrier:
            if (sweep := session.close()) is not None:
                _end(sweep, broken=True)
            raise carrier.problem from carrier.problem.__cause__
        except KeyboardInterrupt:
            if (sweep := session.close()) is not None:
                _end(sweep, interrupted=True)
            raise
        except Exception as problem:
            if (sweep := session.close()) is not None:
                status = _end(sweep, broken=True)
                if status and not tracebacks:  # jobs failed, and their lines are printed; Hydra repeats the first
                    return status
            raise _explained(problem, started=started) from problem
        sweep = session.close()
        return 0 if sweep is None else _end(sweep)


def _explained(problem: Exception, *, started: bool) -> Exception:
    """The error to raise for one of Hydra's: an InputError where the input is at fault, else the error itself."""
    if isinstance(problem, (HydraException, OmegaConfBaseException)):
        return InputError(explain(problem))
    if isinstance(problem, ValueError) and not started:  # loss=null, which Hydra does not foresee
        return InputError(f"{explain(problem)}; `python -m runner --help` lists the options")
    if isinstance(problem, OSError) and not started:
        return InputError(
            f"{problem.filename} cannot be written ({problem.strerror}): choose another with paths.outputs=..."
        )
    return problem


def _end(sweep: sweeps.Sweep, *, interrupted: bool = False, broken: bool = False) -> int:
    """Closes the sweep and prints how it went, failures last; returns the exit status."""
    failed = sweep.end(interrupted=interrupted, broken=broken)
    if interrupted:  # which jobs were under way need not be listed
        failed = [record for record in failed if record.event is not sweeps.Event.KILLED]
    if sweep.journal.exists:  # else all of it was refused
        page = sweep.tracker.sweep_page(sweep.plan.parent_id)
        console.show_sweep_end(sweep.plan.parent_id, sweep.folder, sweep.tracker.how_to_look, page)
    if sweep.unrecorded:
        print(f"error: {sweep.unrecorded}", file=sys.stderr)
    if not failed:
        return 1 if sweep.unrecorded else 0
    print("\n".join(sweeps.failure_lines(failed)), file=sys.stderr)
    return 2 if all(record.event is sweeps.Event.REFUSED for record in failed) else 1


@contextmanager
def _hydra_reads(arguments: Sequence[str]) -> Iterator[None]:
    """Hydra reads its arguments from `sys.argv` alone."""
    before = sys.argv
    sys.argv = [before[0], *arguments]
    try:
        yield
    finally:
        sys.argv = before


@contextmanager
def _hydra_raises() -> Iterator[None]:
    """Hydra would print errors in its own words; with this variable set it raises them, and ours are one line."""
    before = os.environ.get("HYDRA_FULL_ERROR")
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["HYDRA_FULL_ERROR"]
