"""A search from its space to its best trial: Optuna chooses the jobs, Hydra's launcher runs them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from hydra.core.utils import JobReturn, JobStatus
from hydra.errors import HydraException
from omegaconf import DictConfig, ListConfig, OmegaConf, open_dict, read_write
from omegaconf.errors import OmegaConfBaseException

from runner import console
from runner.config.checks import check
from runner.config.instantiate import build, locate
from runner.errors import InputError
from runner.metrics import sign
from runner.search import best_trial as best
from runner.search import pareto_front as front
from runner.search.space import Space, parse
from runner.search.trials import (
    FAILED,
    RUN_ID,
    RUN_NAME,
    Extend,
    Objective,
    Search,
    check_sampler,
    ended_well,
    open_study,
)
from runner.sweeps import callback

if TYPE_CHECKING:
    import optuna
    from hydra.core.config_loader import ConfigLoader
    from hydra.plugins.launcher import Launcher

    from runner.sweeps.sweep import Sweep


def search(config: DictConfig, arguments: Sequence[str], loader: ConfigLoader, launcher: Launcher) -> None:
    """Runs the trials that are missing, and tells which is best. Jobs that fail stop nothing: the book has them.

    Args:
        config: composed for the sweep, with its `hydra` node.
        arguments: the command line's overrides.
        loader: composes a trial's config.
        launcher: runs jobs, one after the other or several at once.

    Raises:
        InputError: options or space were refused; no trial was run.
    """
    options, sweep = config.hydra.sweeper, callback.current
    assert sweep is not None
    for key in ("n_trials", "n_jobs"):
        if options[key] < 1:
            raise InputError(f"hydra.sweeper.{key} must be at least 1. Received: {options[key]}")
    objectives = sweep.plan.objectives
    directions = directions_of(objectives, options.direction)
    space = parse(options.params, arguments, loader)
    if "objective" in space.searched or "objective" in options.params:
        raise InputError(
            "objective is what a search looks for: it is no key to search, nor one of hydra.sweeper.params; "
            "several are a list: objective=[a,b]"
        )
    extend = _extension(config)
    if not space.searched and extend is None:
        raise InputError(
            "there is nothing to search: give a key a range, as 'loss.gamma=interval(0,5)', or set hydra.sweeper.params"
        )
    _check_space(config, space, loader, whole=extend is None)
    check_sampler(sampler(options.sampler, None), directions)
    name = sweep.plan.parent_id or str(sweep.folder)
    study = open_study(options.storage, options.study_name or name, directions, Path(config.paths.outputs))
    searching = Search(
        study, space, lambda seed: sampler(options.sampler, seed), options.sampler.get("seed"), name, extend
    )
    OmegaConf.save(config, sweep.folder / "multirun.yaml")
    best.announce(sweep, study, options.storage)
    _run(searching, sweep, launcher, options.n_trials, options.n_jobs)
    _account(objectives).report(sweep, study, space)


def directions_of(objectives: Sequence[str], wanted: Any) -> list[str]:
    """`maximize` or `minimize` for each objective.

    Args:
        objectives: the metrics.
        wanted: of the config: null, a direction, or one for each objective in a list.

    Raises:
        InputError: `wanted` would look for the worst, or has another length.
    """
    given = list(wanted) if isinstance(wanted, (list, ListConfig)) else [wanted]
    if wanted is None:
        given *= len(objectives)
    if len(given) != len(objectives):
        right = [direction_of(objective, None) for objective in objectives]
        raise InputError(
            f"hydra.sweeper.direction={wanted}: directions for {len(given)} and not for {len(objectives)} objectives; "
            f"use [{','.join(right)}], or leave it out"
        )
    return [direction_of(objective, each) for objective, each in zip(objectives, given, strict=True)]


def direction_of(objective: str, wanted: str | None) -> str:
    """`maximize` or `minimize`, as is right for the objective.

    Raises:
        InputError: `wanted` would look for the worst.
    """
    right = "minimize" if sign(objective) < 0 else "maximize"
    if wanted not in (None, right):
        raise InputError(
            f"hydra.sweeper.direction={wanted} would look for the worst {objective}: use {right}, or leave it out"
        )
    return right


def sampler(config: DictConfig, seed: int | None) -> optuna.samplers.BaseSampler:
    """The sampler of a config, with another seed if there is one.

    Raises:
        InputError: there is no such sampler, or it refuses its arguments.
    """
    own = dict(config) if seed is None else {**config, "seed": seed}
    return build("hydra.sweeper.sampler", OmegaConf.create(own))


def _extension(config: DictConfig) -> Extend | None:
    name = config.hydra.sweeper.custom_search_space
    if name is None:
        return None
    suggest = locate("hydra.sweeper.custom_search_space", name)
    return lambda trial: suggest(config, trial)


def _check_space(config: DictConfig, space: Space, loader: ConfigLoader, *, whole: bool) -> None:
    """Composes a few trials, so that a space that reaches what is refused is refused before the first run.

    Args:
        whole: whether the configs are complete, and not still to be extended.
    """
    for overrides in space.probes():
        probe = loader.load_sweep_config(config, overrides)
        if not whole:
            continue
        with read_write(probe), open_dict(probe):
            del probe["hydra"]
        try:
            check(probe)
        except InputError as problem:
            raise InputError(f"the search space reaches what is refused: {problem}") from problem


def _run(searching: Search, sweep: Sweep, launcher: Launcher, trials: int, at_once: int) -> None:
    """Asks for trials, has them run and tells how they went, until there are enough."""
    completed = searching.completed()
    for number, trial in enumerate(completed):
        run_name, run_id = trial.user_attrs[RUN_NAME], trial.user_attrs[RUN_ID]
        sweep.ledger.note(number, "skipped", run_name, trial.values[0], run_id=run_id)
    if completed:
        console.show_done_before(len(completed), trials)
    searching.repeat_interrupted()
    number = len(completed)
    while number < trials:
        asked = [searching.ask() for _ in range(min(at_once, trials - number))]
        try:
            returns = launcher.launch([each.overrides for each in asked], initial_job_idx=number)
        except (HydraException, OmegaConfBaseException):  # of no job: one could not be composed
            for each in asked:
                searching.tell(each, FAILED)
            raise
        objectives = [_objective(job) for job in returns]
        entries = {entry.job: entry for entry in sweep.ledger.latest()}
        for job, (each, objective) in enumerate(zip(asked, objectives, strict=True), start=number):
            entry = entries.get(job)  # none where the process was lost before it could write a line
            if entry is None:
                searching.tell(each, FAILED)
            else:
                searching.tell(each, objective, entry.name, entry.run_id)
        _account(sweep.plan.objectives).show(sweep, searching.study)
        if sweep.plan.fail_fast and not all(map(ended_well, objectives)):
            return
        number += len(asked)


def _objective(job: JobReturn) -> Objective:
    """What a job returned; FAILED if it did."""
    return job.return_value if job.status == JobStatus.COMPLETED else FAILED


def _account(objectives: Sequence[str]) -> ModuleType:
    """Who says what came of the search: one objective has a best trial, several have a front."""
    return best if len(objectives) == 1 else front
