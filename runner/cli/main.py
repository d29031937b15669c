"""`runner [overrides]` or a sub-command. Exit status 0 done, 2 input refused, 3 a model that moved, 1 anything else."""

from __future__ import annotations

import importlib
import importlib.util
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

from runner.cli.full_disk import full_disk
from runner.cli.streams import patient_streams
from runner.errors import InputError, RunFailed
from runner.writing.wording import closest, did_you_mean

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

OURS = ("losses", "conf", "hydra_plugins")
STANDS_ON = (
    *(
        "absl",
        "antlr4",
        "filelock",
        "h5py",
        "hydra",
        "jinja2",
        "joblib",
        "keras",
        "lazy_loader",
        "matplotlib",
        "mlflow",
    ),
    *("numpy", "omegaconf", "optuna", "pandas", "psutil", "pyarrow", "rich", "scipy", "sklearn", "sqlalchemy"),
    *("tensorflow", "uvicorn", "yaml"),
)
"""Packages that are loaded from the current folder first where `python -m runner` is started beside a file so named."""

COMMANDS = {
    "ui": "runner.cli.ui",
    "datasets": "runner.cli.datasets",
    "losses": "runner.cli.losses",
    "verify": "runner.cli.verify",
    "resume": "runner.cli.sweeps",
    "compare": "runner.cli.sweeps",
    "rerun": "runner.cli.rerun",
    "relocate": "runner.cli.relocate",
    "promote": "runner.cli.promote",
    "predict": "runner.cli.predict",
    "serve": "runner.cli.serve",
    "monitor": "runner.cli.monitor",
    "sync": "runner.cli.sync",
    "doctor": "runner.cli.doctor",
}
"""The module of each sub-command, which has a function of the command's name; loaded when it is asked for."""


TYPOGRAPHIC_DASHES = ("\u2012", "\u2013", "\u2014", "\u2212")
"""What pages and mails make of a hyphen in a command that is copied from them."""


def command(name: str) -> Callable[[Sequence[str]], int]:
    """The function of a sub-command: arguments in, exit status out."""
    found: Callable[[Sequence[str]], int] = getattr(importlib.import_module(COMMANDS[name]), name)
    return found


def main() -> int:
    """Runs what the arguments ask for; returns the exit status."""
    with patient_streams():
        return _main()


def _main() -> int:
    arguments = sys.argv[1:]
    show_tracebacks = bool(os.environ.get("HYDRA_FULL_ERROR"))
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        if number == signal.SIGTERM or signal.getsignal(number) is not signal.SIG_IGN:  # as nohup and shells have it
            signal.signal(number, _terminate)
    if os.getcwd() not in sys.path:  # the installed script finds a user's own loss as `python -m runner` does
        sys.path.append(os.getcwd())
    try:
        _refuse_shadowed_packages()
        from runner.tracking.environment import set_defaults  # not above: this loads other packages already

        set_defaults()
        if arguments and arguments[0] in COMMANDS:
            return command(arguments[0])(arguments[1:])
        if {"-h", "--help"} & set(arguments):
            from runner.cli.help import help_text

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
    except Exception as problem:
        told = None if show_tracebacks else full_disk(problem, _places(arguments))
        if told is None:
            raise
        print(f"error: {told}", file=sys.stderr)
        return 1
    except KeyboardInterrupt as problem:
        print(f"\n{str(problem) or 'interrupted'}: what was recorded so far is kept", file=sys.stderr)
        return 1


def _places(arguments: Sequence[str]) -> list[Path]:
    """Where a command writes: the folder that it is told, else `outputs`, and the temporary files'."""
    named = [word.partition("=")[2] for word in arguments if word.startswith(("paths.outputs=", "--outputs="))]
    return [Path(each) for each in (*named, "outputs", tempfile.gettempdir())]


def _refuse_shadowed_packages() -> None:
    """Files of the user's in the current folder that Python would take for our packages, or for those we stand on.

    Raises:
        InputError: names the first.
    """
    here, root = Path.cwd(), Path(__file__).resolve().parents[2]
    for name in (*OURS, *STANDS_ON):
        try:
            spec = importlib.util.find_spec(name)
        except (ImportError, ValueError):  # what hides it, cannot be loaded either
            spec = None
        found = Path(spec.origin).resolve() if spec and spec.origin and spec.origin != "namespace" else None
        hidden = found is not None and found.parent in (here, here / name) and not found.is_relative_to(root / name)
        if hidden:
            raise InputError(f"{found} hides the package {name}: rename it, or start elsewhere")


def _refuse_stray_words(arguments: Sequence[str], commands: list[str]) -> None:
    """`seed = 3`, `runner uii` and `--mulitrun`: words that are neither an override nor an option of Hydra's."""
    for before, word, after in zip(["", *arguments], arguments, [*arguments[1:], ""], strict=False):
        if before in OPTIONS_WITH_A_VALUE:
            continue
        if word.startswith(TYPOGRAPHIC_DASHES):
            plain = word.lstrip("".join(TYPOGRAPHIC_DASHES) + "-")
            option = f"{'-' if len(plain) == 1 else '--'}{plain}"
            raise InputError(f"{word}: begins with a dash of printed text; type {option}")
        if word.startswith("-"):
            _refuse_unknown_option(word.partition("=")[0])
        elif "=" not in word.strip("=") and not word.startswith("~"):
            near = closest(word, commands) if not after.startswith("=") else []
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
