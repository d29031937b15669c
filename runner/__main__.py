"""The command line: `python -m runner [overrides]`, or a sub-command. Exit status 0 done, 2 input refused, 1 else."""

from __future__ import annotations

import contextlib
import difflib
import importlib.util
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from runner.errors import InputError, RunFailed
from runner.help import CONF, GROUPS, help_text

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

        if arguments and arguments[0] in COMMANDS:
            return COMMANDS[arguments[0]](arguments[1:])
        if {"-h", "--help"} & set(arguments):
            print(help_text())
            return 0
        _refuse_stray_words(arguments, list(COMMANDS))
        return _train()
    except (InputError, RunFailed) as problem:
        if show_tracebacks:
            raise
        print(f"error: {problem}", file=sys.stderr)
        return 2 if isinstance(problem, InputError) else 1
    except KeyboardInterrupt as problem:
        print(f"\n{str(problem) or 'interrupted'}: what was recorded so far is kept", file=sys.stderr)
        return 1


def _train() -> int:
    """One run or a sweep, by Hydra."""
    import hydra
    from hydra.core.hydra_config import HydraConfig
    from hydra.errors import HydraException
    from hydra.types import RunMode
    from omegaconf import DictConfig
    from omegaconf.errors import OmegaConfBaseException

    from runner.refusals import refusal
    from runner.schemas import register

    register()
    failures: list[tuple[int, Exception]] = []
    begun = False

    class Stop(BaseException):
        """Carries an error past Hydra, which would print a line of its own first."""

        def __init__(self, problem: Exception) -> None:
            self.problem = problem

    @hydra.main(version_base="1.3", config_path=str(CONF), config_name="config")
    def task(config: DictConfig) -> float:
        nonlocal begun
        begun = True
        from runner.experiment import run_experiment

        job = HydraConfig.get()
        choices = {group: job.runtime.choices[group] for group in GROUPS if group in job.runtime.choices}
        try:
            return run_experiment(config, choices, Path(job.runtime.output_dir), list(job.overrides.task))
        except Exception as problem:
            if isinstance(problem, InputError):
                _forget(Path(job.runtime.output_dir), job.job.name)
            if job.mode == RunMode.RUN and isinstance(problem, (InputError, RunFailed)):
                raise Stop(problem) from problem
            if job.mode != RunMode.RUN:
                failures.append((job.job.num, problem))
                kind = "" if isinstance(problem, (InputError, RunFailed)) else f"{type(problem).__name__}: "
                print(f"error: job {job.job.num} ({job.job.override_dirname}): {kind}{problem}", file=sys.stderr)
            raise

    asked_for = os.environ.get("HYDRA_FULL_ERROR")
    os.environ["HYDRA_FULL_ERROR"] = "1"  # errors come to us as they are; `main` says them in one line
    try:
        task()
    except Stop as stop:
        raise stop.problem from stop.problem.__cause__
    except Exception as problem:
        if failures and not asked_for:  # of a sweep, whose other jobs went on
            numbers = ", ".join(str(number) for number, _ in failures)
            kind = InputError if all(isinstance(each, InputError) for _, each in failures) else RunFailed
            raise kind(f"{len(failures)} of the sweep's jobs failed, see above: {numbers}") from problem
        if isinstance(problem, (HydraException, OmegaConfBaseException)):
            raise InputError(refusal(problem)) from problem
        if isinstance(problem, ValueError) and not begun:  # loss=null, which Hydra does not foresee
            raise InputError(f"{refusal(problem)}; `python -m runner --help` lists the options") from problem
        if isinstance(problem, OSError) and not begun:
            raise InputError(
                f"{problem.filename} cannot be written ({problem.strerror}): choose another with paths.outputs=..."
            ) from problem
        raise
    finally:
        if asked_for is None:
            del os.environ["HYDRA_FULL_ERROR"]
    return 0


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


def _forget(folder: Path, job_name: str) -> None:
    """Removes what Hydra had prepared for a run that was refused, and nothing else: the folder may be the user's."""
    if (folder / "config.yaml").exists():  # an earlier run's, or this one's
        return
    ours = [folder / ".hydra" / name for name in ("config.yaml", "hydra.yaml", "overrides.yaml")]
    for path in (*ours, folder / f"{job_name}.log"):
        path.unlink(missing_ok=True)
    for path in (folder / ".hydra", folder):
        with contextlib.suppress(OSError):  # not empty
            path.rmdir()


def _terminate(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt("terminated")


if __name__ == "__main__":
    sys.exit(main())
