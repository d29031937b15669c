"""Overrides of a sweep, read in Hydra's own syntax: which keys vary, and over how many values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Glob, Override

from runner.errors import InputError
from runner.writing.wording import did_you_mean, hydra_value


def varied_keys(
    params: Mapping[str, Any], overrides: Sequence[str], loader: ConfigLoader | None = None
) -> dict[str, int | None]:
    """The keys that a search varies, each with its number of values, or None where the sweeper decides.

    Args:
        params: `hydra.sweeper.params`.
        overrides: the command line's; they come after those of `params`.
        loader: Hydra's config loader, for `glob(*)`.

    Raises:
        HydraException: one cannot be read.
        InputError: one has no value, so that there would be no job.
    """
    given = [declared(key, value) for key, value in params.items()]
    counts: dict[str, int | None] = {}
    for override in OverridesParser.create(loader).parse_overrides([*given, *overrides]):
        key = override.get_key_element().lstrip("+")
        if not override.is_sweep_override():
            counts.pop(key, None)  # one value in place of several of hydra.sweeper.params
        else:
            counts[key] = len(values_of(override)) if override.is_discrete_sweep() else None
    return counts


def declared(key: str, value: Any) -> str:
    """An entry of `hydra.sweeper.params` as an override: a text is in the syntax of one already."""
    return f"{key}={value if isinstance(value, str) else hydra_value(value)}"


def values_of(override: Override) -> list[str]:
    """The values of an override that lists them, or its one value, each as it is written behind `key=`.

    Raises:
        InputError: there is none, or there is a range without steps.
    """
    if not override.is_sweep_override():
        return [override.get_value_element_as_str()]
    if not override.is_discrete_sweep():
        raise InputError(
            f"{override.input_line}: an interval has no steps, so it is for a search (hydra/sweeper=optuna); "
            "list its values, or use range(...)"
        )
    values = list(override.sweep_string_iterator())
    if not values:
        raise InputError(_nothing(override, override.get_key_element().lstrip("+")))
    return values


def _nothing(override: Override, key: str) -> str:
    """Why a sweep has no value for a key, and what it might have."""
    if not isinstance(value := override.value(), Glob):
        return f"{override.input_line}: holds no value, so there is nothing to run"
    options = sorted(override.config_loader.get_group_options(key) if override.config_loader else [])
    asked = ",".join(value.include).strip("*")
    hint = did_you_mean(asked, options) if options else f"for files, {key}='files(*.csv)'"
    return f"{key}=glob({','.join(value.include)}): no option of that group matches; {hint}"
