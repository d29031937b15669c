"""A search without training: its space, the order of its trials, and what it says at the end."""

from __future__ import annotations

import math

import optuna
import pandas as pd
import pytest
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import OverrideParseException
from hydra.types import RunMode
from omegaconf import OmegaConf
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState

from runner.config import schemas
from runner.config.options import CONF
from runner.errors import InputError
from runner.search import best_trial as best
from runner.search import pareto_front as front
from runner.search.loop import _check_space, direction_of, directions_of, sampler
from runner.search.space import Space, parse
from runner.search.trials import Search, check_sampler, open_study

SPACE = parse({"seed": 3, "loss.gamma": "interval(0,5)"}, ["+loss.k=choice(a,b)"])
TPE = OmegaConf.create({"_target_": "optuna.samplers.TPESampler", "seed": 0})
SEARCHES = sorted(path.stem for path in CONF.glob("hparams_search/*_optuna.yaml"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("interval(1e-4,1e-2)", FloatDistribution(1e-4, 1e-2)),
        ("interval(1, 8)", FloatDistribution(1.0, 8.0)),
        ("tag(log, interval(1e-4, 1e-2))", FloatDistribution(1e-4, 1e-2, log=True)),
        ("int(interval(1,8))", IntDistribution(1, 8)),
        ("tag(log, int(interval(1,100)))", IntDistribution(1, 100, log=True)),
        ("range(0,5)", IntDistribution(0, 4)),
        ("range(0,10,3)", IntDistribution(0, 9, step=3)),
        ("range(5,0,-2)", IntDistribution(1, 5, step=2)),
        ("range(0,1,0.1)", FloatDistribution(0.0, 0.9, step=0.1)),
        ("tag(log, range(1,9))", IntDistribution(1, 8, log=True)),
        ("choice(a,b,c)", CategoricalDistribution(["a", "b", "c"])),
        ("a,b,c", CategoricalDistribution(["a", "b", "c"])),
        ("1,2.5,true,null", CategoricalDistribution([1, 2.5, True, "null"])),
        ("[16],[32,32]", CategoricalDistribution(["[16]", "[32,32]"])),
        ("'two words',b", CategoricalDistribution(["'two words'", "b"])),
    ],
)
def test_each_syntax_is_a_distribution(text, expected):
    assert parse({"key": text}, []).searched == parse({}, [f"key={text}"]).searched == {"key": expected}


def test_what_is_fixed_is_passed_on_as_it_was_written_and_the_command_line_wins():
    space = parse(
        {"seed": 3, "split.seed": "range(0,5)", "note": None, "loss.gamma": 1},
        ["split.seed=1", "~loss.alpha", "model.units=[16,8]", "loss.gamma=interval(0,5)", "+loss.k='a b'"],
    )

    assert list(space.fixed.values()) == [
        "seed=3",
        "note=null",
        "split.seed=1",
        "~loss.alpha",
        "model.units=[16,8]",
        "+loss.k='a b'",
    ]
    assert list(space.searched) == ["loss.gamma"]


@pytest.mark.parametrize(
    "text",
    ["interval(5,1)", "tag(log,interval(0,1))", "tag(lgo,interval(1,2))", "range(3,3)", "tag(log,range(0.1,1,0.1))"],
)
def test_a_range_that_cannot_be_searched_is_refused(text):
    with pytest.raises(InputError, match=r"loss.gamma=.*cannot be searched \(.*\); write interval"):
        parse({}, [f"loss.gamma={text}"])


def test_a_text_that_is_no_override_is_refused_by_hydra():
    with pytest.raises(OverrideParseException):
        parse({"loss.gamma": "interval(0,"}, [])


def test_probes_reach_every_choice_and_both_ends():
    probes = SPACE.probes()

    assert probes == [["seed=3", "loss.gamma=0.0", "+loss.k=a"], ["seed=3", "loss.gamma=5.0", "+loss.k=b"]]
    assert Space({}, {}).probes() == [[]]


@pytest.mark.parametrize("option", SEARCHES)
def test_every_search_that_is_shipped_stays_in_its_loss_s_range(option):
    schemas.register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()
        config = loader.load_configuration("config", [f"hparams_search={option}"], run_mode=RunMode.MULTIRUN)
        space = parse(config.hydra.sweeper.params, [f"hparams_search={option}"])
        _check_space(config, space, loader, whole=True)

    assert config.hydra.mode == RunMode.MULTIRUN
    assert len(space.searched) >= 2
    assert f"hparams_search={option}" in (CONF / "hparams_search" / f"{option}.yaml").read_text()
    assert f"{config.hydra.sweeper.n_trials} trials" in (CONF / "hparams_search" / f"{option}.yaml").read_text()


