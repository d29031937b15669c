"""Overrides of a sweep, read in Hydra's own syntax: which keys vary, and over how many values."""

from __future__ import annotations

from collections.abc import Sequence

from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Glob, Override
from omegaconf import DictConfig

from runner.errors import InputError
from runner.wording import did_you_mean


def varied_keys(config: DictConfig, overrides: Sequence[str]) -> dict[str, int | None]:
    """The keys that a sweep varies, each with its number of values, or None where the sweeper decides.

    Args:
        config: composed for the sweep, with its `hydra` node.
        overrides: the command line's; they come after those of `hydra.sweeper.params`.

    Raises:
        HydraException: one cannot be read.
        InputError: one has no value, so that there would be no job.
    """
    given = [f"{key}={value}" for key, value in (config.hydra.sweeper.get("params") or {}).items()]
    counts: dict[str, int | None] = {}
    parser = OverridesParser.create(GlobalHydra.instance().config_loader())
    for override in parser.parse_overrides([*given, *overrides]):
        key = override.get_key_element().lstrip("+")
        if not override.is_sweep_override():
            counts.pop(key, None)  # one value in place of several of hydra.sweeper.params
        else:
            counts[key] = len(list(override.sweep_string_iterator())) if override.is_discrete_sweep() else None
            if counts[key] == 0:
                raise InputError(_nothing(override, key))
    return counts


def _nothing(override: Override, key: str) -> str:
    """Why a sweep has no value for a key, and what it might have."""
    if not isinstance(value := override.value(), Glob):
        return f"{override.input_line}: holds no value, so there is nothing to run"
    options = sorted(override.config_loader.get_group_options(key) if override.config_loader else [])
    asked = ",".join(value.include).strip("*")
    hint = did_you_mean(asked, options) if options else f"for files, {key}='files(*.csv)'"
    return f"{key}=glob({','.join(value.include)}): no option of that group matches; {hint}"


def number_of_jobs(config: DictConfig, varied: dict[str, int | None]) -> int | None:
    """How many jobs a sweep will have: the product, or the sweeper's own number of trials; None if nobody knows."""
    trials = config.hydra.sweeper.get("n_trials")
    if trials is not None:
        return int(trials)
    if None in varied.values():
        return None
    total = 1
    for count in varied.values():
        total *= count or 1
    return total
