"""The jobs of a sweep that lists them: a product of keys and zips, once for each grid."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf

from runner.config.file_sweeps import with_files
from runner.config.fold_sweeps import REPEAT, Compose, is_all, with_folds
from runner.config.overrides import declared, values_of
from runner.config.zip_and_grid import KINDS, PARAMS, Group, as_typed, typed_groups
from runner.errors import InputError

LISTS_JOBS = "basic"
"""The option of `hydra/sweeper` whose jobs these are."""
WHAT_IS_COMPARED = ("loss", "model", "optimizer", "sampling", "init")


@dataclass(frozen=True)
class SweepJobs:
    """What a sweep consists of.

    Attributes:
        jobs: the overrides of each.
        varied: the keys that differ between jobs.
        name: the same in words: `loss + trainer.epochs × seed`, where + is between keys that vary together.
        recipe: those of `varied` that belong to what is compared, as each loss comes with values of its own.
    """

    jobs: list[list[str]]
    varied: tuple[str, ...]
    name: str
    recipe: tuple[str, ...]


@dataclass(frozen=True)
class _Axis:
    """Keys that vary together.

    Attributes:
        said: as the user wrote it.
        steps: for each step the value of each key, as overrides.
        is_swept: whether it is more than one fixed value.
    """

    said: str
    steps: list[dict[str, str]]
    is_swept: bool = True

    @property
    def keys(self) -> list[str]:
        return list(self.steps[0])


def sweep_params(config: DictConfig) -> dict[str, Any]:
    """`hydra.sweeper.params` of a config composed for a sweep, resolved; none for a sweeper that has none."""
    params = config.hydra.sweeper.get("params")
    values = OmegaConf.to_container(params, resolve=True) if OmegaConf.is_config(params) else None
    return {str(key): value for key, value in values.items()} if isinstance(values, dict) else {}


def configured_jobs(config: DictConfig, arguments: Sequence[str], loader: ConfigLoader) -> SweepJobs:
    """The jobs of a config composed for a sweep, and of the command line; see `sweep_jobs`."""
    return sweep_jobs(sweep_params(config), arguments, loader, lambda job: loader.load_sweep_config(config, list(job)))


def sweep_jobs(
    params: Mapping[str, Any],
    arguments: Sequence[str],
    loader: ConfigLoader | None = None,
    compose: Compose | None = None,
) -> SweepJobs:
    """The jobs that a command asks for.

    Args:
        params: `hydra.sweeper.params`: key to values, in the syntax of an override; `zip` and `grid` to groups.
        arguments: the command line's overrides, which win over the keys of `params`.
        loader: Hydra's config loader, for `glob(*)`.
        compose: see `runner.config.fold_sweeps.with_folds`.

    Raises:
        HydraException: an override cannot be read, or a job whose folds are to be counted cannot be composed.
        InputError: there is no job, a key is given twice, or the keys of a zip have unequal numbers of values.
    """
    parser = OverridesParser.create(loader)
    of_config = [declared(key, value) for key, value in params.items() if key not in KINDS]
    given = {kind: _declared_groups(kind, params.get(kind)) for kind in KINDS}
    zips = [_zip(group, parser) for group in given["zip"]]
    grids = [_grid(group, parser) for group in given["grid"]] or [[]]
    typed = _plain(parser.parse_overrides(list(arguments)))
    for grid in grids:
        _refuse_repeated([*zips, *grid], besides=typed)
    # Of a config's params those are left that nothing else names, as the command line wins.
    elsewhere = {_bare(key) for axis in [*typed, *zips] for key in axis.keys}
    from_config = [
        axis
        for axis in _plain(parser.parse_overrides(with_files(of_config)))
        if not elsewhere.intersection(map(_bare, axis.keys))
    ]
    plain = _in_order([*from_config, *typed], of_config)
    jobs = list[list[str]]()
    for grid in grids:
        known = set(map(frozenset, jobs))
        own = {_bare(key) for axis in grid for key in axis.keys}
        axes = [*(axis for axis in plain if not own.intersection(map(_bare, axis.keys))), *zips, *grid]
        for steps in itertools.product(*(axis.steps for axis in axes)):
            overrides = [f"{key}={value}" for step in steps for key, value in step.items()]
            if frozenset(overrides) not in known:  # a run that two grids ask for is done once
                jobs.append(overrides)
    jobs, repeated = with_folds(jobs, compose)
    repeats = [_Axis(REPEAT, [{REPEAT: ""}])] if repeated else []
    return _described(jobs, [*plain, *repeats], zips, [axis for grid in grids for axis in grid])


def groups_given(hydra: Any) -> list[str]:
    """The overrides of a command line that have its zips and grids, as Hydra got them.

    Args:
        hydra: Hydra's node of a config.
    """
    prefixes = tuple(f"{PARAMS}{kind}=" for kind in KINDS)
    return [override for override in hydra.overrides.hydra if override.startswith(prefixes)]


def refuse_groups_of_one_run(hydra: Any) -> None:
    """Refuses zips and grids on the command line of a single run; a config's wait for `-m`, as its other params do.

    Args:
        hydra: Hydra's node of the run's config.

    Raises:
        InputError: there are some.
    """
    if given := as_typed(groups_given(hydra)):
        raise InputError(f"{given[0]}: lists the jobs of a sweep: add -m")


def refuse_groups(params: Mapping[str, Any], sweeper: str) -> None:
    """Refuses zips and grids for a sweeper that chooses its jobs itself.

    Raises:
        InputError: there are some.
    """
    for kind in KINDS:
        for group in _declared_groups(kind, params.get(kind)):
            raise InputError(
                f"{group}: lists the jobs of a sweep, and hydra/sweeper={sweeper} chooses them itself: leave one of "
                "the two out"
            )


def _described(jobs: list[list[str]], plain: list[_Axis], zips: list[_Axis], in_grids: list[_Axis]) -> SweepJobs:
    together = [[_bare(key) for key in axis.keys] for axis in [*plain, *zips] if axis.is_swept]
    known = {key for keys in together for key in keys}
    settings = [_settings(job) for job in jobs]
    of_grids = dict.fromkeys(_bare(key) for axis in in_grids for key in axis.keys)
    differing = [key for key in of_grids if key not in known and len({each.get(key) for each in settings}) > 1]
    together += [differing] if differing else []
    varied = tuple(key for keys in together for key in keys)
    return SweepJobs(jobs, varied, " × ".join(map(" + ".join, together)), _recipe(settings, varied))


def _recipe(settings: Sequence[Mapping[str, str]], varied: Iterable[str]) -> tuple[str, ...]:
    """The trainer's keys whose values are not the same for all that is compared."""
    recipe = []
    for key in varied:
        if not key.startswith("trainer."):
            continue
        values: dict[frozenset[tuple[str, str]], set[str | None]] = {}
        for each in settings:
            compared = {item for item in each.items() if item[0].partition(".")[0] in WHAT_IS_COMPARED}
            values.setdefault(frozenset(compared), set()).add(each.get(key))
        if len(set(map(frozenset, values.values()))) > 1:
            recipe.append(key)
    return tuple(recipe)


