"""What a search has found so far: its trials as a table, what matters among its keys, and how both are recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import optuna
import pandas as pd
from optuna.importance import FanovaImportanceEvaluator, get_param_importances
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from runner import figures
from runner.search.space import Space, as_override, rounded
from runner.search.trials import EPOCHS, REPEATED_TRIAL, RUN_ID, RUN_NAME
from runner.sweeps.sweep import Sweep
from runner.writing.wording import typed

RESULTS_FOLDER = "search"  # in the sweep's folder, and among the parent's artifacts
# The beginnings of overrides that are about the sweep, and not about any one of its runs.
SWEEP_OVERRIDES = ("hydra/sweeper", "hydra.sweeper", "hydra/launcher", "hydra.launcher", "hydra.sweep.", "sweep.")


@dataclass(frozen=True)
class SearchResults:
    """A study, and what it takes to read it.

    Attributes:
        study: has the trials.
        space: what varies between them, and what does not.
        objectives: the metrics, in the order of a trial's values.
        sweep_name: under which the figures show it.
        command_line: the words that started the search.
        ignored: codes of checks that are silent.
    """

    study: optuna.Study
    space: Space
    objectives: Sequence[str]
    sweep_name: str
    command_line: Sequence[str]
    ignored: Sequence[str] = ()

    @property
    def maximized(self) -> list[bool]:
        """Of each objective, whether larger values are better."""
        return [direction == StudyDirection.MAXIMIZE for direction in self.study.directions]

    def command_of(self, trial: FrozenTrial) -> str:
        """The command line that runs a trial again, alone."""
        return trial_command(self.command_line, self.space, trial)


class SearchReport(Protocol):
    """What a search says of its results: of one objective the best trial, of several the Pareto front."""

    @property
    def results(self) -> SearchResults:
        """What the report is about."""

    def has_results(self) -> bool:
        """Whether any trial has ended well; nothing else may be asked before."""

    def details(self) -> str:
        """Markdown for the parent's note, below the progress."""

    def tags(self) -> Mapping[str, str]:
        """Tags of the parent."""

    def best_values(self) -> Mapping[str, float]:
        """The best value so far of each objective."""

    def save(self, folder: Path) -> Sequence[str]:
        """Writes tables and figures; returns a sentence for each figure that there cannot be."""

    def print_summary(self, folder: Path, missing: str) -> None:
        """Tells the terminal what was found.

        Args:
            folder: where `save` wrote.
            missing: lines about figures that there cannot be.
        """


def record_progress(report: SearchReport, sweep: Sweep) -> None:
    """Puts progress and results so far on the parent; `best/OBJECTIVE` there has a step for each trial."""
    if not report.has_results():
        sweep.write_progress()
        return
    sweep.write_progress(report.details())
    sweep.tracker.set_tags(sweep.plan.parent_id, report.tags())
    step = len(report.results.study.get_trials(deepcopy=False))
    for objective, value in report.best_values().items():
        sweep.tracker.log_metric(sweep.plan.parent_id, f"best/{objective}", value, step)


def record_results(report: SearchReport, sweep: Sweep) -> None:
    """Ends a search: tables and figures in the sweep's folder and on the parent, a summary on the terminal."""
    if not report.has_results():  # every trial failed, and the sweep tells why
        return
    folder = sweep.folder / RESULTS_FOLDER
    folder.mkdir(exist_ok=True)
    missing = report.save(folder)
    record_progress(report, sweep)
    sweep.tracker.log_artifacts(sweep.plan.parent_id, folder, RESULTS_FOLDER)
    report.print_summary(folder, "\n".join(dict.fromkeys(missing)))


