"""`hydra/sweeper=basic`, the default: jobs that are listed; what they are is in `runner/config/sweep_jobs.py`.

It stands in the place of Hydra's own of that name, and takes all that Hydra's takes, `zip=` and `grid=` besides. It has
that name because the config could not choose another for all sweeps: an experiment that chooses a sweeper, as
`override /hydra/sweeper: optuna`, would lose against it. No `from __future__ import annotations` here: see
`imbalance_runner_optuna.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.core.utils import JobReturn
from omegaconf import OmegaConf

from runner.config.sweep_jobs import configured_jobs
from runner.config.sweeper import ConfiguredSweeper


@dataclass
class GridConfig:
    """The keys of `hydra.sweeper`.

    Attributes:
        max_batch_size: most jobs that a launcher gets at once; null: all.
        params: key to values, as on the command line, which wins; `zip` and `grid` to a group, or a list of groups.
    """

    _target_: str = "hydra_plugins.imbalance_runner_grid.GridSweeper"
    max_batch_size: int | None = None
    params: dict[str, Any] = field(default_factory=dict)


class GridSweeper(ConfiguredSweeper):
    """Launches the jobs of a sweep that lists them."""

    def sweep(self, arguments: Sequence[str]) -> list[Sequence[JobReturn]]:
        """See `Sweeper`."""
        assert self.config is not None
        assert self.hydra_context is not None
        assert self.launcher is not None
        jobs = configured_jobs(self.config, arguments, self.hydra_context.config_loader).jobs
        folder = Path(self.config.hydra.sweep.dir)
        folder.mkdir(parents=True, exist_ok=True)
        OmegaConf.save(self.config, folder / "multirun.yaml")
        size = self.config.hydra.sweeper.max_batch_size or len(jobs)
        returns = []
        for first in range(0, len(jobs), size):
            batch = jobs[first : first + size]
            self.validate_batch_is_legal(batch)
            results = self.launcher.launch(batch, initial_job_idx=first)
            for result in results:
                _ = result.return_value  # raises what the job raised
            returns.append(results)
        return returns


ConfigStore.instance().store(group="hydra/sweeper", name="basic", node=GridConfig, provider="imbalance_runner_grid")
