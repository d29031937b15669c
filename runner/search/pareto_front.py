"""What a search for several objectives has found: the trials that no other beats, which are left to choose from."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import optuna
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial

from runner import console
from runner.search.best_trial import FOLDER, command, draw, overrides, table
from runner.search.space import Space
from runner.search.trials import RUN_NAME

if TYPE_CHECKING:
    from runner.sweeps.sweep import Sweep

MOST_ROWS = 20  # of the parent's note; best_trials.csv has all


def show(sweep: Sweep, study: optuna.Study) -> None:
    """Puts progress and front so far on the parent; `best/OBJECTIVE` there has a step for each trial."""
    found, objectives = front(study), sweep.plan.objectives
    sweep.found = in_markdown(found, objectives, len(table(study, objectives))) if found else ""
    sweep.show()
    if sweep.store is None or not found:
        return
    from runner.tracking import client as parent

    numbers = " ".join(str(trial.number) for trial in found)
    parent.set_tags(sweep.store, sweep.plan.parent_id, {"best.trials": numbers})
    step = len(study.get_trials(deepcopy=False))
    for place, (objective, up) in enumerate(zip(objectives, maximized(study), strict=True)):
        best = (max if up else min)(trial.values[place] for trial in found)  # whoever is best in one is on the front
        parent.log_metric(sweep.store, sweep.plan.parent_id, f"best/{objective}", best, step)


def report(sweep: Sweep, study: optuna.Study, space: Space) -> None:
    """The end of a search: tables and figures in the sweep's folder and on the parent, the front in words."""
    found, objectives = front(study), sweep.plan.objectives
    if not found:  # every trial failed, and the sweep tells why
        return
    trials = table(study, objectives)
    folder = sweep.folder / FOLDER
    folder.mkdir(exist_ok=True)
    trials.to_csv(folder / "trials.csv", index=False)
    commands = [command(sys.argv[1:], space, trial) for trial in found]
    chosen = trials.set_index("trial").loc[[trial.number for trial in found]].reset_index()
    chosen.assign(command=commands).to_csv(folder / "best_trials.csv", index=False)

    from runner import figures

    numbers = [trial.number for trial in found]
    figure = figures.pareto_front(
        trials, numbers, objectives=objectives, maximize=maximized(study), subtitle=sweep.plan.name
    )
    figures.save(figure, folder / "front.png")
    lacks = []
    for place, objective in enumerate(objectives):
        own = trials.rename(columns={objective: "value"})
        lacks.append(draw(sweep, study, own, place, folder, f"_{objective.rpartition('/')[2]}"))
    if sweep.store is not None:
        from runner.tracking import client as parent

        show(sweep, study)
        parent.log_artifacts(sweep.store, sweep.plan.parent_id, str(folder), FOLDER)
    lines = [
        f"  trial {trial.number}: {', '.join(map('{} {:.4f}'.format, objectives, trial.values))}  {overrides(trial)}"
        for trial in found
    ]
    console.show_front(lines, len(trials), commands[0], folder, "\n".join(dict.fromkeys(filter(None, lacks))))


def front(study: optuna.Study) -> list[FrozenTrial]:
    """The trials that no other beats (as good in every objective, better in one), the best in the first one first."""
    sign = -1 if maximized(study)[0] else 1
    return sorted(study.best_trials, key=lambda trial: (sign * trial.values[0], trial.number))


def maximized(study: optuna.Study) -> list[bool]:
    """Of each objective, whether larger values are better."""
    return [direction == StudyDirection.MAXIMIZE for direction in study.directions]


def in_markdown(found: Sequence[FrozenTrial], objectives: Sequence[str], trials: int) -> str:
    """The front as the parent's note has it.

    Args:
        found: see `front`.
        objectives: their names.
        trials: how many there are in all.
    """
    rows = [["trial", *objectives, "run", "overrides"], ["---"] * (len(objectives) + 3)]
    for trial in found[:MOST_ROWS]:
        values = [f"{value:.4f}" for value in trial.values]
        words = [trial.user_attrs.get(RUN_NAME, ""), overrides(trial)]
        rows.append([str(trial.number), *values, *(word.replace("|", "\\|") for word in words)])
    more = f"\n\nand {len(found) - MOST_ROWS} more" if len(found) > MOST_ROWS else ""
    body = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return (
        f"Pareto front, {len(found)} of {trials} trials: no other is as good in every objective and better in one."
        f"\n\n{body}{more}\n\nThe commands that run them again are in `{FOLDER}/best_trials.csv` among the "
        "artifacts, once the search has ended."
    )
