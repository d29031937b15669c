"""Searches without training: a small space, and objectives that are formulas of it."""

from __future__ import annotations

from typing import Literal

import optuna
from omegaconf import DictConfig, OmegaConf

from runner.search.loop import make_sampler
from runner.search.space import Space, parse_space
from runner.search.trials import AskedTrial, Extend, SamplerFactory, Search, TrialRun

SPACE = parse_space({"seed": 3, "loss.gamma": "interval(0,5)"}, ["+loss.k=choice(a,b)"])
TPE = OmegaConf.create({"_target_": "optuna.samplers.TPESampler", "seed": 0})
TWO_OBJECTIVES = ["val/average_precision", "val/log_loss"]


def new_study(objectives: int = 1) -> optuna.Study:
    """A study in memory; more is better in the first objective, less in the second."""
    directions: list[Literal["maximize", "minimize"]] = ["maximize", "minimize"]
    return optuna.create_study(directions=directions[:objectives])


def search_in(
    study: optuna.Study,
    space: Space = SPACE,
    *,
    seed: int | None = 0,
    sampler: DictConfig = TPE,
    name: str = "sweep",
    extend: Extend | None = None,
) -> Search:
    """A search of a study."""
    return Search(study, space, SamplerFactory(lambda number: make_sampler(sampler, number), seed), name, extend)


def one_value(asked: AskedTrial) -> float:
    """The best is at gamma 2."""
    return 1 - (asked.trial.params["loss.gamma"] - 2) ** 2 / 10


def two_values(asked: AskedTrial) -> tuple[float, float]:
    """More is better in the first, less in the second: from gamma 2 to 4 one is paid for with the other."""
    gamma = asked.trial.params["loss.gamma"]
    return 1 - (gamma - 2) ** 2 / 10, (gamma - 4) ** 2 / 10


def study_of_two_objectives(trials: int) -> optuna.Study:
    """A study of a search for two objectives that has had so many trials."""
    study = new_study(2)
    search = search_in(study)
    for _ in range(trials):
        asked = search.ask()
        search.tell(asked, two_values(asked), TrialRun(f"run {asked.trial.number}", "an id"))
    return study
