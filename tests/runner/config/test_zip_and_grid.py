"""`zip=[...]` and `grid=[...]` as text: cut into overrides, and past Hydra and back."""

from __future__ import annotations

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from runner.config.zip_and_grid import as_typed, for_hydra, groups, typed_groups
from runner.errors import InputError
from runner.writing.wording import hydra_value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a=1,2 b=3,4", ["a=1,2", "b=3,4"]),
        ("a=1,2,b=3,4", ["a=1,2", "b=3,4"]),
        ("a=1, 2 , b=3 ,4", ["a=1, 2", "b=3 ,4"]),
        ("  a=1\n  b=3 ", ["a=1", "b=3"]),
        (
            "dataset.path=my file.csv,b.csv dataset.target=y z,label",
            ["dataset.path=my file.csv,b.csv", "dataset.target=y z,label"],
        ),
        ("p='a b=1, c=2',\"it's d=3\" q=1,2", ["p='a b=1, c=2',\"it's d=3\"", "q=1,2"]),
        (r"p='it\'s a=1',x q=a\ b\=1,\] r=2", [r"p='it\'s a=1',x", r"q=a\ b\=1,\]", "r=2"]),
        ("u=[1,2],[3, 4] d={a: 1, b: 2},{} r=range(0, 3)", ["u=[1,2],[3, 4]", "d={a: 1, b: 2},{}", "r=range(0, 3)"]),
        ("s=${seed},${oc.env:X,a b=1} t=1,2", ["s=${seed},${oc.env:X,a b=1}", "t=1,2"]),
        (
            "loss=custom ~loss.formula +loss.k=1,2 ++loss.j=3",
            ["loss=custom", "~loss.formula", "+loss.k=1,2", "++loss.j=3"],
        ),
        ("db@a.b=x,y c/d=1", ["db@a.b=x,y", "c/d=1"]),
        ("loss=focal zip=[a=1,2 b=3,4] seed=0,1", ["loss=focal", "zip=[a=1,2 b=3,4]", "seed=0,1"]),
        ("p=files(my data/*.csv, b*) q=1", ["p=files(my data/*.csv, b*)", "q=1"]),
        ("", []),
    ],
)
def test_overrides_are_cut_where_a_key_begins(text, words):
    (group,) = typed_groups(f"zip=[{text}]")
    assert group.words == words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[a=1 b=2] [c=3]", ["a=1 b=2", "c=3"]),
        ("a=1,2 b=[1,2]", ["a=1,2 b=[1,2]"]),
        ("[a='x]' b=[1]][c=3]", ["a='x]' b=[1]", "c=3"]),
        ("[]", [""]),
    ],
)
def test_brackets_hold_a_group_each(text, found):
    assert [group.text for group in groups("grid", text)] == found


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("zip=[a=1,2", "zip=[a=1,2: lacks a closing bracket"),
        ("zip=[a=1,2]]", "zip=[a=1,2]]: ] stands outside"),
        ("grid=[a=1] b=2", "grid=[a=1] b=2: b=2 stands outside"),
    ],
)
def test_brackets_that_do_not_match_are_refused(word, words):
    with pytest.raises(InputError) as refused:
        for_hydra([word])
    assert words in str(refused.value)


NASTY = [
    "x y",
    "it's",
    '"q"',
    "a,b",
    "[z]",
    "a=b",
    "~",
    "über",
    "${seed}",
    r"\${seed}",
    "\\",
    r"a\'b",
    "$HOME",
    "!",
    ">50K",
]


@pytest.mark.parametrize("value", NASTY)
def test_hydra_gets_what_was_typed_and_gives_it_back(value):

    typed = ["-m", "seed=0", f"zip=[a={hydra_value(value)},1 b=2,3]", "grid=[c=1]", "grid=[c=2 d=5]", "zip=[e=1]"]
    made = for_hydra(typed)

    assert made[:2] == typed[:2]
    parsed = OverridesParser.create().parse_overrides(made[2:])
    assert [each.key_or_group for each in parsed] == ["hydra.sweeper.params.zip", "hydra.sweeper.params.grid"]
    assert sorted(as_typed(made)) == sorted(typed)
    assert for_hydra(as_typed(made)) == made


def test_other_words_are_let_alone():
    words = ["-m", "loss=focal", "zipped=[1]", "+zip=3", "dataset.grid=[1]"]
    assert for_hydra(words) == as_typed(words) == words
