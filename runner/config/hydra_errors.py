"""Hydra's and OmegaConf's errors, many lines each, as the one line that helps; and how ours get past Hydra."""

from __future__ import annotations

import re
from typing import Any

from hydra.errors import OverrideParseException
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException, ValidationError

from runner.config.options import GROUPS, default_arguments, option_files
from runner.errors import with_causes
from runner.writing.wording import closest
from runner.writing.wording import override as typed_override

MANY = 4  # options that are listed


class HydraPassThrough(BaseException):
    """Carries an error through Hydra, which catches every `Exception`: of a callback it would only warn, of a job it
    would print lines of its own.

    Attributes:
        problem: the error; the command line raises it again.
    """

    def __init__(self, problem: Exception) -> None:
        self.problem = problem


def explain(problem: BaseException) -> str:
    """One line that names what was refused, where, and the way out.

    Args:
        problem: raised by Hydra while it composed a config, parsed overrides or looked for a plugin.
    """
    cause = _omegaconf_cause(problem)
    text = str(problem)
    override = re.search(r"Could not override '([^']+)'|Error merging override (\S+)", text)
    if override and cause is not None:
        key = (override[1] or override[2]).partition("=")[0].lstrip("+~")
        if isinstance(cause, (ConfigAttributeError, ConfigKeyError)):
            return f"{key}: there is no such key; {_neighbours(cause, key)}"
        if isinstance(cause, ValidationError):
            return f"{override[2] or key}: {str(cause).splitlines()[0]}"
    if isinstance(problem, OverrideParseException):
        said = text.splitlines()[0]
        key, equals, value = str(problem.override).partition("=")
        way_out = f"; if {value} is a text, write {typed_override(key, value)}" if equals and value else ""
        return f"{problem.override}: cannot be read ({said}){way_out}"
    missing = re.search(r"Could not find '([\w/]+)/([^'/]+)'", text)
    if missing:
        group, option = missing[1], missing[2]
        options = re.findall(r"^\t(\S+)$", text, re.MULTILINE)
        near = closest(option, options)
        hint = f"did you mean {typed_override(group, near[0])}?" if near else f"there are {', '.join(options)}"
        return f"{group}={option}: there is no such option; {hint}"
    group = re.search(r"Could not override '([^']+)'\. No match in the defaults list", " ".join(text.split()))
    if group:
        return f"{group[1]}: there is no such config group or key; `python -m runner --help` lists the groups"
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("See https")]
    if cause is not None and cause is not problem:
        lines.append(str(cause).splitlines()[0])
    return " ".join(dict.fromkeys(lines))[:400] or type(problem).__name__


def _omegaconf_cause(problem: BaseException) -> OmegaConfBaseException | None:
    return next((each for each in with_causes(problem) if isinstance(each, OmegaConfBaseException)), None)


def _options_with(key: str) -> str:
    """The options of the group that have a key which the chosen one has not, as split.fold; empty if none has."""
    group, _, name = key.partition(".")
    having = [option for option, path in option_files(group).items() if name in default_arguments(path)]
    if not name or not having or group not in GROUPS:
        return ""
    more = f" and {len(having) - MANY} more" if len(having) > MANY else ""
    chosen = ", ".join(typed_override(group, option) for option in having[:MANY])
    return f"; {chosen}{more} ha{'s' if len(having) == 1 and not more else 've'} it"


def _neighbours(cause: OmegaConfBaseException, key: str) -> str:
    """The keys beside the one that is missing: a likely one first, if any."""
    parent: Any = cause.parent_node
    keys = [str(name) for name in parent if name != "_target_"] if parent is not None else []
    near = closest(key.rpartition(".")[2], keys)
    prefix = key.rpartition(".")[0]
    if near:
        return f"did you mean {prefix}.{near[0]}?" if prefix else f"did you mean {near[0]}?"
    return f"{prefix or 'the config'} has {', '.join(keys) or 'none'}{_options_with(key)}"
