"""The configs of a sweep's jobs, as Hydra composes them, in a fraction of its time.

Nearly all of Hydra's time for a job goes into reading files and merging them, and only the choices of config groups
decide what comes of that. So Hydra composes once for each combination of choices, and each job's other overrides are
applied to a copy, in Hydra's order. Where that might differ, Hydra composes the job itself.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.object_type import ObjectType
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.plugins.config_source import ConfigSource
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict

from runner.launching.frozen_config import FrozenConfig

MAX_BASES = 256  # combinations of choices that are kept, of about 20 KB each
MAX_OVERRIDES = 10_000


class JobConfigs:
    """Composes jobs' configs, and keeps what they have in common: one for a sweep, in each process.

    What stands in conf/ is read when a combination of choices first occurs, and not again for each job.

    Args:
        loader: Hydra's own, `hydra_context.config_loader`.
        sweep_config: the sweep's config, as the launcher has it.
    """

    def __init__(self, loader: ConfigLoader, sweep_config: DictConfig) -> None:
        self._loader, self._sweep_config = loader, sweep_config
        self._config_name: str | None = sweep_config.hydra.job.config_name
        self._hydra_overrides: list[str] = list(sweep_config.hydra.overrides.hydra)
        self._parse = lru_cache(MAX_OVERRIDES)(OverridesParser.create().parse_override)
        self._groups = lru_cache(MAX_OVERRIDES)(self._groups_in)
        self._base = lru_cache(MAX_BASES)(self._compose_base)

    def compose(self, overrides: Sequence[str]) -> DictConfig:
        """The config of one job, its own to change: what `loader.load_sweep_config(sweep_config, overrides)` gives.

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
        return self._loader.load_sweep_config(self._sweep_config, list(overrides)) if config is None else config

    def _compose_from_base(self, overrides: Sequence[str]) -> DictConfig | None:
        """None where Hydra has to compose the job itself."""
        parsed = [self._parse(text) for text in overrides]
        if any(each.is_sweep_override() or _concerns_hydra(each) for each in parsed):
            return None
        is_choice = [self._is_choice(each) for each in parsed]
        base = self._base(tuple(text for text, chosen in zip(overrides, is_choice, strict=True) if chosen))
        if base is None:
            return None
        config = base.copy()
        for override, chosen in zip(parsed, is_choice, strict=True):
            if chosen:
                continue
            if override.package is not None or _leads_elsewhere(config, override.key_or_group):
                return None
            _apply(override, config)
        # The rest is what Hydra writes into its own node after that, as far as jobs differ in it.
        hydra = config.hydra
        hydra.overrides.task.extend(overrides)
        hydra.runtime.cwd = os.getcwd()
        hydra.job.override_dirname = _override_dirname(parsed, hydra.job.config.override_dirname)
        OmegaConf.copy_cache(from_config=self._sweep_config, to_config=config)
        return config

    def _compose_base(self, choices: tuple[str, ...]) -> FrozenConfig | None:
        """Composed with the overrides that choose from groups alone; None where it cannot be used."""
        try:
            overrides = [*self._hydra_overrides, *choices]
            base = self._loader.load_configuration(self._config_name, overrides, run_mode=RunMode.RUN)
            job = base.hydra.job
            if OmegaConf.is_interpolation(job, "env_copy") or job.env_copy:  # read from the environment for each job
                return None
            base.hydra.overrides.task.clear()
            return FrozenConfig(base)
        except Exception:
            return None

    def _is_choice(self, override: Override) -> bool:
        """Whether Hydra takes an override for a choice from a config group, rather than for a value."""
        parent, _, group = override.key_or_group.rpartition("/")
        return not isinstance(override.value(), dict) and group in self._groups(parent)

    def _groups_in(self, parent: str) -> frozenset[str]:
        """Names of the config groups in another group, or in none, wherever Hydra searches."""
        name, overrides = self._config_name, self._hydra_overrides
        return frozenset(self._loader.get_group_options(parent, ObjectType.GROUP, name, overrides))


