"""The words that messages share."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from runner.writing.wording import (
    closest,
    did_you_mean,
    first_line,
    hydra_value,
    join_names,
    override,
    typed,
    without_password,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://bob:hunter2@host:5000/x", "https://bob:***@host:5000/x"),
        ("uri: postgresql+psycopg2://me:p%40ss@db/runs\n", "uri: postgresql+psycopg2://me:***@db/runs\n"),
        ("sqlite:////tmp/a:b.db", "sqlite:////tmp/a:b.db"),
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000"),
    ],
)
def test_passwords_are_not_shown(text, shown):
    assert without_password(text) == shown


def test_a_likely_name_is_offered_and_else_the_names_there_are():
    assert closest("focl", ["builtin", "focal", "Focal"])[0].casefold() == "focal"
    assert closest("ROC_AUC", ["roc_auc"]) == ["roc_auc"]
    assert did_you_mean("incme", ["income", "age"]) == "did you mean 'income'?"
    assert did_you_mean("zzz", ["income", "age"]) == "there are: 'income', 'age'"
    assert join_names("abcd", most=2) == "'a', 'b' and 2 more"


def test_an_error_is_told_in_one_line_of_readable_length_without_its_password():
    assert first_line(ValueError("postgresql://me:secret@db refused\nmore")) == "postgresql://me:***@db refused"
    assert first_line(KeyError()) == "KeyError"
    assert len(first_line(ValueError("x" * 1000))) == 203


AWKWARD = [
    *(
        ">50K",
        "<=50K.",
        "a b",
        "it's",
        '"x"',
        "$HOME",
        "a,b",
        "[x]",
        "{a}",
        "a=b",
        "=",
        "~",
        "~/x",
        "über",
        "\\",
        "a\\",
    ),
    *("c:\\d\\", "!", "*.csv", "null", "True", "1e3", "", "12", "-", "?", "#", "a:b", "a(b)", "&", "|", "`x`"),
    *("\\'", "x\\'y", ".5", "1_000", "nan", "%", "@x", "x;y", "a\tb", "yes"),
    *("it's !x", "ü b", "$x y's", ">50K, or 'more'", "[a b]='c'", "~/it's", "line\nbreak", '"a\'b"', "=x", "^a^b"),
]


SHELLS = {
    "bash": ["bash", "--norc"],
    "bash, typed": ["bash", "--norc", "-H", "-o", "history"],  # with `!` as in a terminal
    "zsh": ["zsh", "-f"],
    "zsh, typed": ["zsh", "-f", "-s", "-i"],
}


@pytest.fixture(scope="module", params=[name for name in SHELLS if shutil.which(name.partition(",")[0])])
def pasted(request) -> list[str]:
    """What a shell makes of the words that we print."""
    script = "printf '%s\\0' " + " ".join(override("dataset.path", value) for value in AWKWARD) + "\n"
    shell = SHELLS[request.param]
    done = subprocess.run(shell, input=script, capture_output=True, text=True, check=True, start_new_session=True)
    return done.stdout.split("\0")[:-1]


@pytest.mark.parametrize("number", range(len(AWKWARD)), ids=map(repr, AWKWARD))
def test_an_override_can_be_pasted_as_it_is_printed(pasted, number):
    parsed = OverridesParser.create().parse_override(pasted[number])
    assert parsed.key_or_group == "dataset.path"
    assert parsed.value() == AWKWARD[number]


@pytest.mark.parametrize("shell", [["bash", "-c"], ["zsh", "-f", "-c"]], ids=lambda shell: shell[0])
def test_a_command_line_can_be_pasted(shell):
    if shutil.which(shell[0]) is None:
        pytest.skip("is not installed")
    words = ["runner", "~loss.formula", "+loss.k='a b'", "zip=[a='x, y' b=$1]", "it's", "~a='b'", *AWKWARD]
    done = subprocess.run([*shell, f"printf '%s\\0' {typed(*words)}"], capture_output=True, text=True, check=True)
    assert done.stdout.split("\0")[:-1] == words


@pytest.mark.parametrize("value", [None, True, 3, -0.5, ["a", "b c"], [1, None]], ids=repr)
def test_values_of_other_types_keep_them(value):
    assert OverridesParser.create().parse_override(f"key={hydra_value(value)}").value() == value


def test_a_plain_word_is_printed_plainly():
    assert override("dataset.path", "data/my-file_2.csv") == "dataset.path=data/my-file_2.csv"
