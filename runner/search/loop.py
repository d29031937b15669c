"""A search from its space to its results: Optuna chooses the jobs, Hydra's launcher runs them."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.utils import JobReturn, JobStatus
from hydra.errors import HydraException
from hydra.plugins.launcher import Launcher
from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from optuna.samplers import BaseSampler
from optuna.trial import TrialState

from runner.config.experiment_config import typed_group
from runner.config.instantiate import build, locate
from runner.config.schemas import ChecksConfig
from runner.config.sweep_jobs import sweep_params
from runner.errors import InputError
from runner.metrics import sign
from runner.search.best_trial import BestTrialReport
from runner.search.pareto_front import ParetoFrontReport
from runner.search.pruning import Pruning, make_pruner, pruning_of
from runner.search.results import SearchReport, SearchResults, record_progress, record_results
from runner.search.space import check_space, parse_space
from runner.search.trials import (
    FAILED,
    RUN_ID,
    RUN_NAME,
    Extend,
    Objective,
    SamplerFactory,
    Search,
    TrialRun,
    check_sampler,
    ended_well,
    open_study,
)
from runner.sweeps.journal import Event, JobRecord
from runner.sweeps.sweep import Sweep
from runner.tracking import names
from runner.writing import console
from runner.writing.wording import without_password


def run_search(
    sweep: Sweep, config: DictConfig, arguments: Sequence[str], loader: ConfigLoader, launcher: Launcher
) -> None:
    """Runs the trials that are missing, and records the results. Jobs that fail stop nothing: the journal has them.

    Args:
        sweep: the sweep under way, whose jobs the trials are.
        config: composed for the sweep, with its `hydra` node.
        arguments: the command line's overrides.
        loader: composes a trial's config.
        launcher: runs jobs, one after the other or several at once.

    Raises:
        InputError: options or space were refused; no trial was run.
    """
    options, objectives = config.hydra.sweeper, sweep.plan.objectives
    for key in ("n_trials", "n_jobs"):
        if options[key] < 1:
            raise InputError(f"hydra.sweeper.{key} must be at least 1. Received: {options[key]}")
    directions = directions_of(objectives, options.direction)
    space = parse_space(sweep_params(config), arguments, loader)
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
    check_space(config, space, loader, complete=extend is None)
    check_sampler(make_sampler(options.sampler, None), directions)
    name = sweep.plan.parent_id or str(sweep.folder)
    pruner = make_pruner(options.pruner)
    pruning = pruning_of(pruner, objectives, config.hydra)
    study = open_study(options.storage, options.study_name or name, directions, Path(config.paths.outputs))
    study.pruner, sweep.pruner = pruner, pruning
    samplers = SamplerFactory(lambda seed: make_sampler(options.sampler, seed), options.sampler.get("seed"))
    search = Search(study, space, samplers, name, extend)
    OmegaConf.save(config, sweep.folder / "multirun.yaml")
    where = {
        names.SEARCH_STUDY: study.study_name,
        names.SEARCH_STORAGE: without_password(options.storage or "memory"),
    }
    sweep.tracker.set_tags(sweep.plan.parent_id, where)  # for Optuna's own tools
    ignored = typed_group(config, "checks", ChecksConfig).ignored
    report = _report_for(SearchResults(study, space, objectives, sweep.plan.name, tuple(sys.argv[1:]), ignored))
    _run_trials(search, report, sweep, launcher, options, pruning)
    record_results(report, sweep)


def directions_of(objectives: Sequence[str], wanted: Any) -> list[str]:
    """`maximize` or `minimize` for each objective.

    Args:
        objectives: the metrics.
        wanted: of the config: null, a direction, or one for each objective in a list.

    Raises:
        InputError: `wanted` would look for the worst, or has another length.
    """
    each_wanted = list(wanted) if isinstance(wanted, (list, ListConfig)) else [wanted]
    if wanted is None:
        each_wanted *= len(objectives)
    if len(each_wanted) != len(objectives):
        right = [direction_of(objective, None) for objective in objectives]
        raise InputError(
            f"hydra.sweeper.direction={wanted}: directions for {len(each_wanted)} and not for {len(objectives)} "
            f"objectives; use [{','.join(right)}], or leave it out"
        )
    return [direction_of(objective, each) for objective, each in zip(objectives, each_wanted, strict=True)]


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


def make_sampler(config: DictConfig, seed: int | None) -> BaseSampler:
    """The sampler of a config, with another seed if one is given.

    Raises:
        InputError: there is no such sampler, or it refuses its arguments.
    """
    arguments = dict(config) if seed is None else {**config, "seed": seed}
    return build("hydra.sweeper.sampler", OmegaConf.create(arguments))


def _extension(config: DictConfig) -> Extend | None:
    name = config.hydra.sweeper.custom_search_space
    if name is None:
        return None
    suggest = locate("hydra.sweeper.custom_search_space", name)
    return lambda trial: suggest(config, trial)


def _report_for(results: SearchResults) -> SearchReport:
    return BestTrialReport(results) if len(results.objectives) == 1 else ParetoFrontReport(results)


def _run_trials(
    search: Search,
    report: SearchReport,
    sweep: Sweep,
    launcher: Launcher,
    options: DictConfig,
    pruning: Pruning | None = None,
) -> None:
    """Asks for trials, has them run and tells how they went, until there are enough."""
    completed = search.completed()
    for number, trial in enumerate(completed):
        run_name, run_id = trial.user_attrs[RUN_NAME], trial.user_attrs[RUN_ID]
        pruned, value = trial.state == TrialState.PRUNED, (trial.values or [math.nan])[0]
        done = JobRecord(number, Event.SKIPPED, run_name, objective=value, run_id=run_id, pruned=pruned)
        sweep.journal.append(done)
    if completed:
        console.show_done_before(len(completed), options.n_trials)
    search.repeat_interrupted()
    number = len(completed)
    while number < options.n_trials:
        asked = [search.ask() for _ in range(min(options.n_jobs, options.n_trials - number))]
        if pruning is not None:
            pruning.trials = {job: each.trial for job, each in enumerate(asked, start=number)}
        try:
            returns = launcher.launch([each.overrides for each in asked], initial_job_idx=number)
        except (HydraException, OmegaConfBaseException):  # of no job: one could not be composed
            for each in asked:
                search.tell(each, FAILED)
            raise
        objectives = [_objective(job) for job in returns]
        records = {record.job: record for record in sweep.journal.latest()}
        for job, (each, objective) in enumerate(zip(asked, objectives, strict=True), start=number):
            record = records.get(job)  # none where the process was lost before it could write a line
            if record is None:
                search.tell(each, FAILED)
            else:
                search.tell(each, objective, _run_of(record, returns[job - number]))
        record_progress(report, sweep)
        if sweep.plan.fail_fast and not all(map(ended_well, objectives)):
            return
        number += len(asked)


def _run_of(record: JobRecord, job: JobReturn) -> TrialRun:
    """The run of a trial, from the journal and what the launcher returned."""
    most = int(job.cfg.trainer.epochs) if job.cfg is not None else 0
    return TrialRun(record.name, record.run_id, record.epochs, most, record.pruned)


def _objective(job: JobReturn) -> Objective:
    """What a job returned; FAILED if it did."""
    return job.return_value if job.status == JobStatus.COMPLETED else FAILED
