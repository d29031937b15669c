"""Ends of ranges that were searched."""

from __future__ import annotations

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import create_trial

from runner.search.edges import edges

SPACE = {
    "optimizer.learning_rate": FloatDistribution(1e-4, 1e-2, log=True),
    "model.width": IntDistribution(8, 64),
    "loss.gamma": FloatDistribution(0, 5),
    "loss": CategoricalDistribution(["a", "b"]),
}


def study(value_of, direction="maximize", trials=12):
    made = optuna.create_study(direction=direction)
    for number in range(trials):
        place = (number + 0.5) / trials
        params = {
            "optimizer.learning_rate": 1e-4 * 100**place,
            "model.width": 8 + (number * 5) % 57,
            "loss.gamma": 5 * place,
            "loss": "a",
        }
        made.add_trial(create_trial(params=params, distributions=SPACE, value=value_of(place)))
    return made


def test_the_best_trials_at_an_end_are_told_on_the_scale_that_was_searched():
    found = list(edges(study(lambda place: place if place > 0.9 else 0, trials=40)))
    assert [each.sentence.split(" near ")[0] for each in found] == [
        "the best 3 trials have optimizer.learning_rate",
        "the best 3 trials have loss.gamma",
    ]
    assert "near 0.01, the upper end" in found[0].sentence
    assert {each.code for each in found} == {"EDGE01"}


def test_zero_is_no_end():
    (found,) = edges(study(lambda place: -place, trials=40))
    assert "optimizer.learning_rate near 0.0001, the lower end" in found.sentence


@pytest.mark.parametrize(("direction", "sign"), [("maximize", 1), ("minimize", -1)])
def test_in_between_nothing_is_told(direction, sign):
    assert list(edges(study(lambda place: -sign * abs(place - 0.5), direction, trials=40))) == []


def test_few_trials_say_nothing():
    assert list(edges(study(lambda place: place, trials=9))) == []
