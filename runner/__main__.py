"""The command line: `python -m runner [overrides]`, or a sub-command. Exit status 0 done, 2 input refused, 1 else."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path
from types import FrameType

from runner.commands import COMMANDS
from runner.errors import InputError, TrainingFailed
from runner.help import CONF, GROUPS, help_text


def main() -> int:
    """Runs what the arguments ask for; returns the exit status."""
    arguments = sys.argv[1:]
    show_tracebacks = bool(os.environ.get("HYDRA_FULL_ERROR"))
    signal.signal(signal.SIGTERM, _terminate)
    if os.getcwd() not in sys.path:  # the installed script finds a user's own loss as `python -m runner` does
        sys.path.append(os.getcwd())
    try:
        if arguments and arguments[0] in COMMANDS:
            return COMMANDS[arguments[0]](arguments[1:])
        if {"-h", "--help"} & set(arguments):
            print(help_text())
            return 0
        return _train()
    except (InputError, TrainingFailed) as problem:
        if show_tracebacks:
            raise
        print(f"error: {problem}", file=sys.stderr)
        return 2 if isinstance(problem, InputError) else 1
    except KeyboardInterrupt as problem:
        print(f"\n{problem or 'interrupted'}: what was recorded so far is kept", file=sys.stderr)
        return 1


def _train() -> int:
    """One run or a sweep, by Hydra."""
    import hydra
    from hydra.core.hydra_config import HydraConfig
    from hydra.errors import HydraException
    from hydra.types import RunMode
    from omegaconf import DictConfig
    from omegaconf.errors import OmegaConfBaseException

    from runner import config as schema
    from runner.refusals import refusal

    schema.register()

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
            return run_experiment(config, choices, Path(job.runtime.output_dir))
        except (InputError, TrainingFailed) as problem:
            if isinstance(problem, InputError):
                _forget(Path(job.runtime.output_dir))
            if job.mode == RunMode.RUN:
                raise Stop(problem) from problem
            failures.append((job.job.num, problem))
            print(f"error: job {job.job.num} ({job.job.override_dirname}): {problem}", file=sys.stderr)
            raise

    asked_for = os.environ.get("HYDRA_FULL_ERROR")
    os.environ["HYDRA_FULL_ERROR"] = "1"  # errors come to us as they are; `main` says them in one line
    try:
        task()
    except Stop as stop:
        raise stop.problem from stop.problem.__cause__
    except (InputError, TrainingFailed) as problem:  # of a sweep, whose other jobs went on
        numbers = ", ".join(str(number) for number, _ in failures)
        kind = InputError if all(isinstance(each, InputError) for _, each in failures) else TrainingFailed
        raise kind(f"{len(failures)} of the sweep's jobs failed, see above: {numbers}") from problem
    except (HydraException, OmegaConfBaseException) as problem:
        raise InputError(refusal(problem)) from problem
    except OSError as problem:
        if begun:
            raise
        raise InputError(
            f"{problem.filename} cannot be written ({problem.strerror}): choose another folder with paths.outputs=..."
        ) from problem
    finally:
        if asked_for is None:
            del os.environ["HYDRA_FULL_ERROR"]
    return 0


def _forget(folder: Path) -> None:
    """Removes what Hydra had prepared for a run that was refused; a folder with anything of a run in it stays."""
    if not (folder / "config.yaml").exists():
        shutil.rmtree(folder, ignore_errors=True)


def _terminate(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt("terminated")


if __name__ == "__main__":
    sys.exit(main())
