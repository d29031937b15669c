"""From a config's `_target_` to the object, handing it what only the running program knows."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from typing import Any

from hydra.errors import InstantiationException
from hydra.utils import instantiate

from runner.errors import InputError


def build(
    group: str, arguments: Mapping[str, Any], *positional: Any, known: Mapping[str, Any] | None = None, **keywords: Any
) -> Any:
    """What the class or function that `arguments` names returns when it is called with the other arguments.

    Args:
        group: the config group, for messages.
        arguments: has `_target_`, the dotted name; ours or the user's.
        *positional, **keywords: passed on.
        known: values passed on only if the target takes an argument of that name and `arguments` leaves it out: the
            training part's prevalence for a loss, say, which no author of a config could know.

    Raises:
        InputError: the target does not exist, or refuses its arguments.
    """
    target = locate(f"{group}._target_", str(arguments.get("_target_")))
    accepted = parameters(target)
    missing = {name: value for name, value in (known or {}).items() if name in accepted and arguments.get(name) is None}
    given = {key: value for key, value in arguments.items() if key not in missing}
    try:
        return instantiate(given, *positional, **missing, **keywords, _convert_="all")
    except InstantiationException as problem:
        cause = problem.__cause__
        if isinstance(cause, InputError):
            raise cause from None
        if isinstance(cause, (ValueError, TypeError)):
            raise InputError(f"{group}: {' '.join(str(cause).split())}") from problem
        raise


def locate(key: str, name: str) -> Callable[..., Any]:
    """The class or function of a dotted name, ours or the user's.

    `hydra.utils.get_object` would do, but for the line that it logs before it raises.

    Args:
        key: where the config has the name, for messages.
        name: such as `my_losses.ShiftedLoss`.

    Raises:
        InputError: there is none.
    """
    found = None
    try:
        found = pkgutil.resolve_name(name)
    except (ImportError, AttributeError, ValueError):
        _import_parents(key, name)
    except Exception as problem:  # whatever the user's module raises while it is imported
        raise InputError(f"{key}={name} cannot be loaded: {_one_line(problem)}") from problem
    if not callable(found):
        raise InputError(
            f"{key}={name}: there is no such class or function; "
            "its module must be installed, or in the folder where the command is started"
        )
    return found


def _import_parents(key: str, name: str) -> None:
    """Imports the modules on the way to `name`, to tell a module that is missing from one that cannot be imported.

    Raises:
        InputError: one of them is there and raises.
    """
    parts = name.split(".")
    for end in range(1, len(parts)):
        module = ".".join(parts[:end])
        try:
            importlib.import_module(module)
        except ModuleNotFoundError as problem:
            if problem.name != module:
                raise InputError(f"{key}={name} cannot be loaded: {_one_line(problem)}") from problem
            return
        except ValueError:  # an empty part of the name
            return
        except Exception as problem:
            raise InputError(f"{key}={name} cannot be loaded: {_one_line(problem)}") from problem


def _one_line(problem: BaseException) -> str:
    return " ".join(f"{type(problem).__name__}: {problem}".split())


def parameters(target: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    """The arguments a class or function takes, by name; none where it does not say, as some builtins."""
    try:
        return inspect.signature(target).parameters
    except ValueError:
        return {}
