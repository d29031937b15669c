"""What the runs of a sweep share, so that it is loaded, split, opened and asked for once."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Hashable
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from runner import data, tracking
from runner.config.checks import check_streamed
from runner.config.experiment_config import ExperimentConfig
from runner.config.instantiate import build, locate, parameters
from runner.config.row_costs import SIGNED, form_of_costs
from runner.config.schemas import TrackingConfig
from runner.data import Dataset, Splits, StreamedDataset
from runner.data import check as check_dataset
from runner.data.sampling import Sampler
from runner.data.split.protocol import Split
from runner.errors import InputError
from runner.experiment.initial_weights import InitialWeights, initial_weights
from runner.terms.costs import KEYS
from runner.terms.findings import Finding, collected
from runner.writing.wording import did_you_mean

log = logging.getLogger("runner.data")

RANDOM = "runner.data.RandomSplit"
LATEST = 4  # datasets, and splits: a sweep goes through one after the other, so few serve many runs

Value = TypeVar("Value")


class Resources:
    """Remembers the latest datasets and splits by their config, the trackers, and the tags of provenance.

    What it hands out is shared by runs: nobody may change it.

    Args:
        in_sweep: whether they are a sweep's, which has opened the store before.
    """

    def __init__(self, *, in_sweep: bool = False) -> None:
        self._in_sweep = in_sweep
        self._datasets: dict[Hashable, tuple[Dataset, list[Finding]]] = {}
        self._splits: dict[Hashable, tuple[Splits, list[Finding]]] = {}
        self._trained: dict[Hashable, Splits] = {}
        self._initial: dict[Hashable, tuple[InitialWeights | None, list[Finding]]] = {}
        self._trackers: dict[Hashable, tracking.Tracker] = {}

    def dataset(self, config: ExperimentConfig) -> Dataset:
        """The checked dataset of a run's config.

        Raises:
            InputError: it cannot be loaded, or cannot be used.
        """
        return self._loaded(config)[0]

    def splits(self, config: ExperimentConfig) -> Splits:
        """The splits of a run's config as it trains on them; see `as_trained`.

        Raises:
            InputError: as `dataset`, or a part would lack a class, or cannot be weighted or sampled so.
        """
        splits, dataset = self.splits_of_data(config), self.dataset(config)
        key = [_key(config, "dataset", "split", "preprocessing"), form_of_costs(config.loss)]
        key += [config.trainer.get(each) for each in ("batch_size", "positive_share")]
        if config.sampling:
            key.append(_key(config, "sampling", "seed"))
        return _latest(self._trained, json.dumps(key), lambda: as_trained(config, dataset, splits))

    def splits_of_data(self, config: ExperimentConfig) -> Splits:
        """The splits of a run's config with all rows of the training part, each once.

        Raises:
            InputError: as `dataset`, or a part would lack a class.
        """
        return self._divided(config)[0]

    def findings(self, config: ExperimentConfig) -> list[Finding]:
        """What there is to look at in the data of a run's config and in its splits, but for what its config ignores.

        Raises:
            InputError: as `splits`.
        """
        both = [*self._loaded(config)[1], *self._divided(config)[1]]
        return [finding for finding in both if finding.code not in config.checks.ignored]

    def _loaded(self, config: ExperimentConfig) -> tuple[Dataset, list[Finding]]:
        def load() -> tuple[Dataset, list[Finding]]:
            with collected(config.checks.ignored) as found:
                return load_dataset(config), found

        return _latest(
            self._datasets,
            json.dumps([_key(config, "dataset"), config.split.get("column"), config.evaluation.groups], default=str),
            load,
        )

    def _divided(self, config: ExperimentConfig) -> tuple[Splits, list[Finding]]:
        split, dataset = make_split(config), self._loaded(config)[0]

        if isinstance(dataset, StreamedDataset):
            check_streamed(config.sampling, config.trainer)

        def divide() -> tuple[Splits, list[Finding]]:
            with collected(config.checks.ignored) as found:
                return data.make_splits(dataset, split, config.preprocessing), found

        return _latest(self._splits, _key(config, "dataset", "split", "preprocessing"), divide)

    def initial_weights(self, config: ExperimentConfig) -> tuple[InitialWeights | None, list[Finding]]:
        """The weights that a run's config starts from, None for its seed's; and what there is to look at in that.

        Raises:
            InputError: as `splits`, or there are no such weights.
        """

        def read() -> tuple[InitialWeights | None, list[Finding]]:
            with collected(config.checks.ignored) as found:
                return initial_weights(config, self.dataset(config)), found

        if config.init.weights is None:
            return None, []
        key = config.init.weights + _key(config, "dataset", "split", "tracking", "paths")
        return _latest(self._initial, key, read)

    def tracker(self, config: TrackingConfig, outputs: Path) -> tracking.Tracker:
        """The tracker of a config group, its store opened.

        Args:
            config: the group.
            outputs: the folder of the local store.

        Raises:
            InputError: the store has no address, or does not answer.
        """
        key = json.dumps([vars(config), str(outputs)], sort_keys=True)
        return _latest(self._trackers, key, lambda: _open(config, outputs, in_sweep=self._in_sweep))

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


def make_sampler(config: ExperimentConfig) -> Sampler:
    """How the training part is sampled, as the config has it.

    Raises:
        InputError: it refuses its arguments, or is none.
    """
    sampler = build("sampling", config.sampling)
    if not callable(getattr(sampler, "sample", None)):
        raise InputError(
            f"sampling._target_={config.sampling.get('_target_')} is a {type(sampler).__name__} without "
            "sample(splits, seed), which returns the training part"
        )
    return sampler


def as_trained(config: ExperimentConfig, dataset: Dataset, splits: Splits) -> Splits:
    """The splits as a config trains on them: rows weighted by their costs where the loss takes them, the training part
    sampled where the config says so, and with the share of positives that it gives to its batches.

    Args:
        config: of the run.
        dataset: that is split.
        splits: with all rows, each once.

    Raises:
        InputError: rows cannot be weighted or sampled so.
    """
    form, share = form_of_costs(config.loss), config.trainer.get("positive_share")
    if form is not None and dataset.costs is not None:
        splits = data.weighted_by_costs(splits, dataset, signed=form == SIGNED)
    if config.sampling:
        splits = data.with_sampled_train(splits, make_sampler(config), config.seed)
    return splits if share is None else data.with_batch_share(splits, config.trainer["batch_size"], share)


def load_dataset(config: ExperimentConfig) -> Dataset:
    """The dataset of the config, checked; a user's own loader is held to the same rules as ours.

    Raises:
        InputError: it cannot be loaded, or cannot be used.
    """
    column = config.split.get("column")
    own = parameters(locate("dataset._target_", str(config.dataset.get("_target_"))))
    ours = [key for key in (*KEYS, "unlabelled") if key not in own]  # of a loader that does not ask for them
    arguments = {key: value for key, value in config.dataset.items() if key not in ours}
    by = config.evaluation.groups
    dataset = build("dataset", arguments, known={"split_column": column, "subgroup_column": by})
    if not isinstance(dataset, Dataset):
        raise InputError(
            f"dataset._target_={config.dataset['_target_']} returned {type(dataset).__name__}: "
            "a loader must return a runner.data.Dataset"
        )
    if by is not None and dataset.subgroups is None:  # a loader that does not ask for it
        dataset = data.with_subgroups(dataset, by)
    if column is not None and dataset.split_by is None:  # likewise
        dataset = _divided_by(dataset, str(column))
    dataset = data.with_costs(dataset, {key: config.dataset.get(key) for key in KEYS if key in ours})
    if config.dataset.get("unlabelled"):
        dataset = replace(dataset, unlabelled=True)
    if dataset.summary:  # how a user's file was understood: said before anything is trained on it
        log.info("read %s", dataset.summary)
    if isinstance(dataset, StreamedDataset):
        return dataset
    checked = check_dataset(dataset)
    if not dataset.summary:  # whoever reads files says it of them
        data.warn_of_rows(checked, checked.name)
    return checked


def _divided_by(dataset: Dataset, column: str) -> Dataset:
    """The dataset with a feature column as what a split goes by, and no longer as a feature.

    Raises:
        InputError: there is no such column, or no other.
    """
    if column not in dataset.features:
        raise InputError(
            f"split.column: {dataset.name} has no column '{column}': {did_you_mean(column, dataset.features.columns)}"
        )
    if dataset.features.shape[1] == 1:
        raise InputError(f"split.column={column}: {dataset.name} has no other column, and this one is no feature then")
    values = dataset.features[column].to_numpy()
    return replace(dataset, features=dataset.features.drop(columns=column), split_by=values)


def _open(config: TrackingConfig, outputs: Path, *, in_sweep: bool) -> tracking.Tracker:
    if config.backend == "none":
        return tracking.NoTracker()
    uri = tracking.configured_uri(config, outputs)  # a wrong address shows before MLflow is loaded
    return tracking.open_tracker(uri, config, outputs, in_sweep=in_sweep)


def _latest(values: dict[Hashable, Value], key: Hashable, make: Callable[[], Value]) -> Value:
    """The value under `key`, made if it is not there; of many the one used longest ago is dropped."""
    value = values.pop(key) if key in values else make()
    values[key] = value
    if len(values) > LATEST:
        del values[next(iter(values))]
    return value


def _key(config: ExperimentConfig, *groups: str) -> str:
    return json.dumps([config.values[group] for group in groups], sort_keys=True, default=str)
