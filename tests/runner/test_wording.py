"""The words that messages share."""

from __future__ import annotations

import pytest

from runner.wording import closest, did_you_mean, first_line, join_names, without_password


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
