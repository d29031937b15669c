"""Sweeps over files."""

from __future__ import annotations

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from runner.config.file_sweeps import with_files
from runner.errors import InputError

NAMES = ["a.csv", "b=1.csv", "c d.csv", "ü,x.csv", "it's.csv", "sub/e.csv"]


@pytest.fixture
def files(tmp_path, monkeypatch):
    (tmp_path / "sub").mkdir()
    for name in NAMES:
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.csv", sorted(NAMES[:-1])),
        ("**/*.csv", sorted(NAMES)),
        ("sub/*.csv, a*", ["sub/e.csv", "a.csv"]),
        ("[ab]*.csv", ["a.csv", "b=1.csv"]),
    ],
)
def test_a_pattern_is_the_files_that_match(files, pattern, expected):
    (argument,) = with_files([f"dataset.path=files({pattern})"])
    parsed = OverridesParser.create().parse_override(argument)
    assert parsed.key_or_group == "dataset.path"
    assert parsed.is_sweep_override()
    values = [f"k={value}" for value in parsed.sweep_string_iterator()]
    assert [OverridesParser.create().parse_override(value).value() for value in values] == expected


def test_home_is_understood_and_other_arguments_stay(files):
    assert with_files(["seed=0,1", "dataset.path=files(~/sub/*)"]) == ["seed=0,1", f"dataset.path={files}/sub/e.csv"]
    with pytest.raises(InputError, match=r"dataset.path=files\(x\*\): no file matches x\* in "):
        with_files(["dataset.path=files(x*)"])