def test_a_space_that_reaches_what_is_refused_is_refused():
    schemas.register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()
        config = loader.load_configuration("config", ["loss=focal"], run_mode=RunMode.MULTIRUN)
        with pytest.raises(InputError, match=r"reaches what is refused: .*gamma=-1"):
            _check_space(config, parse({}, ["loss=focal", "loss.gamma=interval(-1,5)"]), loader, whole=True)


@pytest.mark.parametrize(
    ("objective", "direction"),
    [
        ("val/average_precision", "maximize"),
        ("val/mcc", "maximize"),
        ("val/log_loss", "minimize"),
        ("val/ece", "minimize"),
    ],
)
def test_the_direction_follows_the_objective(objective, direction):
    assert direction_of(objective, None) == direction_of(objective, direction) == direction
    with pytest.raises(InputError, match="the worst"):
        direction_of(objective, {"maximize": "minimize", "minimize": "maximize"}[direction])


TWO = ["val/average_precision", "val/log_loss"]


@pytest.mark.parametrize(
    "wanted", [None, ["maximize", "minimize"], [None, "minimize"], OmegaConf.create(["maximize", "minimize"])]
)
def test_each_of_several_objectives_has_its_own_direction(wanted):
    assert directions_of(TWO, wanted) == ["maximize", "minimize"]


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (["minimize", "minimize"], "direction=minimize would look for the worst val/average_precision: use maximize"),
        (["maximize", "minimise"], "direction=minimise would look for the worst val/log_loss: use minimize"),
        (["maximize"], r"direction=\['maximize'\]: directions for 1 and not for 2 .* use \[maximize,minimize\]"),
        ("maximize", "direction=maximize: directions for 1 and not for 2 objectives"),
    ],
)
def test_directions_that_do_not_fit_the_objectives_are_refused(wanted, words):
    with pytest.raises(InputError, match=words):
        directions_of(TWO, wanted)
    assert directions_of(TWO[:1], ["maximize"]) == directions_of(TWO[:1], "maximize") == ["maximize"]


def value(asked) -> float:
    """The best is at gamma 2."""
    return 1 - (asked.trial.params["loss.gamma"] - 2) ** 2 / 10


def searching(study: optuna.Study, seed: int | None = 0, extend=None) -> Search:
    return Search(study, SPACE, lambda number: sampler(TPE, number), seed, "sweep", extend)


def overrides_of(study: optuna.Study, trials: int, at_once: int = 1, seed: int = 0) -> list[list[str]]:
    """Runs trials until there are enough; their command lines."""
    search, said = searching(study, seed), []
    search.repeat_interrupted()
    while len(search.completed()) < trials:
        for each in [search.ask() for _ in range(at_once)]:
            search.tell(each, value(each))
            said.append(each.overrides)
    return said


@pytest.mark.parametrize("at_once", [1, 2])
def test_the_same_seed_gives_the_same_trials_and_another_seed_others(at_once):
    first = overrides_of(optuna.create_study(direction="maximize"), 14, at_once)

    assert first == overrides_of(optuna.create_study(direction="maximize"), 14, at_once)
    assert first != overrides_of(optuna.create_study(direction="maximize"), 14, at_once, seed=1)
    assert len({tuple(each) for each in first}) == 14
    assert all(each[0] == "seed=3" for each in first)


def test_an_interrupted_search_goes_on_exactly_as_it_would_have_gone():
    whole = overrides_of(optuna.create_study(direction="maximize"), 16)
    study = optuna.create_study(direction="maximize")
    before = overrides_of(study, 12)
    for _ in range(2):  # interrupted twice in the same trial
        search = searching(study)
        search.repeat_interrupted()
        search.ask()
    after = overrides_of(study, 16)

    assert before + after == whole
    states = [trial.state for trial in study.trials]
    assert states.count(TrialState.COMPLETE) == 16
    assert states.count(TrialState.FAIL) == 2
    assert len(best.table(study)) == 16  # without the interrupted ones


