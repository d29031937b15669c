"""What a search for one objective has found: on its parent run while it goes on, and at its end in words."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import optuna
import pandas as pd
from optuna.importance import FanovaImportanceEvaluator, get_param_importances
from optuna.trial import FrozenTrial, TrialState

from runner import console
from runner.search.space import Space, as_override, readable
from runner.search.trials import AGAIN, RUN_ID, RUN_NAME

if TYPE_CHECKING:
    from runner.sweeps.sweep import Sweep

FOLDER = "search"  # of the sweep's folder, and of the parent's artifacts
# What is about the sweep, and not about any one of its runs.
OF_THE_SWEEP = ("hydra/sweeper", "hydra.sweeper", "hydra/launcher", "hydra.launcher", "hydra.sweep.", "sweep.")


def announce(sweep: Sweep, study: optuna.Study, storage: str | None) -> None:
    """Says on the parent where Optuna's own tools find the search."""
    if sweep.store is not None:
        from runner.tracking import client as parent
        from runner.wording import without_password

        place = without_password(storage or "memory")
        parent.set_tags(sweep.store, sweep.plan.parent_id, {"search.study": study.study_name, "search.storage": place})


def show(sweep: Sweep, study: optuna.Study) -> None:
    """Puts the progress and the best trial so far on the parent; `best/OBJECTIVE` there has a step for each trial."""
    sweep.show()
    found = best_trial(study)
    if sweep.store is None or found is None:
        return
    from runner.tracking import client as parent

    tags = {
        "best.trial": str(found.number),
        "best.overrides": overrides(found),
        "best.run_id": found.user_attrs.get(RUN_ID, ""),
    }
    parent.set_tags(sweep.store, sweep.plan.parent_id, tags)
    assert found.value is not None
    step = len(study.get_trials(deepcopy=False))
    parent.log_metric(sweep.store, sweep.plan.parent_id, f"best/{sweep.plan.objectives[0]}", found.value, step)


def report(sweep: Sweep, study: optuna.Study, space: Space) -> None:
    """The end of a search: table and figures in the sweep's folder and on the parent, the best trial in words."""
    found = best_trial(study)
    if found is None:  # every trial failed, and the sweep tells why
        return
    trials = table(study)
    folder = sweep.folder / FOLDER
    folder.mkdir(exist_ok=True)
    trials.to_csv(folder / "trials.csv", index=False)
    lack = draw(sweep, study, trials, 0, folder)
    if sweep.store is not None:
        from runner.tracking import client as parent

        show(sweep, study)
        parent.log_artifacts(sweep.store, sweep.plan.parent_id, str(folder), FOLDER)
    assert found.value is not None
    console.show_best(
        sweep.plan.objectives[0],
        found.value,
        found.user_attrs.get(RUN_NAME, ""),
        len(trials),
        command(sys.argv[1:], space, found),
        folder,
        lack,
    )


def draw(sweep: Sweep, study: optuna.Study, trials: pd.DataFrame, place: int, folder: Path, ending: str = "") -> str:
    """Saves history and importance of one objective.

    Args:
        sweep: has the names.
        study: of the search.
        trials: its table, with that objective in the column `value`.
        place: of the objective among those of the sweep.
        folder: for `history.png` and `importance.png`.
        ending: of the two names, before the dot.

    Returns:
        Why there is no figure of importance, or nothing.
    """
    from runner import figures

    objective, subtitle = sweep.plan.objectives[place], sweep.plan.name
    maximize = study.directions[place] == optuna.study.StudyDirection.MAXIMIZE
    figure = figures.search_history(trials, objective=objective, maximize=maximize, subtitle=subtitle)
    figures.save(figure, folder / f"history{ending}.png")
    weights = importances(study, place)
    if isinstance(weights, str):
        return f"no figure of what matters: {weights}"
    finished = len(trials.dropna(subset="value"))
    figure = figures.search_importance(weights, objective=objective, trials=finished, subtitle=subtitle)
    figures.save(figure, folder / f"importance{ending}.png")
    return ""


def best_trial(study: optuna.Study) -> FrozenTrial | None:
    """The best trial that ended well, if any did."""
    return study.best_trial if study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)) else None


def overrides(trial: FrozenTrial) -> str:
    """What tells a trial from the others, as it is written on a command line."""
    values = readable(trial.params, trial.distributions)
    return shlex.join(as_override(key, value) for key, value in values.items())


def table(study: optuna.Study, objectives: Sequence[str] = ("value",)) -> pd.DataFrame:
    """One row a trial: `trial`, `state` (complete or fail), value, `run`, `run_id`, and the hyper-parameters.

    Trials that were interrupted and run again are left out.

    Args:
        study: of the search.
        objectives: names of the columns that have the values.
    """
    nothing = [None] * len(objectives)
    trials = study.get_trials(deepcopy=False)
    again = {trial.user_attrs.get(AGAIN) for trial in trials}
    return pd.DataFrame(
        [
            {
                "trial": trial.number,
                "state": trial.state.name.lower(),
                **dict(zip(objectives, trial.values or nothing, strict=True)),
                "run": trial.user_attrs.get(RUN_NAME, ""),
                "run_id": trial.user_attrs.get(RUN_ID, ""),
                **readable(trial.params, trial.distributions),
            }
            for trial in trials
            if trial.number not in again
        ]
    ).astype(dict.fromkeys(objectives, float))


def importances(study: optuna.Study, place: int = 0) -> dict[str, float] | str:
    """Each key's share of an objective's variance by fANOVA, the largest first; or why there is none, in words.

    Args:
        study: of the search.
        place: of the objective among the study's.
    """

    def value(trial: FrozenTrial) -> float:
        return float(trial.values[place])

    values = [value(trial) for trial in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))]
    if len(values) < 2:
        return "it takes two finished trials"
    if len(set(values)) < 2:
        return "all trials came to the same value"
    found = get_param_importances(study, evaluator=FanovaImportanceEvaluator(seed=0), target=value)
    if len(found) < 2:
        return "fewer than two keys are in all trials"
    return {key: float(share) for key, share in found.items()}


def command(arguments: Sequence[str], space: Space, trial: FrozenTrial) -> str:
    """The command line that runs a trial again, alone.

    Args:
        arguments: of the search.
        space: of the search.
        trial: one of its trials.
    """
    own = [
        override
        for override in space.overrides(readable(trial.params, trial.distributions))
        if not override.lstrip("+~").startswith(OF_THE_SWEEP)
    ]
    said = {override.lstrip("+~").partition("=")[0] for override in own}
    kept = [
        word
        for word in arguments
        if word not in ("-m", "--multirun")
        and not word.startswith(OF_THE_SWEEP)
        and word.lstrip("+~").partition("=")[0] not in said
    ]
    alone = ["hydra.mode=RUN"] if any(override.startswith("hparams_search=") for override in own) else []
    return shlex.join(["runner", *kept, *own, *alone])
