"""The samplers that are offered: each searches, and the same seed gives the same trials."""

from __future__ import annotations

import pytest
from omegaconf import OmegaConf
from small_searches import new_study, one_value, search_in, two_values

from runner.errors import InputError
from runner.search.loop import make_sampler
from runner.search.space import parse_space
from runner.search.trials import check_sampler


@pytest.mark.parametrize("objective", [one_value, two_values])
@pytest.mark.parametrize("name", ["tpe", "random", "cmaes", "nsgaii"])
def test_every_sampler_that_is_offered_searches(composed, name, objective):
    config = composed("hydra/sweeper=optuna", f"hydra/sweeper/sampler={name}", "seed=5")
    options = config.hydra.sweeper.sampler
    assert options.seed == 5
    directions = ["maximize", "minimize"][: 1 if objective is one_value else 2]
    if name == "cmaes" and objective is two_values:
        with pytest.raises(InputError, match=r"CmaEsSampler cannot search for 2 objectives; use .*tpe or nsgaii"):
            check_sampler(make_sampler(options, None), directions)
        return
    check_sampler(make_sampler(options, None), directions)

    def trials() -> list[list[str]]:
        space = parse_space({}, ["loss.gamma=interval(0,5)", "seed=range(0,9)"])
        search = search_in(new_study(len(directions)), space, sampler=options, seed=options.seed)
        command_lines = []
        for _ in range(12):
            asked = search.ask()
            search.tell(asked, objective(asked))
            command_lines.append(asked.overrides)
        return command_lines

    first = trials()
    assert first == trials()
    assert len({tuple(each) for each in first}) > 6


def test_a_search_without_a_seed_differs_each_time():
    unseeded = OmegaConf.create({"_target_": "optuna.samplers.TPESampler", "seed": None})
    first, second = (search_in(new_study(), sampler=unseeded, seed=None).ask().overrides for _ in range(2))

    assert first != second
