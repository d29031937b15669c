"""What the runs of a sweep share, so that it is loaded, split, opened and asked for once."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from omegaconf import DictConfig, OmegaConf

from runner import data
from runner.config.instantiate import build
from runner.data import Dataset, Splits
from runner.data import check as check_dataset
from runner.errors import InputError

if TYPE_CHECKING:
    from runner.tracking import Store

KEPT = 4  # datasets, and splits: a sweep goes through one after the other, so few serve many runs

Value = TypeVar("Value")


class Cache:
    """Remembers the latest datasets and splits by their config, the stores, and who runs this by what command.

    What it hands out is shared by runs: nobody may change it.
    """

    def __init__(self) -> None:
        self._datasets: dict[Hashable, Dataset] = {}
        self._splits: dict[Hashable, Splits] = {}
        self._stores: dict[Hashable, Store | None] = {}

    def dataset(self, config: DictConfig) -> Dataset:
        """The checked dataset of a run's config."""
        return _kept(self._datasets, _key(config, "dataset"), lambda: load_dataset(config))

    def splits(self, config: DictConfig) -> Splits:
        """The splits of a run's config."""
        key = _key(config, "dataset", "split")
        return _kept(self._splits, key, lambda: data.make_splits(self.dataset(config), **config.split))

    def store(self, config: DictConfig) -> Store | None:
        """The opened store of a run's config; None for `tracking=none`."""
        from runner.tracking import store_of

        return _kept(self._stores, _key(config, "tracking", "paths"), lambda: store_of(config))

    @cached_property
    def tags(self) -> dict[str, str]:
        """See `runner.runs.description.tags`, which asks git."""
        from runner.runs import description

        return description.tags()


@lru_cache(maxsize=1)
def cache_of(sweep_folder: Path) -> Cache:
    """The one of all jobs of a sweep that this process runs, and of the sweep's end."""
    return Cache()


def load_dataset(config: DictConfig) -> Dataset:
    """The dataset of the config, checked; a user's own loader is held to the same rules as ours."""
    dataset = build("dataset", config.dataset)
    if not isinstance(dataset, Dataset):
        raise InputError(
            f"dataset._target_={config.dataset._target_} returned {type(dataset).__name__}: "
            "a loader must return a runner.data.Dataset"
        )
    return check_dataset(dataset)


def _kept(kept: dict[Hashable, Value], key: Hashable, make: Callable[[], Value]) -> Value:
    """The value under `key`, made if it is not there; of many the one used longest ago is dropped."""
    value = kept.pop(key) if key in kept else make()
    kept[key] = value
    if len(kept) > KEPT:
        del kept[next(iter(kept))]
    return value


def _key(config: DictConfig, *groups: str) -> str:
    nodes = [OmegaConf.to_container(config[group], resolve=True) for group in groups]
    return json.dumps(nodes, sort_keys=True, default=str)