def _plain(overrides: Iterable[Override]) -> list[_Axis]:
    """An axis for each key; of a key that is repeated the last override counts, as for Hydra."""
    return list({each.get_key_element(): _axis(each) for each in overrides}.values())


def _in_order(axes: Sequence[_Axis], of_config: Sequence[str]) -> list[_Axis]:
    """A key of a config's params keeps its place where the command line gives it other values."""
    places = [each.partition("=")[0] for each in of_config]
    return sorted(axes, key=lambda axis: places.index(axis.keys[0]) if axis.keys[0] in places else len(places))


def _axis(override: Override) -> _Axis:
    key = override.get_key_element()
    values = values_of(override)
    several = override.is_sweep_override() or any(is_all(key, value) for value in values)
    return _Axis(str(override.input_line), [{key: value} for value in values], is_swept=several)


def _zip(group: Group, parser: OverridesParser) -> _Axis:
    axes = _inside(group, parser)
    if any(is_all(key, value) for axis in axes for step in axis.steps for key, value in step.items()):
        raise InputError(f"{group}: split.fold=all is as many runs as there are folds: put it outside of the zip")
    longest = max(axes, key=lambda axis: len(axis.steps))
    for axis in axes:
        if len(axis.steps) != len(longest.steps):
            counts = [f"{each.keys[0]} has {len(each.steps)}" for each in (longest, axis)]
            raise InputError(f"{group}: {' values, and '.join(counts)}; keys that vary together need as many each")
    rows = zip(*(axis.steps for axis in axes), strict=True)
    return _Axis(str(group), [{key: value for step in row for key, value in step.items()} for row in rows])


