"""The command line: `python -m runner [overrides]`, or a sub-command. Exit status 0 done, 2 input refused, 1 else."""

from __future__ import annotations

import difflib
import importlib.util
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from runner.errors import InputError, RunFailed
from runner.help import help_text

OPTIONS_WITH_A_VALUE = {
    *("--config-dir", "-cd", "--config-name", "-cn", "--config-path", "-cp"),
    *("--cfg", "-c", "--package", "-p", "--info", "-i", "--experimental-rerun"),
}


def main() -> int:
    """Runs what the arguments ask for; returns the exit status."""
    arguments = sys.argv[1:]
    show_tracebacks = bool(os.environ.get("HYDRA_FULL_ERROR"))
    signal.signal(signal.SIGTERM, _terminate)
    if os.getcwd() not in sys.path:  # the installed script finds a user's own loss as `python -m runner` does
        sys.path.append(os.getcwd())
    try:
        _refuse_shadowed_packages()
        from runner.commands import COMMANDS
        from runner.training_command import train

        if arguments and arguments[0] in COMMANDS:
            return COMMANDS[arguments[0]](arguments[1:])
        if {"-h", "--help"} & set(arguments):
            print(help_text())
            return 0
        _refuse_stray_words(arguments, list(COMMANDS))
        return train()
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
    root = Path(__file__).resolve().parent.parent
    spec = importlib.util.find_spec("losses")
    if spec is None or spec.origin is None or not Path(spec.origin).resolve().is_relative_to(root):
        raise InputError(f"{spec.origin if spec else 'losses'} hides this project's package `losses`: rename that file")


def _refuse_stray_words(arguments: Sequence[str], commands: list[str]) -> None:
    """`seed = 3` and `runner uii`: words that are neither an override nor an option."""
    for before, word in zip(["", *arguments], arguments, strict=False):
        if "=" in word.strip("=") or word.startswith(("-", "~")) or before in OPTIONS_WITH_A_VALUE:
            continue
        near = difflib.get_close_matches(word, commands, 1)
        hint = f"did you mean `runner {near[0]}`?" if near else "an override is key=value, without spaces around ="
        raise InputError(f"{word}: is no override; {hint}")


def _terminate(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt("terminated")


if __name__ == "__main__":
    sys.exit(main())
