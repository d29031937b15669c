"""What a search varies: overrides in Hydra's own syntax, read as Optuna's distributions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import IntervalSweep, Override, RangeSweep, Transformer
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from runner.config.checks import check
from runner.config.overrides import declared
from runner.errors import InputError
from runner.writing.wording import hydra_value

SYNTAX = "interval(1e-4,1e-2), tag(log,interval(1e-4,1e-2)), int(interval(1,8)), range(0,5), choice(a,b) or a,b"


@dataclass(frozen=True)
class Space:
    """Which keys keep their value in all trials, and which do not.

    Attributes:
        fixed: key to its whole override, as it was written.
        searched: key to distribution. A key that the config lacks keeps the + it was written with.
    """

    fixed: Mapping[str, str]
    searched: Mapping[str, BaseDistribution]

    def overrides(self, values: Mapping[str, Any]) -> list[str]:
        """One trial's command line: what is fixed, then `values`."""
        return [*self.fixed.values(), *(as_override(key, value) for key, value in values.items())]

    def probes(self) -> list[list[str]]:
        """The command lines of a few points that together have every choice and both ends of every range."""
        values = {key: _extremes(distribution) for key, distribution in self.searched.items()}
        count = max((len(each) for each in values.values()), default=1)
        return [
            self.overrides({key: each[min(i, len(each) - 1)] for key, each in values.items()}) for i in range(count)
        ]


def parse_space(params: Mapping[str, Any], arguments: Sequence[str], loader: ConfigLoader | None = None) -> Space:
    """The space of a search.

    Args:
        params: `hydra.sweeper.params`, key to value in the syntax of an override.
        arguments: the command line's overrides, which win over `params`.
        loader: Hydra's config loader, for `glob(*)`.

    Raises:
        InputError: a range that Optuna cannot search.
    """
    of_config = [declared(key, value) for key, value in params.items()]
    fixed, searched = dict[str, str](), dict[str, BaseDistribution]()
    for override in OverridesParser.create(config_loader=loader).parse_overrides([*of_config, *arguments]):
        key = override.get_key_element()
        for known in (key, key.lstrip("+")):
            fixed.pop(known, None)
            searched.pop(known, None)
        if override.is_sweep_override():
            searched[key] = _distribution(override)
        else:
            assert override.input_line is not None
            fixed[key] = override.input_line
    return Space(fixed, searched)


def check_space(config: DictConfig, space: Space, loader: ConfigLoader, *, complete: bool) -> None:
    """Composes a few trials, so that a space that reaches what is refused is refused before the first run.

    Args:
        config: of the sweep.
        space: of the search.
        loader: composes a trial's config.
        complete: whether the space is all of a trial; else a function adds to it, and configs are only composed.

    Raises:
        InputError: a config of the space is refused.
    """
    for overrides in space.probes():
        probe = loader.load_sweep_config(config, overrides)  # the loader's own: it may be launched as it is
        if not complete:
            continue
        try:
            check(OmegaConf.masked_copy(probe, [str(key) for key in probe if key != "hydra"]))
        except InputError as problem:
            raise InputError(f"the search space reaches what is refused: {problem}") from problem


def as_override(key: str, value: Any) -> str:
    """`loss.gamma=1.23457`, as Hydra reads it.

    A choice's text is in Hydra's syntax already, as Optuna keeps no lists; one of a user's own function that is not, is
    quoted.
    """
    if isinstance(value, str) and _is_one_value(f"{key}={value}"):
        return f"{key}={value}"
    return f"{key}={hydra_value(value)}"


def _is_one_value(text: str) -> bool:
    try:
        (parsed,) = OverridesParser.create().parse_overrides([text])
    except HydraException:
        return False
    return not parsed.is_sweep_override()


def _choice(value: Any) -> Any:
    """A number or truth value as it is, all else in Hydra's syntax."""
    if isinstance(value, str):  # without the quotes that it had in `choice(...)`
        return hydra_value(value)
    return value if isinstance(value, (bool, int, float)) else Transformer.str(value)


def rounded(values: Mapping[str, Any], distributions: Mapping[str, BaseDistribution]) -> dict[str, Any]:
    """Values with six digits where the range is continuous: enough to search with, and short in a run's name."""
    return {
        key: float(f"{value:.6g}") if isinstance(distributions[key], FloatDistribution) else value
        for key, value in values.items()
    }


def _distribution(override: Override) -> BaseDistribution:
    value = override.value()
    try:
        if not isinstance(value, (IntervalSweep, RangeSweep)):
            choices: list[Any] = list(override.sweep_iterator(transformer=_choice))
            return CategoricalDistribution(choices)
        if value.tags - {"log"}:
            raise ValueError(f"the only tag with a meaning here is log, not {', '.join(sorted(value.tags - {'log'}))}")
        log = "log" in value.tags
        if isinstance(value, IntervalSweep):
            assert value.start is not None
            assert value.end is not None
            whole = isinstance(value.start, int) and isinstance(value.end, int)
            return (IntDistribution if whole else FloatDistribution)(value.start, value.end, log)  # type: ignore[arg-type]
        numbers = sorted(value.range())
        if not numbers:
            raise ValueError("an empty range")
        if all(isinstance(number, int) for number in numbers):
            return IntDistribution(int(numbers[0]), int(numbers[-1]), log, int(abs(value.step)))
        # Rounded, because Optuna wants a whole number of steps and adding 0.1 up leaves 0.30000000000000004.
        return FloatDistribution(float(numbers[0]), float(f"{numbers[-1]:.12g}"), log, abs(value.step))
    except ValueError as problem:
        reason = " ".join(str(problem).split()).rstrip(".")
        raise InputError(f"{override.input_line}: cannot be searched ({reason}); write {SYNTAX}") from problem


def _extremes(distribution: BaseDistribution) -> Sequence[Any]:
    """Every choice, or both ends of a range."""
    if isinstance(distribution, CategoricalDistribution):
        return distribution.choices
    assert isinstance(distribution, (IntDistribution, FloatDistribution))
    return (distribution.low, distribution.high)
