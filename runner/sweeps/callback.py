"""Hydra's hooks on the start of a run or a sweep, whatever sweeper and launcher it uses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.experimental.callback import Callback
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from runner.config.hydra_errors import HydraPassThrough, explain
from runner.errors import InputError
from runner.sweeps.output_folders import check_run_folder
from runner.sweeps.session import SweepSession
from runner.sweeps.sweep import begin


class SweepCallback(Callback):
    """Refuses folders that are in use; opens store, parent run and journal of a sweep before any job starts."""

    def on_run_start(self, config: DictConfig, **kwargs: Any) -> None:
        """See `runner.sweeps.output_folders.check_run_folder`; before Hydra writes its own files there."""
        with _passed_through(config):
            check_run_folder(config)

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        """See `runner.sweeps.sweep.begin`."""
        with _passed_through(config):
            SweepSession.current().sweep = begin(config)


@contextmanager
def _passed_through(config: DictConfig) -> Iterator[None]:
    """Errors reach the command line as what they are, of which Hydra would only warn.

    `${hydra:...}` can be read from here on, also by sweeper and launcher; Hydra itself sets it for jobs alone.
    """
    HydraConfig.instance().set_config(config)
    try:
        yield
    except (HydraException, OmegaConfBaseException) as problem:  # such as params that cannot be read
        raise HydraPassThrough(InputError(explain(problem))) from problem
    except Exception as problem:
        raise HydraPassThrough(problem) from problem