def test_a_trial_that_failed_is_told_as_failed_and_not_repeated():
    study = optuna.create_study(direction="maximize")
    search = searching(study)
    search.tell(search.ask(), math.nan)
    search.tell(again := search.ask(), value(again), "a run", "an id")

    assert [trial.state for trial in study.trials] == [TrialState.FAIL, TrialState.COMPLETE]
    assert len(search.completed()) == 1
    table = best.table(study)
    assert list(table["state"]) == ["fail", "complete"]
    assert list(table["run"]) == ["", "a run"]
    assert math.isnan(table["value"][0])
    assert {"loss.gamma", "+loss.k"} <= set(table)


def test_searches_that_share_a_study_know_their_own_trials():
    study = optuna.create_study(direction="maximize")
    first, second = searching(study), Search(study, SPACE, lambda seed: sampler(TPE, seed), 0, "another")
    first.ask()
    study.ask()  # by somebody else
    second.repeat_interrupted()

    assert [trial.state for trial in study.trials] == [TrialState.RUNNING] * 2


def test_a_trial_that_was_asked_for_and_nothing_more_belongs_to_the_search_the_study_is_named_after():
    study = optuna.create_study(study_name="sweep")
    study.ask()
    searching(study).repeat_interrupted()

    assert [trial.state for trial in study.trials] == [TrialState.FAIL, TrialState.WAITING]


def test_a_function_may_suggest_what_depends_on_other_choices():
    def extend(trial):
        if trial.params["+loss.k"] == "a":
            trial.suggest_int("loss.depth", 1, 4)

    search = searching(optuna.create_study(direction="maximize"), extend=extend)
    for _ in range(6):
        words = search.ask().overrides
        assert any(word.startswith("loss.depth=") for word in words) == ("+loss.k=a" in words)


def test_a_function_that_suggests_what_is_fixed_is_refused():
    search = searching(optuna.create_study(), extend=lambda trial: trial.suggest_int("seed", 0, 9))
    with pytest.raises(InputError, match="suggests seed, which seed=3 fixes"):
        search.ask()


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


def both(asked) -> tuple[float, float]:
    """More is better in the first, less in the second: from gamma 2 to 4 one is paid for with the other."""
    gamma = asked.trial.params["loss.gamma"]
    return 1 - (gamma - 2) ** 2 / 10, (gamma - 4) ** 2 / 10


@pytest.mark.parametrize("objective", [value, both])
@pytest.mark.parametrize("name", ["tpe", "random", "cmaes", "nsgaii"])
def test_every_sampler_that_is_offered_searches(name, objective):
    schemas.register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()
        chosen = ["hydra/sweeper=optuna", f"hydra/sweeper/sampler={name}", "seed=5"]
        options = loader.load_configuration("config", chosen, run_mode=RunMode.MULTIRUN).hydra.sweeper.sampler
    assert options.seed == 5
    directions = ["maximize", "minimize"][: 1 if objective is value else 2]
    if name == "cmaes" and objective is both:
        with pytest.raises(InputError, match=r"CmaEsSampler cannot search for 2 objectives; use .*tpe or nsgaii"):
            check_sampler(sampler(options, None), directions)
        return
    check_sampler(sampler(options, None), directions)

    def trials() -> list[list[str]]:
        space = parse({}, ["loss.gamma=interval(0,5)", "seed=range(0,9)"])
        study = optuna.create_study(directions=directions)
        search = Search(study, space, lambda seed: sampler(options, seed), options.seed, "sweep")
        said = []
        for _ in range(12):
            asked = search.ask()
            search.tell(asked, objective(asked))
            said.append(asked.overrides)
        return said

    first = trials()
    assert first == trials()
    assert len({tuple(each) for each in first}) > 6


def test_importances_add_up_and_are_not_made_up():
    study = optuna.create_study(direction="maximize")
    assert best.importances(study) == "it takes two finished trials"
    overrides_of(study, 20)
    shares = best.importances(study)

    assert isinstance(shares, dict)
    assert next(iter(shares)) == "loss.gamma"  # the other has no effect
    assert sum(shares.values()) == pytest.approx(1)
    flat = optuna.create_study()
    search = searching(flat)
    for _ in range(3):
        search.tell(search.ask(), 0.5)
    assert best.importances(flat) == "all trials came to the same value"


def searched_for_two(trials: int) -> optuna.Study:
    study = optuna.create_study(directions=["maximize", "minimize"])
    search = searching(study)
    for _ in range(trials):
        asked = search.ask()
        search.tell(asked, both(asked), f"run {asked.trial.number}", "an id")
    return study


