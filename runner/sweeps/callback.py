"""Hydra's hook on the start of a sweep, whatever sweeper and launcher it uses."""

from __future__ import annotations

from typing import Any

from hydra.errors import HydraException
from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from runner.config.hydra_errors import HydraPassThrough, explain
from runner.errors import InputError
from runner.sweeps.session import SweepSession
from runner.sweeps.sweep import begin


class SweepCallback(Callback):
    """Opens store, parent run and journal once, before the launcher starts any job."""

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        """See `runner.sweeps.sweep.begin`."""
        try:
            SweepSession.current().sweep = begin(config)
        except InputError as problem:
            raise HydraPassThrough(problem) from problem
        except HydraException as problem:  # hydra.sweeper.params cannot be read
            raise HydraPassThrough(InputError(explain(problem))) from problem
