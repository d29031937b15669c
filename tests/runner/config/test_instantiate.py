"""From `_target_` to object."""

from __future__ import annotations

import fractions

import pytest
from omegaconf import OmegaConf

from runner.config.instantiate import build
from runner.errors import InputError

FRACTION = {"_target_": "fractions.Fraction"}


def test_calls_the_target_with_the_config_s_values_and_plain_containers():
    config = OmegaConf.create({"_target_": "builtins.dict", "a": [1, 2], "b": {"c": 3}})

    made = build("thing", config)
    assert made == {"a": [1, 2], "b": {"c": 3}}
    assert type(made["a"]) is list
    assert type(made["b"]) is dict


def test_supplies_what_is_known_only_where_it_is_asked_for_and_left_out():
    known = {"numerator": 3, "denominator": 4, "colour": "red"}

    assert build("thing", OmegaConf.create(FRACTION), known=known) == fractions.Fraction(3, 4)
    given = OmegaConf.create({**FRACTION, "denominator": 5})
    assert build("thing", given, known=known) == fractions.Fraction(3, 5)
    left_open = OmegaConf.create({**FRACTION, "denominator": None})
    assert build("thing", left_open, known=known) == fractions.Fraction(3, 4)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"_target_": "nowhere.Thing"}, "thing._target_=nowhere.Thing: there is no such"),
        ({"_target_": "fractions.Fractoin"}, "fractions.Fractoin: there is no such"),
        ({"_target_": "math.pi"}, "math.pi: there is no such class or function"),
        ({**FRACTION, "numerator": "x"}, "thing: Invalid literal for Fraction"),
        ({**FRACTION, "colour": "red"}, "thing: .*colour"),
    ],
)
def test_what_cannot_be_built_is_refused_with_the_group(config, words):
    with pytest.raises(InputError, match=words):
        build("thing", OmegaConf.create(config))


def test_an_error_that_is_not_the_user_s_passes_as_it_is(tmp_path, monkeypatch):
    (tmp_path / "faulty.py").write_text("def thing():\n    raise RuntimeError('a bug')\n")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(Exception, match="a bug") as caught:
        build("thing", OmegaConf.create({"_target_": "faulty.thing"}))
    assert not isinstance(caught.value, InputError)


def test_a_module_that_does_not_import_says_why(tmp_path, monkeypatch):
    (tmp_path / "broken.py").write_text("import not_installed_anywhere\n")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(InputError, match="not_installed_anywhere"):
        build("thing", OmegaConf.create({"_target_": "broken.thing"}))
