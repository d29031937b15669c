"""The order of a search's trials: reproducible, also after an interruption, and apart from other searches'."""

from __future__ import annotations

import math

import optuna
import pytest
from optuna.trial import TrialState
from small_searches import new_study, one_value, search_in, study_of_two_objectives, two_values

from runner.errors import InputError
from runner.search.results import trial_table
from runner.search.trials import TrialRun, open_study


def overrides_of(study: optuna.Study, trials: int, at_once: int = 1, seed: int = 0) -> list[list[str]]:
    """Runs trials until there are enough; their command lines."""
    search, command_lines = search_in(study, seed=seed), []
    search.repeat_interrupted()
    while len(search.completed()) < trials:
        for each in [search.ask() for _ in range(at_once)]:
            search.tell(each, one_value(each))
            command_lines.append(each.overrides)
    return command_lines


@pytest.mark.parametrize("at_once", [1, 2])
def test_the_same_seed_gives_the_same_trials_and_another_seed_others(at_once):
    first = overrides_of(new_study(), 14, at_once)

    assert first == overrides_of(new_study(), 14, at_once)
    assert first != overrides_of(new_study(), 14, at_once, seed=1)
    assert len({tuple(each) for each in first}) == 14
    assert all(each[0] == "seed=3" for each in first)


def test_an_interrupted_search_goes_on_exactly_as_it_would_have_gone():
    whole = overrides_of(new_study(), 16)
    study = new_study()
    before = overrides_of(study, 12)
    for _ in range(2):  # interrupted twice in the same trial
        search = search_in(study)
        search.repeat_interrupted()
        search.ask()
    after = overrides_of(study, 16)

    assert before + after == whole
    states = [trial.state for trial in study.trials]
    assert states.count(TrialState.COMPLETE) == 16
    assert states.count(TrialState.FAIL) == 2
    assert len(trial_table(study)) == 16  # without the interrupted ones


def test_an_interrupted_search_for_two_goes_on_exactly_as_it_would_have_gone():
    whole, study = study_of_two_objectives(16), study_of_two_objectives(12)
    search = search_in(study)
    search.ask()
    search.repeat_interrupted()
    while len(search.completed()) < 16:
        search.tell(asked := search.ask(), two_values(asked))

    completed = [trial.values for trial in study.trials if trial.state == TrialState.COMPLETE]
    assert completed == [trial.values for trial in whole.trials]


def test_a_study_on_disk_keeps_the_attributes_by_which_earlier_searches_are_resumed(tmp_path):
    study = open_study(f"sqlite:///{tmp_path / 'optuna.db'}", "a study", ["maximize"], tmp_path)
    running = study.ask({"loss.gamma": optuna.distributions.FloatDistribution(0, 5)})
    running.set_user_attr("sweep", "sweep")
    search = search_in(study)
    search.repeat_interrupted()
    search.tell(search.ask(), 0.5, TrialRun("a run", "an id"))

    again = study.trials[1]
    assert again.params["loss.gamma"] == running.params["loss.gamma"]
    assert again.user_attrs == {"sweep": "sweep", "again_for": 0, "run": "a run", "run_id": "an id"}


def test_a_trial_that_failed_is_told_as_failed_and_not_repeated():
    study = new_study()
    search = search_in(study)
    search.tell(search.ask(), math.nan)
    search.tell(again := search.ask(), one_value(again), TrialRun("a run", "an id"))

    assert [trial.state for trial in study.trials] == [TrialState.FAIL, TrialState.COMPLETE]
    assert len(search.completed()) == 1
    table = trial_table(study)
    assert list(table["state"]) == ["fail", "complete"]
    assert list(table["run"]) == ["", "a run"]
    assert math.isnan(table["value"][0])
    assert {"loss.gamma", "+loss.k"} <= set(table)


def test_searches_that_share_a_study_know_their_own_trials():
    study = new_study()
    first, second = search_in(study), search_in(study, name="another")
    first.ask()
    study.ask()  # by somebody else
    second.repeat_interrupted()

    assert [trial.state for trial in study.trials] == [TrialState.RUNNING] * 2


def test_a_trial_that_was_asked_for_and_nothing_more_belongs_to_the_search_the_study_is_named_after():
    study = optuna.create_study(study_name="sweep")
    study.ask()
    search_in(study).repeat_interrupted()

    assert [trial.state for trial in study.trials] == [TrialState.FAIL, TrialState.WAITING]


def test_a_function_may_suggest_what_depends_on_other_choices():
    def extend(trial):
        if trial.params["+loss.k"] == "a":
            trial.suggest_int("loss.depth", 1, 4)

    search = search_in(new_study(), extend=extend)
    for _ in range(6):
        words = search.ask().overrides
        assert any(word.startswith("loss.depth=") for word in words) == ("+loss.k=a" in words)


def test_a_function_that_suggests_what_is_fixed_is_refused():
    search = search_in(optuna.create_study(), extend=lambda trial: trial.suggest_int("seed", 0, 9))
    with pytest.raises(InputError, match="suggests seed, which seed=3 fixes"):
        search.ask()


def test_six_digits_of_a_continuous_value_are_passed_on():
    study = optuna.create_study()
    study.enqueue_trial({"loss.gamma": 1.23456789, "+loss.k": "a"})

    assert search_in(study).ask().overrides == ["seed=3", "loss.gamma=1.23457", "+loss.k=a"]


def test_a_study_that_looks_the_other_way_is_refused(tmp_path):
    storage = f"sqlite:///{tmp_path / 'optuna.db'}"
    open_study(storage, "mine", ["maximize"], tmp_path)
    with pytest.raises(InputError, match="study_name=mine: that study is to maximize"):
        open_study(storage, "mine", ["minimize"], tmp_path)
    with pytest.raises(InputError, match="to maximize, and this search to maximize, minimize"):
        open_study(storage, "mine", ["maximize", "minimize"], tmp_path)


def test_a_storage_that_cannot_be_used_is_refused_without_its_password(tmp_path):
    with pytest.raises(InputError, match="cannot be used") as refused:
        open_study("nothing://me:secret@host/base", "mine", ["maximize"], tmp_path)
    assert "secret" not in str(refused.value)
