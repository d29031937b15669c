"""Whether a search looks for more or for less of its objectives."""

from __future__ import annotations

import pytest
from omegaconf import OmegaConf
from small_searches import TWO_OBJECTIVES

from runner.errors import InputError
from runner.search.loop import direction_of, directions_of


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


@pytest.mark.parametrize(
    "wanted", [None, ["maximize", "minimize"], [None, "minimize"], OmegaConf.create(["maximize", "minimize"])]
)
def test_each_of_several_objectives_has_its_own_direction(wanted):
    assert directions_of(TWO_OBJECTIVES, wanted) == ["maximize", "minimize"]


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
        directions_of(TWO_OBJECTIVES, wanted)
    one = TWO_OBJECTIVES[:1]
    assert directions_of(one, ["maximize"]) == directions_of(one, "maximize") == ["maximize"]
