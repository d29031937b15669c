"""One job as Hydra starts it, in this process or another: a run, and its line in the sweep's book."""

from __future__ import annotations

import contextlib
import math
import sys
import time
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.errors import InstantiationException
from hydra.types import RunMode
from omegaconf import DictConfig

from runner import console
from runner.cache import cache_of
from runner.errors import InputError, RunFailed
from runner.help import GROUPS
from runner.sweeps.callback import Refused
from runner.sweeps.devices import share_machine
from runner.sweeps.ledger import Ledger
from runner.sweeps.progress import progress


def run_job(config: DictConfig) -> float:
    """Trains and records one run; returns the objective.

    Raises:
        Refused: the run was refused or failed, and is no job of a sweep.
    """
    job = HydraConfig.get()
    folder, overrides = Path(job.runtime.output_dir), list(job.overrides.task)
    choices = {group: job.runtime.choices[group] for group in GROUPS if group in job.runtime.choices}
    if job.mode == RunMode.MULTIRUN:
        return _in_sweep(config, job, choices, folder, overrides)
    from runner.experiment import run_experiment

    try:
        return run_experiment(config, choices, folder, overrides).objective
    except (InputError, RunFailed) as problem:
        if isinstance(problem, InputError):
            _forget(folder, job.job.name)
        raise Refused(problem) from problem


def _in_sweep(config: DictConfig, job: Any, choices: dict[str, str], folder: Path, overrides: list[str]) -> float:
    from runner.experiment import run_experiment

    ledger, number = Ledger(Path(job.sweep.dir)), int(job.job.num)
    plan = ledger.plan
    own = [override for override in overrides if override.lstrip("+~").partition("=")[0] in plan.varied]
    words = " ".join(own or overrides)  # what tells this job from the others
    if plan.fail_fast and any(entry.event in ("failed", "refused") for entry in ledger.latest()):
        ledger.note(number, "not started", words)
        _forget(folder, job.job.name)
        return math.nan
    share_machine(job.launcher, Path(job.sweep.dir))
    ledger.note(number, "started", words)
    try:
        outcome = run_experiment(config, choices, folder, overrides, plan=plan, cache=cache_of(Path(job.sweep.dir)))
    except BaseException as problem:
        event = (
            "refused" if isinstance(problem, InputError) else "failed" if isinstance(problem, Exception) else "killed"
        )
        cause = (problem.__cause__ or problem) if isinstance(problem, InstantiationException) else problem
        kind = "" if isinstance(cause, (InputError, RunFailed)) else f"{type(cause).__name__}: "
        reason = "interrupted" if event == "killed" else f"{kind}{cause}"
        ledger.note(number, event, words, reason=reason)
        if event == "refused":
            _forget(folder, job.job.name)
        if event != "killed":
            print(f"error: job {number} ({words}): {reason}", file=sys.stderr)
        raise
    skipped = bool(outcome.run_id) and outcome.run_id in {each.run_id for each in plan.done.values()}
    event = "skipped" if skipped else "finished"
    ledger.note(number, event, outcome.name, outcome.objective, run_id=outcome.run_id)
    now = progress(plan, ledger.latest(), time.time())
    console.show_job(outcome.name, plan.objective, outcome.objective, skipped=skipped, progress=str(now))
    return outcome.objective


def _forget(folder: Path, job_name: str) -> None:
    """Removes what Hydra had prepared for a run that was refused, and nothing else: the folder may be the user's."""
    if (folder / "config.yaml").exists():  # an earlier run's, or this one's
        return
    ours = [folder / ".hydra" / name for name in ("config.yaml", "hydra.yaml", "overrides.yaml")]
    for path in (*ours, folder / f"{job_name}.log"):
        path.unlink(missing_ok=True)
    for path in (folder / ".hydra", folder):
        with contextlib.suppress(OSError):  # not empty
            path.rmdir()
