"""What a search has found: the trial table, the keys that matter, the command of a trial, the Pareto front."""

from __future__ import annotations

import math
import subprocess

import optuna
import pandas as pd
import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from optuna.trial import TrialState
from small_searches import TWO_OBJECTIVES, new_study, one_value, search_in, study_of_two_objectives

from runner.search.best_trial import best_trial
from runner.search.pareto_front import MOST_ROWS, pareto_front, pareto_front_note
from runner.search.results import importances, trial_command, trial_overrides, trial_table
from runner.search.space import parse_space
from runner.search.trials import SamplerFactory, Search
from runner.writing.wording import hydra_value


def test_a_table_of_no_finished_trial_has_its_columns():
    study = optuna.create_study()
    search = search_in(study)
    search.tell(search.ask(), math.nan)

    assert best_trial(study) is None
    table = trial_table(study)
    assert isinstance(table, pd.DataFrame)
    assert list(table) == ["trial", "state", "value", "run", "run_id", "loss.gamma", "+loss.k"]


def test_importances_add_up_and_are_not_made_up():
    study = new_study()
    assert importances(study) == "it takes two finished trials"
    search = search_in(study)
    for _ in range(20):
        search.tell(asked := search.ask(), one_value(asked))
    shares = importances(study)

    assert isinstance(shares, dict)
    assert next(iter(shares)) == "loss.gamma"  # the other has no effect
    assert sum(shares.values()) == pytest.approx(1)
    flat = optuna.create_study()
    search = search_in(flat)
    for _ in range(3):
        search.tell(search.ask(), 0.5)
    assert importances(flat) == "all trials came to the same value"


def test_each_objective_has_its_own_importances():
    study = new_study(2)
    search = search_in(study, parse_space({"a": "interval(0,1)", "b": "interval(0,1)"}, []), seed=None)
    study.sampler = optuna.samplers.RandomSampler(seed=0)
    for _ in range(40):
        asked = search.ask()
        search.tell(asked, (asked.trial.params["a"], asked.trial.params["b"]))

    for index, key in enumerate("ab"):
        shares = importances(study, index)
        assert isinstance(shares, dict)
        assert shares[key] > 0.9


def test_the_command_of_a_trial_is_a_run_of_its_own():
    study = optuna.create_study()
    space = parse_space({"loss.gamma": "interval(0,5)"}, ["seed=3", "hparams_search=focal_optuna", "sweep.resume=true"])
    search = search_in(study, space)
    search.tell(search.ask(), 0.5)
    typed = ["-m", "--config-dir", "my conf", "hparams_search=focal_optuna", "seed=3", "sweep.resume=true"]
    typed += ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2", "hydra.sweeper.n_trials=1"]
    gamma = study.trials[0].params["loss.gamma"]

    assert trial_command(typed, space, study.trials[0]) == (
        f"runner --config-dir 'my conf' seed=3 hparams_search=focal_optuna loss.gamma={gamma:.6g} hydra.mode=RUN"
    )


NASTY = ["a b", "a=b", ">50K", "~/x", "über", "a,b", "it's", "$HOME", "!", "\\"]
IN_SYNTAX = ["[x]", '"q"']  # of a function's choices: a list, and a quoted text


@pytest.mark.parametrize(
    ("value", "by_function"), [*((value, False) for value in NASTY + IN_SYNTAX), *((value, True) for value in NASTY)]
)
def test_the_command_of_a_trial_can_be_pasted_into_a_shell(value, by_function):
    study = optuna.create_study()
    space = parse_space({} if by_function else {"a": f"choice({hydra_value(value)})"}, [f"b={hydra_value(value)}"])
    extend = (lambda trial: trial.suggest_categorical("a", [value])) if by_function else None
    search = Search(
        study, space, SamplerFactory(lambda seed: optuna.samplers.RandomSampler(seed), 0), "a search", extend
    )
    asked = search.ask()
    search.tell(asked, 0.5)
    line = f"{trial_command(['-m'], space, study.trials[0])} {trial_overrides(study.trials[0])}"
    done = subprocess.run(["bash", "-c", f"printf '%s\\0' {line}"], capture_output=True, text=True, check=True)
    words = done.stdout.split("\0")[1:-1]

    assert words == [f"b={hydra_value(value)}", words[1], words[1]]
    assert asked.overrides == words[:2]
    assert [each.value() for each in OverridesParser.create().parse_overrides(words)] == [value] * 3


def test_the_pareto_front_is_what_no_trial_beats_the_best_of_the_first_objective_first():
    study = study_of_two_objectives(20)
    front = [tuple(trial.values) for trial in pareto_front(study)]
    every = [tuple(trial.values) for trial in study.trials]

    def beaten(by: tuple[float, ...], one: tuple[float, ...]) -> bool:
        return by[0] >= one[0] and by[1] <= one[1] and by != one

    assert front == sorted((one for one in every if not any(beaten(by, one) for by in every)), reverse=True)
    assert 1 < len(front) < 20


def test_a_trial_that_lacks_one_of_its_objectives_has_failed():
    study = new_study(2)
    search = search_in(study)
    for each in ((0.5, math.nan), (math.inf, 0.5), math.nan):
        search.tell(search.ask(), each)

    assert {trial.state for trial in study.trials} == {TrialState.FAIL}
    assert pareto_front(study) == []
    assert trial_table(study, TWO_OBJECTIVES)[TWO_OBJECTIVES].isna().all(axis=None)


def test_the_note_has_a_row_for_each_trial_of_the_pareto_front():
    front = pareto_front(study_of_two_objectives(20))
    note = pareto_front_note(front, TWO_OBJECTIVES, 20)
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in note.splitlines() if line[:1] == "|"]

    assert note.startswith(f"Pareto front, {len(front)} of 20 trials")
    assert rows[0] == ["trial", *TWO_OBJECTIVES, "run", "overrides"]
    assert len(rows) == 2 + len(front)
    number, first, second, run, words = rows[2]
    assert (number, run) == (str(front[0].number), f"run {front[0].number}")
    assert [float(first), float(second)] == pytest.approx(front[0].values, abs=1e-4)
    assert words == f"loss.gamma={front[0].params['loss.gamma']:.6g} +loss.k={front[0].params['+loss.k']}"


def test_the_note_says_how_many_more_trials_there_are():
    front = pareto_front(study_of_two_objectives(20))
    long = front * (1 + MOST_ROWS // len(front))
    note = pareto_front_note(long, TWO_OBJECTIVES, 200)

    assert f"and {len(long) - MOST_ROWS} more" in note
    assert sum(line.startswith("| ") for line in note.splitlines()) == 2 + MOST_ROWS
