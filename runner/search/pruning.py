"""Trials that are given up: Optuna's pruners are told of each epoch, and asked whether a trial goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import optuna
from omegaconf import DictConfig, OmegaConf
from optuna.pruners import BasePruner, NopPruner
from optuna.trial import Trial, TrialState

from runner.config.instantiate import build
from runner.errors import InputError
from runner.metrics import EPOCH_METRICS
from runner.search.trials import EPOCHS, MOST_EPOCHS


@dataclass
class Pruning:
    """The trials under way, by the number of their job, and what a pruner says of them.

    A trial is a run in this process, alone or in a stack. Trials of one stack report an epoch together; most of
    Optuna's pruners compare with trials that have ended, successive halving and Hyperband with all.

    Attributes:
        objective: reported each epoch.
        every: epochs between two reports.
        trials: those under way.
    """

    objective: str
    every: int = 1
    trials: dict[int, Trial] = field(default_factory=dict)

    def __call__(self, job: int, epoch: int, metrics: Mapping[str, float]) -> bool:
        """Whether a job is given up after an epoch; see `runner.sweeps.sweep.Sweep.pruner`."""
        trial = self.trials.get(job)
        if trial is None or epoch % self.every:
            return False
        trial.report(metrics[self.objective], epoch)
        return trial.should_prune()


def make_pruner(config: DictConfig) -> BasePruner:
    """The pruner of a config.

    Raises:
        InputError: there is no such pruner, or it refuses its arguments.
    """
    return build("hydra.sweeper.pruner", OmegaConf.create(dict(config)))


def pruning_of(pruner: BasePruner, objectives: Sequence[str], config: Any) -> Pruning | None:
    """What prunes the trials of a search; None where nothing does.

    Args:
        pruner: of the config.
        objectives: of the search.
        config: Hydra's node.

    Raises:
        InputError: there is more than one objective, it is not measured each epoch, or trials run in other processes.
    """
    if isinstance(pruner, NopPruner):
        return None
    chosen, every = config.runtime.choices.get("hydra/sweeper/pruner", "none"), int(config.sweeper.prune_every)
    if every < 1:
        raise InputError(f"hydra.sweeper.prune_every must be at least 1. Received: {every}")
    if len(objectives) > 1:
        raise InputError(f"hydra/sweeper/pruner={chosen}: Optuna prunes for one objective; give one, or leave it out")
    if objectives[0] not in EPOCH_METRICS:
        raise InputError(
            f"hydra/sweeper/pruner={chosen}: objective={objectives[0]} is not measured each epoch; use one of "
            f"{', '.join(EPOCH_METRICS[1:])}, or leave the pruner out"
        )
    launcher = config.runtime.choices["hydra/launcher"]
    if launcher not in ("fused", "basic") or (config.launcher.get("n_jobs") or 1) != 1:
        raise InputError(
            f"hydra/sweeper/pruner={chosen}: trials are pruned in the process of the search alone: use "
            "hydra/launcher=fused or basic, with hydra.launcher.n_jobs=1; hydra.sweeper.n_jobs=8 trains eight together"
        )
    return Pruning(objectives[0], every)


def epochs_in_words(study: optuna.Study) -> str:
    """How many trials were pruned and how many epochs that saved, in a sentence; empty where none was.

    Args:
        study: of the search.
    """
    trials = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
    pruned = [trial for trial in trials if trial.state == TrialState.PRUNED]
    if not pruned:
        return ""
    saved = sum(trial.user_attrs[MOST_EPOCHS] - trial.user_attrs[EPOCHS] for trial in pruned)
    total = sum(trial.user_attrs.get(MOST_EPOCHS, 0) for trial in trials)
    return f"{len(pruned)} of {len(trials)} trials were pruned, which saved up to {saved} of {total} epochs."
