"""From a config's `_target_` to the object, handing it what only the running program knows."""

from __future__ import annotations

import inspect
import pydoc
from collections.abc import Callable, Collection, Mapping
from typing import Any

from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import OmegaConf

from runner.errors import InputError


def build(
    group: str, config: Mapping[str, Any], *arguments: Any, known: Mapping[str, Any] | None = None, **keywords: Any
) -> Any:
    """Calls the class or function that `config` names, with its other keys as arguments.

    Args:
        group: the config group, for messages.
        config: has `_target_`, the dotted name; ours or the user's.
        *arguments, **keywords: passed on.
        known: values passed on only if the target takes an argument of that name and the config leaves it out: the
            training part's prevalence for a loss, say, which no author of a config could know.

    Raises:
        InputError: the target does not exist, or refuses its arguments.
    """
    found = locate(f"{group}._target_", str(config.get("_target_")))
    accepted = _parameters(found)
    supplied = {name: value for name, value in (known or {}).items() if name in accepted and config.get(name) is None}
    own = {key: value for key, value in config.items() if key not in supplied}
    try:
        return instantiate(OmegaConf.create(own), *arguments, **supplied, **keywords, _convert_="all")
    except InstantiationException as problem:
        cause = problem.__cause__
        if isinstance(cause, InputError):
            raise cause from None
        if isinstance(cause, (ValueError, TypeError)):
            raise InputError(f"{group}: {' '.join(str(cause).split())}") from problem
        raise


def locate(key: str, name: str) -> Callable[..., Any]:
    """The class or function of a dotted name, ours or the user's.

    Args:
        key: where the config has the name, for messages.
        name: such as `my_losses.ShiftedLoss`.

    Raises:
        InputError: there is none.
    """
    try:
        found = pydoc.locate(name)
    except pydoc.ErrorDuringImport as problem:
        raise InputError(f"{key}={name} cannot be loaded: {' '.join(str(problem).split())}") from problem
    if not callable(found):
        raise InputError(
            f"{key}={name}: there is no such class or function; "
            "its module must be installed, or in the folder where the command is started"
        )
    return found


def _parameters(target: Any) -> Collection[str]:
    """Names of the arguments a class or function takes; none where it does not say, as some builtins."""
    try:
        return inspect.signature(target).parameters.keys()
    except ValueError:
        return ()
