"""What a search varies: every syntax of a range, and which overrides win."""

from __future__ import annotations

import pytest
from hydra.errors import OverrideParseException
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from small_searches import SPACE

from runner.errors import InputError
from runner.search.space import Space, parse_space


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
    assert parse_space({"key": text}, []).searched == parse_space({}, [f"key={text}"]).searched == {"key": expected}


def test_what_is_fixed_is_passed_on_as_it_was_written_and_the_command_line_wins():
    space = parse_space(
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
        parse_space({}, [f"loss.gamma={text}"])


def test_a_text_that_is_no_override_is_refused_by_hydra():
    with pytest.raises(OverrideParseException):
        parse_space({"loss.gamma": "interval(0,"}, [])


def test_probes_reach_every_choice_and_both_ends():
    probes = SPACE.probes()

    assert probes == [["seed=3", "loss.gamma=0.0", "+loss.k=a"], ["seed=3", "loss.gamma=5.0", "+loss.k=b"]]
    assert Space({}, {}).probes() == [[]]
