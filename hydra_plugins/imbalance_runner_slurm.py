"""`hydra/launcher=slurm`: what Hydra must find here; what it does is in `runner/launching/slurm/`.

Its values are in `conf/hydra/launcher/slurm.yaml`, which takes names and types from here. No `from __future__ import
annotations` here: see `imbalance_runner_optuna.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import MISSING, DictConfig, OmegaConf

from runner import launching


@dataclass
class SlurmConfig:
    """`hydra.launcher.*`; what each means is said in `conf/hydra/launcher/slurm.yaml`."""

    _target_: str = "hydra_plugins.imbalance_runner_slurm.SlurmLauncher"
    max_stack: int | None = None
    tasks: int = MISSING
    time: int = MISSING
    cpus: int = MISSING
    memory: str | None = None
    partition: str | None = None
    account: str | None = None
    requeues: int = MISSING
    extra: dict[str, Any] = field(default_factory=dict)


class SlurmLauncher(Launcher):
    """Trains jobs in tasks of a Slurm array, as stacks like `fused`.

    Args:
        max_stack: most runs in a stack; None lets memory decide.
        options: see `runner.launching.SlurmOptions`.
    """

    def __init__(self, max_stack: int | None, **options: Any) -> None:
        self.max_stack, self._options = max_stack, options

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """See `Launcher`."""
        self._launcher = launching.JobLauncher(
            launching.LaunchRequest(hydra_context, hydra_context.config_loader, task_function, config, self.max_stack)
        )

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """See `Launcher`."""
        given: dict[str, Any] = {
            key: OmegaConf.to_object(each) if OmegaConf.is_config(each) else each for key, each in self._options.items()
        }
        jobs = list(enumerate(job_overrides, start=initial_job_idx))
        return launching.launch_on_slurm(self._launcher, jobs, launching.SlurmOptions(**given))


ConfigStore.instance().store(
    group="hydra/launcher", name="slurm_keys", node=SlurmConfig, provider="imbalance_runner_slurm"
)