def test_the_front_is_what_no_trial_beats_the_best_of_the_first_objective_first():
    study = searched_for_two(20)
    found = [tuple(trial.values) for trial in front.front(study)]
    every = [tuple(trial.values) for trial in study.trials]

    def beaten(by: tuple[float, ...], one: tuple[float, ...]) -> bool:
        return by[0] >= one[0] and by[1] <= one[1] and by != one

    assert found == sorted((one for one in every if not any(beaten(by, one) for by in every)), reverse=True)
    assert 1 < len(found) < 20


def test_a_trial_that_lacks_one_of_its_objectives_has_failed():
    study = optuna.create_study(directions=["maximize", "minimize"])
    search = searching(study)
    for each in ((0.5, math.nan), (math.inf, 0.5), math.nan):
        search.tell(search.ask(), each)

    assert {trial.state for trial in study.trials} == {TrialState.FAIL}
    assert front.front(study) == []
    assert best.table(study, TWO)[TWO].isna().all(axis=None)


def test_an_interrupted_search_for_two_goes_on_exactly_as_it_would_have_gone():
    whole, study = searched_for_two(16), searched_for_two(12)
    search = searching(study)
    search.ask()
    search.repeat_interrupted()
    while len(search.completed()) < 16:
        search.tell(asked := search.ask(), both(asked))

    completed = [trial.values for trial in study.trials if trial.state == TrialState.COMPLETE]
    assert completed == [trial.values for trial in whole.trials]


def test_each_objective_has_its_own_importances():
    study = optuna.create_study(directions=["maximize", "minimize"])
    search = Search(study, parse({"a": "interval(0,1)", "b": "interval(0,1)"}, []), lambda seed: None, None, "sweep")
    study.sampler = optuna.samplers.RandomSampler(seed=0)
    for _ in range(40):
        asked = search.ask()
        search.tell(asked, (asked.trial.params["a"], asked.trial.params["b"]))

    for place, key in enumerate("ab"):
        shares = best.importances(study, place)
        assert isinstance(shares, dict)
        assert shares[key] > 0.9


def test_the_note_has_a_row_for_each_trial_of_the_front_and_says_how_many_more_there_are(monkeypatch):
    found = front.front(searched_for_two(20))
    note = front.in_markdown(found, TWO, 20)
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in note.splitlines() if line[:1] == "|"]

    assert note.startswith(f"Pareto front, {len(found)} of 20 trials")
    assert rows[0] == ["trial", *TWO, "run", "overrides"]
    assert len(rows) == 2 + len(found)
    number, first, second, run, words = rows[2]
    assert (number, run) == (str(found[0].number), f"run {found[0].number}")
    assert [float(first), float(second)] == pytest.approx(found[0].values, abs=1e-4)
    assert words == f"loss.gamma={found[0].params['loss.gamma']:.6g} +loss.k={found[0].params['+loss.k']}"

    monkeypatch.setattr(front, "MOST_ROWS", 1)
    assert f"and {len(found) - 1} more" in front.in_markdown(found, TWO, 20)


def test_the_command_of_a_trial_is_a_run_of_its_own():
    study = optuna.create_study()
    space = parse({"loss.gamma": "interval(0,5)"}, ["seed=3", "hparams_search=focal_optuna", "sweep.resume=true"])
    search = Search(study, space, lambda seed: sampler(TPE, seed), 0, "sweep")
    search.tell(search.ask(), 0.5)
    typed = ["-m", "--config-dir", "my conf", "hparams_search=focal_optuna", "seed=3", "sweep.resume=true"]
    typed += ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2", "hydra.sweeper.n_trials=1"]
    gamma = study.trials[0].params["loss.gamma"]

    assert best.command(typed, space, study.trials[0]) == (
        f"runner --config-dir 'my conf' seed=3 hparams_search=focal_optuna loss.gamma={gamma:.6g} hydra.mode=RUN"
    )


def test_six_digits_of_a_continuous_value_are_passed_on():
    study = optuna.create_study()
    study.enqueue_trial({"loss.gamma": 1.23456789, "+loss.k": "a"})

    assert searching(study).ask().overrides == ["seed=3", "loss.gamma=1.23457", "+loss.k=a"]


def test_a_table_of_no_finished_trial_has_its_columns():
    study = optuna.create_study()
    search = searching(study)
    search.tell(search.ask(), math.nan)

    assert best.best_trial(study) is None
    assert isinstance(best.table(study), pd.DataFrame)