def trial_table(study: optuna.Study, columns: Sequence[str] = ("value",)) -> pd.DataFrame:
    """One row a trial: `trial`, `state` (complete, pruned or fail), value, `run`, `run_id`, and the hyper-parameters.

    Where any was pruned, also the `epochs` that each has trained; the value of a pruned one is its last on validation.

    Trials that were interrupted and run again are left out.

    Args:
        study: of the search.
        columns: names of the columns that have the values, one for each objective.
    """
    no_values = [None] * len(columns)
    trials = study.get_trials(deepcopy=False)
    any_pruned = any(trial.state == TrialState.PRUNED for trial in trials)
    repeated = {trial.user_attrs.get(REPEATED_TRIAL) for trial in trials}
    return pd.DataFrame(
        [
            {
                "trial": trial.number,
                "state": trial.state.name.lower(),
                **({"epochs": trial.user_attrs.get(EPOCHS)} if any_pruned else {}),
                **dict(zip(columns, trial.values or no_values, strict=True)),
                "run": trial.user_attrs.get(RUN_NAME, ""),
                "run_id": trial.user_attrs.get(RUN_ID, ""),
                **rounded(trial.params, trial.distributions),
            }
            for trial in trials
            if trial.number not in repeated
        ]
    ).astype(dict.fromkeys(columns, float))


def importances(study: optuna.Study, index: int = 0) -> dict[str, float] | str:
    """Each key's share of an objective's variance by fANOVA, the largest first; or why there is none, in words.

    Args:
        study: of the search.
        index: of the objective among the study's.
    """

    def value(trial: FrozenTrial) -> float:
        return float(trial.values[index])

    values = [value(trial) for trial in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))]
    if len(values) < 2:
        return "it takes two finished trials"
    if len(set(values)) < 2:
        return "all trials came to the same value"
    shares = get_param_importances(study, evaluator=FanovaImportanceEvaluator(seed=0), target=value)
    if len(shares) < 2:
        return "fewer than two keys are in all trials"
    return {key: float(share) for key, share in shares.items()}


def save_objective_figures(results: SearchResults, index: int, folder: Path, suffix: str = "") -> str:
    """Saves history and importance of one objective.

    Args:
        results: of the search.
        index: of the objective.
        folder: for `history.png` and `importance.png`.
        suffix: of the two names, before the dot.

    Returns:
        Why there is no figure of importance, or nothing.
    """
    objective, subtitle = results.objectives[index], results.sweep_name
    trials = trial_table(results.study, results.objectives).rename(columns={objective: "value"})
    figure = figures.search_history(trials, objective=objective, maximize=results.maximized[index], subtitle=subtitle)
    figures.save(figure, folder / f"history{suffix}.png")
    shares = importances(results.study, index)
    if isinstance(shares, str):
        return f"no figure of what matters: {shares}"
    finished = len(trials.dropna(subset="value"))
    figure = figures.search_importance(shares, objective=objective, trials=finished, subtitle=subtitle)
    figures.save(figure, folder / f"importance{suffix}.png")
    return ""


def trial_overrides(trial: FrozenTrial) -> str:
    """What tells a trial from the others, as it is written on a command line."""
    values = rounded(trial.params, trial.distributions)
    return typed(*(as_override(key, value) for key, value in values.items()))


def trial_command(command_line: Sequence[str], space: Space, trial: FrozenTrial) -> str:
    """The command line that runs a trial again, alone.

    Args:
        command_line: the words that started the search, options of Hydra's among them.
        space: of the search.
        trial: one of its trials.
    """
    of_trial = [
        override
        for override in space.overrides(rounded(trial.params, trial.distributions))
        if not override.lstrip("+~").startswith(SWEEP_OVERRIDES)
    ]
    keys = {_key(override) for override in of_trial}
    common = [
        word
        for word in command_line
        if word not in ("-m", "--multirun") and not word.startswith(SWEEP_OVERRIDES) and _key(word) not in keys
    ]
    # A named search sets the mode to a sweep.
    alone = ["hydra.mode=RUN"] if any(override.startswith("hparams_search=") for override in of_trial) else []
    return typed("runner", *common, *of_trial, *alone)


def _key(override: str) -> str:
    return override.lstrip("+~").partition("=")[0]