def _grid(group: Group, parser: OverridesParser) -> list[_Axis]:
    zips = [inner for word in group.words for inner in typed_groups(word)]
    if any(inner.kind == "grid" for inner in zips):
        raise InputError(f"{group}: a grid holds no other grid; give them one after the other")
    if not zips:
        return _inside(group, parser)
    plain = Group("grid", " ".join(word for word in group.words if not typed_groups(word)))
    axes = [*(_inside(plain, parser) if plain.words else []), *(_zip(inner, parser) for inner in zips)]
    _refuse_repeated(axes)
    return axes


def _inside(group: Group, parser: OverridesParser) -> list[_Axis]:
    """An axis for each override between the brackets.

    Raises:
        InputError: there is none, a word is none, a key is repeated, or one belongs to the whole sweep.
    """
    if not group.words:
        raise InputError(f"{group}: is empty; write {group.kind}=[key=a,b other=c,d]")
    for word in group.words:
        if "=" not in word and not word.startswith("~"):
            raise InputError(f"{group}: {word} is no override; write {group.kind}=[key=a,b other=c,d]")
        if typed_groups(word):
            raise InputError(
                f"{group}: a {group.kind} holds no {word.partition('=')[0]}; zips stand in a grid, or alone"
            )
    overrides = parser.parse_overrides(group.words)
    for each in overrides:
        if each.is_hydra_override() or each.key_or_group.startswith("sweep."):
            raise InputError(f"{group}: {each.key_or_group} belongs to the whole sweep; put it outside of the brackets")
    axes = [_axis(each) for each in overrides]
    _refuse_repeated(axes)
    return axes


def _refuse_repeated(axes: Iterable[_Axis], besides: Iterable[_Axis] = ()) -> None:
    """Refuses a key of several axes; those of `besides` may repeat their own, as `~a +a=1`, which replaces a node."""
    said = {_bare(key): axis.said for axis in besides for key in axis.keys}
    for axis in axes:
        for key in map(_bare, axis.keys):
            if key in said:
                raise InputError(f"{key} is given twice, by {said[key]} and by {axis.said}: leave one out")
            said[key] = axis.said


def _declared_groups(kind: str, value: Any) -> list[Group]:
    """Those of `hydra.sweeper.params`: a text, or a list of texts."""
    texts = [] if value is None else value if isinstance(value, list) else [value]
    if value is not None and not texts:
        raise InputError(f"{Group(kind, '')}: is empty; write {kind}=[key=a,b other=c,d]")
    expanded = with_files([f"{kind}={text}" for text in texts])
    return [group for word in expanded for group in typed_groups(word)]


def _settings(job: Iterable[str]) -> dict[str, str]:
    pairs = (override.partition("=") for override in job)
    return {_bare(key): value for key, _, value in pairs}


def _bare(key: str) -> str:
    return key.lstrip("+~")
