"""Hydra's hook on the start of a sweep, whatever sweeper and launcher it uses."""

from __future__ import annotations

from typing import Any

from hydra.errors import HydraException
from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from runner.config.hydra_errors import refusal
from runner.errors import InputError
from runner.sweeps import sweep

current: sweep.Sweep | None = None
"""The sweep this process launched and has not ended yet."""


class Refused(BaseException):
    """Carries an error past Hydra, which would only warn of one in a callback, or print a line of its own."""

    def __init__(self, problem: Exception) -> None:
        self.problem = problem


class SweepCallback(Callback):
    """Opens store, parent run and book once, before the launcher starts any job."""

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        """See `runner.sweeps.sweep.begin`."""
        global current
        try:
            current = sweep.begin(config)
        except InputError as problem:
            raise Refused(problem) from problem
        except HydraException as problem:  # hydra.sweeper.params cannot be read
            raise Refused(InputError(refusal(problem))) from problem


def take() -> sweep.Sweep | None:
    """The sweep under way, if any, which the caller now has to end."""
    global current
    taken, current = current, None
    return taken
