"""A job's `.hydra/config.yaml`, `hydra.yaml` and `overrides.yaml`, byte for byte as Hydra writes them, but quickly.

The jobs of a sweep have nearly all lines in common. So each entry is rendered on its own, by OmegaConf, where it
stands, and its text is kept for the next job: in YAML's block style, an entry's text depends on its depth alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

import yaml
from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf._utils import get_omega_conf_dumper
from omegaconf.base import Node

PLAIN = (str, int, float, bool, bytes, type(None))  # of these, YAML never makes an anchor
SIMPLE_KEY = re.compile(r"[A-Za-z_]\w{0,60}")
MOST_TEXTS = 20_000
_texts: dict[tuple[int, str, str], str] = {}


class _Unusual(Exception):
    """A value whose text depends on the rest of the file."""


def write_hydra_files(config: DictConfig, folder: Path) -> None:
    """Writes the three files that `hydra.core.utils.run_job` writes for a job.

    Args:
        config: the job's, with its `hydra` node, in which `hydra.runtime.output_dir` is set.
        folder: `hydra.runtime.output_dir` / `hydra.output_subdir`; made if it is not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    task, overrides = [key for key in config if key != "hydra"], list(config.hydra.overrides.task)
    (folder / "config.yaml").write_text(_part(config, task), encoding="utf-8")
    (folder / "hydra.yaml").write_text(_part(config, ["hydra"]), encoding="utf-8")
    (folder / "overrides.yaml").write_text(_items(overrides, 0) or "[]\n", encoding="utf-8")


def _part(config: DictConfig, keys: list[Any]) -> str:
    """The entries of a config under `keys`."""
    try:
        plain = {_name(key): _plain(config._get_node(key)) for key in keys}
    except _Unusual:
        return OmegaConf.to_yaml(OmegaConf.masked_copy(config, keys))
    return _block(plain, 0) or "{}\n"


def _block(entries: Mapping[Any, Any], depth: int) -> str:
    return "".join([_entry(key, value, depth) for key, value in entries.items()])


def _entry(key: Any, value: Any, depth: int) -> str:
    if type(value) in (dict, list) and value and type(key) is str and SIMPLE_KEY.fullmatch(key):
        own = _text(key, None, depth).removesuffix(" null\n") + "\n"
        return own + (_block(value, depth + 1) if type(value) is dict else _items(value, depth))
    return _text(key, value, depth)


def _items(values: Sequence[Any], depth: int) -> str:
    """The items of a list that stands inside `depth` mappings and under a key, which YAML does not indent further."""
    header = len(_above(depth + 1)) - len(_above(depth))
    return "".join([_text("_", [value], depth)[header:] for value in values])


def _text(key: Any, value: Any, depth: int) -> str:
    """`key: value` as OmegaConf writes it inside `depth` mappings."""
    known = depth, repr(key), repr(value)
    if known not in _texts:
        around: Any = {key: value}
        for _ in range(depth):
            around = {"_": around}
        if len(_texts) >= MOST_TEXTS:
            _texts.clear()
        text = yaml.dump(
            around, default_flow_style=False, allow_unicode=True, sort_keys=False, Dumper=get_omega_conf_dumper()
        )
        _texts[known] = text.removeprefix(_above(depth))
    return _texts[known]


def _above(depth: int) -> str:
    return "".join([f"{'  ' * level}_:\n" for level in range(depth)])


def _plain(node: Any) -> Any:
    """`OmegaConf.to_container(node, enum_to_str=True)`.

    Raises:
        _Unusual: a value is no plain one.
    """
    value = node._value()
    if isinstance(node, DictConfig) and isinstance(value, dict):
        return {_name(key): _plain(child) for key, child in value.items()}
    if isinstance(node, ListConfig) and isinstance(value, list):
        return [_plain(child) for child in value]
    if isinstance(value, Node):  # of a Union
        return _plain(value)
    return _name(value)


def _name(value: Any) -> Any:
    value = value.name if isinstance(value, Enum) else value
    if type(value) not in PLAIN:
        raise _Unusual
    return value