class JobConfigLoader(ConfigLoader):
    """A loader that composes jobs by `JobConfigs`, and leaves all else to Hydra's.

    Hydra's sweepers compose every job of a batch, only to see whether it can be, before a launcher gets the batch. What
    is composed then is kept for the launcher.
    """

    def __init__(self, loader: ConfigLoader, job_configs: JobConfigs) -> None:
        self._loader, self._job_configs = loader, job_configs
        self._composed: dict[tuple[str, ...], DictConfig] = {}

    def load_sweep_config(self, master_config: DictConfig, sweep_overrides: list[str]) -> DictConfig:
        """See `ConfigLoader`; the sweep's config is that of `job_configs`. Nobody may change it but the launcher."""
        config = self._job_configs.compose(sweep_overrides)
        self._composed[tuple(sweep_overrides)] = config
        return config

    def take(self, overrides: Sequence[str]) -> DictConfig:
        """The config of one job, its own to change; composed now, if it was not before or has been taken since."""
        config = self._composed.pop(tuple(overrides), None)
        return self._job_configs.compose(overrides) if config is None else config

    def load_configuration(
        self,
        config_name: str | None,
        overrides: list[str],
        run_mode: RunMode,
        from_shell: bool = True,
        validate_sweep_overrides: bool = True,
    ) -> DictConfig:
        """See `ConfigLoader`."""
        return self._loader.load_configuration(config_name, overrides, run_mode, from_shell, validate_sweep_overrides)

    def get_search_path(self) -> ConfigSearchPath:
        """See `ConfigLoader`."""
        return self._loader.get_search_path()

    def get_sources(self) -> list[ConfigSource]:
        """See `ConfigLoader`."""
        return self._loader.get_sources()

    def list_groups(self, parent_name: str) -> list[str]:
        """See `ConfigLoader`."""
        return self._loader.list_groups(parent_name)

    def get_group_options(
        self,
        group_name: str,
        results_filter: ObjectType | None = ObjectType.CONFIG,
        config_name: str | None = None,
        overrides: list[str] | None = None,
    ) -> list[str]:
        """See `ConfigLoader`."""
        return self._loader.get_group_options(group_name, results_filter, config_name, overrides)

    def compute_defaults_list(self, config_name: str | None, overrides: list[str], run_mode: RunMode) -> Any:
        """See `ConfigLoader`."""
        return self._loader.compute_defaults_list(config_name, overrides, run_mode)


def copy_task(config: DictConfig) -> DictConfig:
    """A copy of a job's config without its `hydra` node, as `hydra.core.utils.run_job` hands it to a task."""
    return FrozenConfig(config, without="hydra").copy()


def _apply(override: Override, config: DictConfig) -> None:
    """Applies an override of a value.

    Raises:
        Exception: Hydra refuses it, in words of its own.
    """
    key, value = override.key_or_group, override.value()
    if override.is_delete():
        current = OmegaConf.select(config, key)
        if current is None or (value is not None and value != current):
            raise KeyError(key)
        parent, _, name = key.rpartition(".")
        with open_dict(config):
            del (OmegaConf.select(config, parent) if parent else config)[name]
    elif override.is_add():
        if not isinstance(value, dict | list) and OmegaConf.select(config, key) is not None:
            raise KeyError(key)
        OmegaConf.update(config, key, value, force_add=True)
    else:
        OmegaConf.update(config, key, value, force_add=override.is_force_add())


def _override_dirname(overrides: Sequence[Override], form: DictConfig) -> str:
    """`hydra.job.override_dirname`, of the form that `hydra.job.config.override_dirname` gives."""
    lines = sorted(str(each.input_line) for each in overrides if each.key_or_group not in form.exclude_keys)
    return re.sub("=", form.kv_sep, form.item_sep.join(lines))


def _concerns_hydra(override: Override) -> bool:
    return "hydra" in re.split(r"\W", override.key_or_group)


def _leads_elsewhere(config: DictConfig, key: str) -> bool:
    """Whether a key's path goes through an interpolation, which may stand for a part of the `hydra` node."""
    node: Any = config
    for part in key.split(".")[:-1]:
        if not isinstance(node, DictConfig) or OmegaConf.is_interpolation(node, part):
            return True
        if part not in node:  # Hydra adds it, or refuses to
            return False
        node = node[part]
    return not isinstance(node, DictConfig)
