"""The configs of a sweep's jobs, as Hydra composes them, in a fraction of its time.

Nearly all of Hydra's time for a job goes into reading files and merging them, and only the choices of config groups
decide what comes of that. So Hydra composes once for each combination of choices, and each job's other overrides are
applied to a copy: by Hydra's own function, in Hydra's order. Where that might differ, Hydra composes the job itself.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from hydra._internal.config_loader_impl import ConfigLoaderImpl, get_overrides_dirname
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.base import Node

if TYPE_CHECKING:
    from hydra.core.config_loader import ConfigLoader
    from hydra.core.override_parser.types import Override

MOST_BASES = 256  # about 0.15 MB each
MOST_OVERRIDES = 10_000
Config = TypeVar("Config", bound=Node)


class JobComposer:
    """Composes jobs' configs, and remembers what they have in common: keep one for a sweep.

    What stands in conf/ is read when a combination of choices first occurs, and not again for each job.

    Args:
        loader: Hydra's own, `hydra_context.config_loader`.
        master: the sweep's config, as the launcher has it.
    """

    def __init__(self, loader: ConfigLoader, master: DictConfig) -> None:
        self.loader = loader
        self._master = master
        self._parse = lru_cache(MOST_OVERRIDES)(OverridesParser.create().parse_override)
        self._base = lru_cache(MOST_BASES)(self._compose_base)

    def compose(self, overrides: Sequence[str]) -> DictConfig:
        """The config of one job, its own to change: what `loader.load_sweep_config(master, overrides)` gives.

        `hydra.job.num` and `hydra.job.id` are for the launcher to set, as after Hydra's own.

        Args:
            overrides: as a launcher gets them for a job.

        Raises:
            HydraException: an override cannot be read, or does not fit; with Hydra's own words.
        """
        try:
            config = self._compose_from_base(overrides)
        except Exception:  # whatever it is, it is Hydra's to say, in Hydra's words
            config = None
        return self.loader.load_sweep_config(self._master, list(overrides)) if config is None else config

    def _compose_from_base(self, overrides: Sequence[str]) -> DictConfig | None:
        """None where Hydra has to compose the job itself."""
        if not isinstance(self.loader, ConfigLoaderImpl):
            return None
        parsed = [self._parse(text) for text in overrides]
        if any(each.is_sweep_override() or _concerns_hydra(each) for each in parsed):
            return None
        choices = [self._chooses(each) for each in parsed]
        base = self._base(tuple(text for text, choice in zip(overrides, choices, strict=True) if choice))
        if base is None:
            return None
        config = copy_config(base)
        for override, choice in zip(parsed, choices, strict=True):
            if choice:
                continue
            if _leads_elsewhere(config, override.key_or_group):
                return None
            ConfigLoaderImpl._apply_overrides_to_config([override], config)
        # What follows is the end of ConfigLoaderImpl._load_configuration_impl, as far as jobs differ in it.
        hydra = config.hydra
        for text in overrides:
            hydra.overrides.task.append(text)
        hydra.runtime.cwd = os.getcwd()
        form = hydra.job.config.override_dirname
        hydra.job.override_dirname = get_overrides_dirname(
            parsed, exclude_keys=form.exclude_keys, item_sep=form.item_sep, kv_sep=form.kv_sep
        )
        OmegaConf.copy_cache(from_config=self._master, to_config=config)
        return config

    def _compose_base(self, choices: tuple[str, ...]) -> DictConfig | None:
        """Composed with the overrides that choose from groups alone; None where it cannot be used."""
        own = list(self._master.hydra.overrides.hydra)
        try:
            base = self.loader.load_configuration(
                self._master.hydra.job.config_name, [*own, *choices], run_mode=RunMode.RUN
            )
        except Exception:
            return None
        if base.hydra.job._get_node("env_copy")._value() != []:  # read from the environment for each job anew
            return None
        for _ in choices:
            base.hydra.overrides.task.pop()
        return base

    @cached_property
    def _is_group(self) -> Callable[[str], bool]:
        """Whether Hydra finds a config group of that name, wherever it searches."""
        assert isinstance(self.loader, ConfigLoaderImpl)
        name, own = self._master.hydra.job.config_name, list(self._master.hydra.overrides.hydra)
        _, repository = self.loader._parse_overrides_and_create_caching_repo(name, own)
        return lru_cache(MOST_OVERRIDES)(repository.group_exists)

    def _chooses(self, override: Override) -> bool:
        """Whether Hydra takes an override for a choice from a config group, rather than for a value."""
        return not isinstance(override.value(), dict) and self._is_group(override.key_or_group)


class ComposingLoader(ConfigLoaderImpl):
    """A loader that composes jobs by a `JobComposer`, and is in all else the loader that the composer has.

    Hydra's sweepers compose every job of a batch, only to see whether they can be, before a launcher gets them.
    """

    def __init__(self, composer: JobComposer) -> None:
        self.__dict__.update(composer.loader.__dict__)
        self._composer = composer

    def load_sweep_config(self, master_config: DictConfig, sweep_overrides: list[str]) -> DictConfig:
        """See `ConfigLoader`."""
        return self._composer.compose(sweep_overrides)


def copy_config(config: Config) -> Config:
    """A copy of a whole config, as `copy.deepcopy` makes it, without its resolvers' cache, several times as fast."""
    return _copy(config, None)


def _copy(node: Any, parent: Node | None) -> Any:
    copied, state = object.__new__(type(node)), dict(node.__dict__)
    metadata = object.__new__(type(state["_metadata"]))
    metadata.__dict__.update(state["_metadata"].__dict__, resolver_cache=defaultdict(dict))
    metadata.flags = dict(metadata.flags)
    state.update(_metadata=metadata, _parent=parent, _flags_cache=None)
    content = state.get("_content")  # a leaf's value is under another name, and shared by deepcopy, too
    if isinstance(content, dict):
        state["_content"] = {key: _copy(child, copied) for key, child in content.items()}
    elif isinstance(content, list):
        state["_content"] = [_copy(child, copied) for child in content]
    elif isinstance(content, Node):
        state["_content"] = _copy(content, copied)
    copied.__dict__.update(state)
    return copied


def _concerns_hydra(override: Override) -> bool:
    return "hydra" in re.split(r"\W", override.key_or_group)


def _leads_elsewhere(config: DictConfig, key: str) -> bool:
    """Whether a key's path goes through an interpolation, which may stand for a part of the `hydra` node."""
    node: Any = config
    for part in key.split(".")[:-1]:
        if not isinstance(node, DictConfig) or node._is_interpolation():
            return True
        node = node._get_node(part, validate_access=False)
        if node is None:  # Hydra adds it, or refuses to
            return False
    return not isinstance(node, DictConfig) or node._is_interpolation()
