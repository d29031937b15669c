"""`hydra/launcher=fused`: what Hydra must find here; what it does is in `runner/launching/launcher.py`.

No `from __future__ import annotations` here: see `imbalance_runner_optuna.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from hydra.core.config_store import ConfigStore
from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from runner import launching


@dataclass
class FusedConfig:
    """`hydra.launcher.*`

    Attributes:
        max_stack: most runs trained as one stack; null lets memory decide.
        n_jobs: processes that share the stacks among them; -1 one a core.
        backend: joblib's for these: loky on this machine; dask or ray where their cluster is connected.
    """

    _target_: str = "hydra_plugins.imbalance_runner_fused.FusedLauncher"
    max_stack: int | None = None
    n_jobs: int = 1
    backend: str = "loky"


class FusedLauncher(Launcher):
    """Trains jobs that can share a graph as stacks, and runs the others one after the other.

    Args:
        max_stack, n_jobs, backend: see `FusedConfig`.
    """

    def __init__(self, max_stack: int | None, n_jobs: int, backend: str) -> None:
        self.max_stack, self.n_jobs, self.backend = max_stack, n_jobs, backend

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """See `Launcher`."""
        self._launcher = launching.JobLauncher(
            launching.LaunchRequest(hydra_context, hydra_context.config_loader, task_function, config, self.max_stack)
        )

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """See `Launcher`."""
        jobs = list(enumerate(job_overrides, start=initial_job_idx))
        if self.n_jobs == 1:
            return self._launcher.launch(jobs)
        return launching.launch_on_workers(self._launcher, jobs, self.n_jobs, self.backend)


ConfigStore.instance().store(group="hydra/launcher", name="fused", node=FusedConfig, provider="imbalance_runner_fused")
