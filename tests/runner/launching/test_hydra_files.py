"""A job's files against those that Hydra writes, byte for byte."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.utils import run_job, setup_globals
from hydra.types import HydraContext, RunMode
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import GrammarParseError

from runner.config import schemas
from runner.config.options import CONF
from runner.launching.hydra_files import write_hydra_files
from runner.launching.job_configs import JobConfigs

LONG = "a long text with blanks in it, " * 8
TEXT = st.one_of(
    st.text(max_size=30),
    st.text("ab -:#'\"\\\n\t[]{},&*!|>%@`?~é漢🙂.0", max_size=120),
    st.sampled_from(["yes", "null", "1", "1e3", "0x1F", "", "~", "???", "${a.b}", "2020-01-01", "<<", "=", LONG]),
)
SCALAR = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXT, st.binary(max_size=80))
KEY = st.one_of(TEXT, st.integers(), st.booleans(), st.floats(allow_nan=False), st.sampled_from(["k", "key_" * 40]))
TREE = st.recursive(
    SCALAR, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEY, inner, max_size=4)), max_leaves=20
)


class Colour(Enum):
    RED = 1


@dataclass
class Kinds:
    """Types that no YAML file has by itself."""

    colour: Colour = Colour.RED
    by_colour: dict[Colour, int] = field(default_factory=lambda: {Colour.RED: 1})
    either: int | str = "2"
    missing: Any = "???"
    node: Any = "${either}"
    whole: dict[str, int] | None = None
    nested: list[list[int]] = field(default_factory=lambda: [[1, 2], []])


def job_config(content: Any) -> DictConfig:
    return OmegaConf.create({"hydra": {"overrides": {"task": ["a=1"]}, "content": content}, "content": content})


def check(config: DictConfig, folder: Path) -> None:
    write_hydra_files(config, folder)
    hydra = OmegaConf.masked_copy(config, "hydra")
    task = OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"])
    for name, part in (("config", task), ("hydra", hydra), ("overrides", config.hydra.overrides.task)):
        OmegaConf.save(part, folder / "expected.yaml")
        assert (folder / f"{name}.yaml").read_bytes() == (folder / "expected.yaml").read_bytes()


@pytest.mark.parametrize(
    "jobs", [[["loss=focal", "seed=0"], ["loss=focal", "seed=1"], [], ["+note='a: b, \"c\" é'", "split.seed=${seed}"]]]
)
def test_files_are_those_of_hydra_s_own_launcher(tmp_path, jobs):
    schemas.register()
    setup_globals()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()
        master = loader.load_configuration("config", [f"hydra.sweep.dir={tmp_path}"], run_mode=RunMode.MULTIRUN)
        configs = JobConfigs(loader, master)
        for number, overrides in enumerate(jobs):
            config = configs.compose(overrides)
            with open_dict(config):
                config.hydra.job.id = config.hydra.job.num = number
            run_job(
                hydra_context=HydraContext(loader, Mock()),
                task_function=lambda config: None,
                config=config,
                job_dir_key="hydra.sweep.dir",
                job_subdir_key="hydra.sweep.subdir",
                configure_logging=False,
            )
            write_hydra_files(config, tmp_path / "ours" / str(number))
            for name in ("config.yaml", "hydra.yaml", "overrides.yaml"):
                own = (tmp_path / str(number) / ".hydra" / name).read_bytes()
                assert (tmp_path / "ours" / str(number) / name).read_bytes() == own


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=TREE, inside=st.integers(0, 5))
def test_any_values_at_any_depth(tmp_path, tree, inside):
    for _ in range(inside):
        tree = {"k": tree}
    try:
        config = job_config(tree)
    except GrammarParseError:  # a text that OmegaConf would not have
        return
    check(config, tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        Kinds,
        {"a": Path("x/y"), "b": Path("x/y")},  # YAML writes a Path as an object
        {"a": True, "b": 1, "c": 1.0, "d": "1", "e": 0.0, "f": -0.0, "g": float("nan"), "h": float("inf")},
        {"a": LONG, "b": {"c": {"d": LONG}}, "e": [LONG, [LONG], {"f": LONG, "g": ["x"]}], LONG: LONG},
        {
            "a": [{"x": 1}, {"x": "1"}, {"x": True}],
            "b": {"x": 1},
            "c": {"x": "1"},
            "d": {"x": True},
            "e": {"x": "true"},
        },
        {},
    ],
)
def test_unusual_types(tmp_path, content):
    check(job_config(content), tmp_path)


def test_one_object_in_two_places(tmp_path):
    shared = Path("x/y")
    check(job_config({"a": shared, "b": [shared, shared]}), tmp_path)


def test_a_config_without_entries(tmp_path):
    check(OmegaConf.create({"hydra": {"overrides": {"task": []}}}), tmp_path)
    assert (tmp_path / "config.yaml").read_text() == "{}\n"
