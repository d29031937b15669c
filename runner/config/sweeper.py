"""What our sweepers have in common as plugins of Hydra's."""

from __future__ import annotations

from typing import Any

from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


class ConfiguredSweeper(Sweeper):
    """A sweeper that reads its settings from the config of the sweep; what it launches is its `sweep`'s to say."""

    def __init__(self, **_: Any) -> None:
        """What `hydra.sweeper` says is read from the config."""

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """See `Sweeper`."""
        self.hydra_context = hydra_context
        self.config = config
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )
