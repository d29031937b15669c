"""What the runs of a sweep share, so that it is loaded, split, opened and asked for once."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Hashable
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from runner import data, tracking
from runner.config.experiment_config import ExperimentConfig
from runner.config.instantiate import build
from runner.config.schemas import TrackingConfig
from runner.data import Dataset, Splits
from runner.data import check as check_dataset
from runner.data.split.protocol import Split
from runner.errors import InputError

log = logging.getLogger("runner.data")

RANDOM = "runner.data.RandomSplit"
LATEST = 4  # datasets, and splits: a sweep goes through one after the other, so few serve many runs

Value = TypeVar("Value")


class Resources:
    """Remembers the latest datasets and splits by their config, the trackers, and the tags of provenance.

    What it hands out is shared by runs: nobody may change it.
    """

    def __init__(self) -> None:
        self._datasets: dict[Hashable, Dataset] = {}
        self._splits: dict[Hashable, Splits] = {}
        self._trackers: dict[Hashable, tracking.Tracker] = {}

    def dataset(self, config: ExperimentConfig) -> Dataset:
        """The checked dataset of a run's config.

        Raises:
            InputError: it cannot be loaded, or cannot be used.
        """
        return _latest(self._datasets, _key(config, "dataset"), lambda: load_dataset(config))

    def splits(self, config: ExperimentConfig) -> Splits:
        """The splits of a run's config.

        Raises:
            InputError: as `dataset`, or a part would lack a class.
        """
        key, split = _key(config, "dataset", "split", "preprocessing"), make_split(config)
        return _latest(self._splits, key, lambda: data.make_splits(self.dataset(config), split, config.preprocessing))

    def tracker(self, config: TrackingConfig, outputs: Path) -> tracking.Tracker:
        """The tracker of a config group, its store opened.

        Args:
            config: the group.
            outputs: the folder of the local store.

        Raises:
            InputError: the store has no address, or does not answer.
        """
        key = json.dumps([vars(config), str(outputs)], sort_keys=True)
        return _latest(self._trackers, key, lambda: _open(config, outputs))

    @cached_property
    def provenance(self) -> dict[str, str]:
        """See `runner.tracking.provenance`, which asks git."""
        return tracking.provenance_tags()


def make_split(config: ExperimentConfig) -> Split:
    """Which rows go where, as the config has it; one without `_target_` is the random one.

    Raises:
        InputError: it refuses its arguments, or is none.
    """
    split = build("split", {"_target_": RANDOM, **config.split})
    if not callable(getattr(split, "rows", None)):
        raise InputError(
            f"split._target_={config.split.get('_target_')} is a {type(split).__name__} without rows(dataset), which "
            "returns the rows of train, validation and test"
        )
    return split


def load_dataset(config: ExperimentConfig) -> Dataset:
    """The dataset of the config, checked; a user's own loader is held to the same rules as ours.

    Raises:
        InputError: it cannot be loaded, or cannot be used.
    """
    dataset = build("dataset", config.dataset)
    if not isinstance(dataset, Dataset):
        raise InputError(
            f"dataset._target_={config.dataset['_target_']} returned {type(dataset).__name__}: "
            "a loader must return a runner.data.Dataset"
        )
    if dataset.summary:  # how a user's file was understood: said before anything is trained on it
        log.info("read %s", dataset.summary)
    return check_dataset(dataset)


def _open(config: TrackingConfig, outputs: Path) -> tracking.Tracker:
    if config.backend == "none":
        return tracking.NoTracker()
    uri = tracking.configured_uri(config, outputs)  # a wrong address shows before MLflow is loaded
    return tracking.open_tracker(uri, config, outputs)


def _latest(values: dict[Hashable, Value], key: Hashable, make: Callable[[], Value]) -> Value:
    """The value under `key`, made if it is not there; of many the one used longest ago is dropped."""
    value = values.pop(key) if key in values else make()
    values[key] = value
    if len(values) > LATEST:
        del values[next(iter(values))]
    return value


def _key(config: ExperimentConfig, *groups: str) -> str:
    return json.dumps([config.values[group] for group in groups], sort_keys=True, default=str)
