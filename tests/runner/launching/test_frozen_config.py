"""Copies of a config against those of `copy.deepcopy`."""

from __future__ import annotations

import copy
import sys
from dataclasses import dataclass, field
from typing import Any

import pytest
from omegaconf import DictConfig, OmegaConf

from runner.launching.frozen_config import FrozenConfig


@dataclass
class Part:
    """A part of a config, with a type of its own."""

    number: int = 1
    either: int | str = "2"
    by_name: dict[str, int] = field(default_factory=lambda: {"a": 1})
    missing: Any = "???"


@pytest.fixture
def config() -> DictConfig:
    made = OmegaConf.create({"part": Part, "lists": [[1, "two"], []], "same": "${part.number}", "nothing": None})
    OmegaConf.set_struct(made, True)
    OmegaConf.set_readonly(made.part, True)
    return made


def test_a_copy_has_values_types_and_flags(config):
    copied = FrozenConfig(config).copy()

    assert copied == config
    assert OmegaConf.to_yaml(copied) == OmegaConf.to_yaml(config)
    assert OmegaConf.get_type(copied, "part") is Part
    assert OmegaConf.is_struct(copied)
    assert OmegaConf.is_readonly(copied.part)
    assert OmegaConf.is_missing(copied.part, "missing")


def test_copies_share_nothing_with_each_other_or_with_what_was_frozen(config):
    frozen = FrozenConfig(config)
    first, before = frozen.copy(), copy.deepcopy(config)
    first.lists[0].append(3)
    OmegaConf.set_readonly(first.part, False)
    first.part.number = 7

    assert first.same == 7
    assert config == before == frozen.copy()
    assert OmegaConf.is_readonly(frozen.copy().part)


def test_a_part_can_be_left_out(config):
    copied = FrozenConfig(config, without="part").copy()
    OmegaConf.set_struct(config, False)
    whole = OmegaConf.to_container(config)
    assert isinstance(whole, dict)
    kept = {key: value for key, value in whole.items() if key != "part"}

    assert OmegaConf.to_container(copied) == kept
    assert OmegaConf.is_struct(copied)
    assert "part" in config


def test_a_class_is_the_config_s_own_where_its_name_stands_for_another(config, monkeypatch):
    """As in a process that has executed a plugin's module twice."""
    monkeypatch.setattr(sys.modules[Part.__module__], "Part", type("Part", (), {}))

    assert OmegaConf.get_type(FrozenConfig(config).copy(), "part") is OmegaConf.get_type(config, "part")


def test_what_a_resolver_has_cached_stays(config):
    drawn = iter(range(10))
    OmegaConf.register_new_resolver("test_frozen_config", lambda: next(drawn), use_cache=True, replace=True)
    try:
        OmegaConf.set_struct(config, False)
        config.drawn = "${test_frozen_config:}"
        assert config.drawn == 0
        assert FrozenConfig(config).copy().drawn == 0
    finally:
        OmegaConf.clear_resolver("test_frozen_config")
