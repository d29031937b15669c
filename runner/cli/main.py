"""`runner [overrides]` or a sub-command. Exit status 0 done, 2 input refused, 1 anything else."""

from __future__ import annotations

import importlib
import importlib.util
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

from runner.cli.help import help_text
from runner.errors import InputError, RunFailed
from runner.tracking.environment import set_defaults
from runner.wording import closest, did_you_mean

OPTIONS_WITH_A_VALUE = {
    *("--config-dir", "-cd", "--config-name", "-cn", "--config-path", "-cp"),
    *("--cfg", "-c", "--package", "-p", "--info", "-i", "--experimental-rerun"),
}
LONG_OPTIONS = {
    *(option for option in OPTIONS_WITH_A_VALUE if option.startswith("--")),
    *("--help", "--hydra-help", "--version", "--multirun", "--run", "--resolve", "--shell-completion"),
}
"""Hydra's own, by their full names; argparse also takes what is short for one alone, such as `--multi`."""
SHORT_OPTIONS = {*(option for option in OPTIONS_WITH_A_VALUE if option[1] != "-"), "-h", "-m", "-r", "-sc"}
"""Likewise; argparse also takes a value that follows without a space, such as `-cjob`."""

COMMANDS = {
    "ui": "runner.cli.ui",
    "datasets": "runner.cli.datasets",
    "losses": "runner.cli.losses",
    "verify": "runner.cli.verify",
    "resume": "runner.cli.sweeps",
    "compare": "runner.cli.sweeps",
}
"""The module of each sub-command, which has a function of the command's name; loaded when it is asked for."""


def command(name: str) -> Callable[[Sequence[str]], int]:
    """The function of a sub-command: arguments in, exit status out."""
    found: Callable[[Sequence[str]], int] = getattr(importlib.import_module(COMMANDS[name]), name)
    return found


def main() -> int:
    """Runs what the arguments ask for; returns the exit status."""
    arguments = sys.argv[1:]
    show_tracebacks = bool(os.environ.get("HYDRA_FULL_ERROR"))
    signal.signal(signal.SIGTERM, _terminate)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # which nohup has it be
        signal.signal(signal.SIGHUP, _terminate)
    if os.getcwd() not in sys.path:  # the installed script finds a user's own loss as `python -m runner` does
        sys.path.append(os.getcwd())
    try:
        _refuse_shadowed_packages()
        set_defaults()
        if arguments and arguments[0] in COMMANDS:
            return command(arguments[0])(arguments[1:])
        if {"-h", "--help"} & set(arguments):
            print(help_text())
            return 0
        _refuse_stray_words(arguments, list(COMMANDS))
        from runner.cli.train import train  # Hydra and all that stands on it, which no other command waits for

        return train(_options_first(arguments))
    except (InputError, RunFailed) as problem:
        if show_tracebacks:
            raise
        print(f"error: {problem}", file=sys.stderr)
        return 2 if isinstance(problem, InputError) else 1
    except KeyboardInterrupt as problem:
        print(f"\n{str(problem) or 'interrupted'}: what was recorded so far is kept", file=sys.stderr)
        return 1


def _refuse_shadowed_packages() -> None:
    """A user's own losses.py in the current folder would be taken for our package."""
    root = Path(__file__).resolve().parents[2]
    spec = importlib.util.find_spec("losses")
    if spec is None or spec.origin is None or not Path(spec.origin).resolve().is_relative_to(root):
        raise InputError(f"{spec.origin if spec else 'losses'} hides this project's package `losses`: rename that file")


def _refuse_stray_words(arguments: Sequence[str], commands: list[str]) -> None:
    """`seed = 3`, `runner uii` and `--mulitrun`: words that are neither an override nor an option of Hydra's."""
    for before, word in zip(["", *arguments], arguments, strict=False):
        if before in OPTIONS_WITH_A_VALUE:
            continue
        if word.startswith("-"):
            _refuse_unknown_option(word.partition("=")[0])
        elif "=" not in word.strip("=") and not word.startswith("~"):
            near = closest(word, commands)
            hint = f"did you mean `runner {near[0]}`?" if near else "an override is key=value, without spaces around ="
            raise InputError(f"{word}: not an override; {hint}")


def _refuse_unknown_option(option: str) -> None:
    known = LONG_OPTIONS if option.startswith("--") else SHORT_OPTIONS
    if not any(each.startswith(option[:2] if known is SHORT_OPTIONS else option) for each in known):
        raise InputError(f"{option}: not an option; {did_you_mean(option, sorted(LONG_OPTIONS), most=20)}")


def _options_first(arguments: Sequence[str]) -> list[str]:
    """Options, then overrides: argparse would not find those again that stand behind an option in their midst."""
    options: list[str] = []
    overrides: list[str] = []
    for before, word in zip(["", *arguments], arguments, strict=False):
        (options if word.startswith("-") or before in OPTIONS_WITH_A_VALUE else overrides).append(word)
    return [*options, *overrides]


def _terminate(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt("terminated")
