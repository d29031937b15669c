"""`hydra/sweeper=optuna`, as Hydra finds it. Read on every start: `runner.search` loads Optuna on first use only.

Hydra executes this file outside `sys.modules`, where a dataclass cannot have its types as strings: so there is no
`from __future__ import annotations`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.errors import HydraException
from omegaconf import MISSING
from omegaconf.errors import OmegaConfBaseException

from runner import search, sweeps
from runner.config.hydra_errors import HydraPassThrough, explain
from runner.config.sweeper import ConfiguredSweeper
from runner.errors import InputError

SAMPLERS = {
    "tpe": "TPESampler",
    "random": "RandomSampler",
    "cmaes": "CmaEsSampler",
    "nsgaii": "NSGAIISampler",
}


PRUNERS = {
    "none": {"_target_": "optuna.pruners.NopPruner"},
    "median": {"_target_": "optuna.pruners.MedianPruner", "n_startup_trials": 5, "n_warmup_steps": 3},
    "percentile": {
        "_target_": "optuna.pruners.PercentilePruner",
        "percentile": 25.0,
        "n_startup_trials": 5,
        "n_warmup_steps": 3,
    },
    "successive_halving": {
        "_target_": "optuna.pruners.SuccessiveHalvingPruner",
        "min_resource": 3,
        "reduction_factor": 3,
        "min_early_stopping_rate": 0,
    },
    "hyperband": {
        "_target_": "optuna.pruners.HyperbandPruner",
        "min_resource": 3,
        "max_resource": "${trainer.epochs}",
        "reduction_factor": 3,
    },
}


@dataclass
class OptunaConfig:
    """The keys of `hydra.sweeper`.

    Attributes:
        n_trials: how many trials the search has; a resumed one runs those that are missing.
        n_jobs: trials asked for at once, for a launcher that runs several jobs at once.
        direction: null for the objective's better direction; a list where there are several.
        sampler: its class in `_target_` and its arguments; `hydra/sweeper/sampler=random` chooses another.
        storage: an SQLAlchemy address; null keeps the study in memory.
        pruner: likewise, of what gives trials up; `hydra/sweeper/pruner=median` chooses one.
        prune_every: epochs between two questions to the pruner.
        study_name: null for a study of the sweep's own; a name to go on with a study that is there.
        params: key to range, as on the command line, which wins.
        custom_search_space: a function of (config, trial) that suggests what depends on the trial's other values.
    """

    _target_: str = "hydra_plugins.imbalance_runner_optuna.OptunaSweeper"
    _recursive_: bool = False  # the sampler is made when it is needed
    defaults: list[Any] = field(default_factory=lambda: [{"sampler": "tpe"}, {"pruner": "none"}])
    n_trials: int = 20
    n_jobs: int = 1
    direction: Any = None
    sampler: Any = MISSING
    pruner: Any = MISSING
    prune_every: int = 1
    storage: str | None = "sqlite:///${paths.outputs}/optuna.db"
    study_name: str | None = None
    params: dict[str, Any] = field(default_factory=dict)
    custom_search_space: str | None = None


class OptunaSweeper(ConfiguredSweeper):
    """Jobs chosen by Optuna; see `runner.search.loop`."""

    def sweep(self, arguments: Sequence[str]) -> None:
        """See `Sweeper`."""
        assert self.config is not None
        assert self.hydra_context is not None
        assert self.launcher is not None
        sweep, loader = sweeps.SweepSession.current().sweep, self.hydra_context.config_loader
        assert sweep is not None
        try:
            search.run_search(sweep, self.config, arguments, loader, self.launcher)
        except InputError as problem:  # carried past Hydra, which would take it for a job's
            raise HydraPassThrough(problem) from problem
        except (HydraException, OmegaConfBaseException) as problem:  # a trial that cannot be composed
            raise HydraPassThrough(InputError(explain(problem))) from problem


_store = ConfigStore.instance()
_store.store(group="hydra/sweeper", name="optuna", node=OptunaConfig, provider="imbalance_runner_optuna")
for _name, _class in SAMPLERS.items():
    _store.store(
        group="hydra/sweeper/sampler",
        name=_name,
        node={"_target_": f"optuna.samplers.{_class}", "seed": "${seed}"},
        provider="imbalance_runner_optuna",
    )
for _name, _node in PRUNERS.items():
    _store.store(group="hydra/sweeper/pruner", name=_name, node=_node, provider="imbalance_runner_optuna")
