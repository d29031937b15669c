"""A run as a command makes it, without the command: composed by Hydra's API, and refused or trained in this process."""

from __future__ import annotations

from pathlib import Path

from hydra import compose, initialize_config_dir
from hydra.errors import HydraException
from omegaconf import open_dict
from omegaconf.errors import OmegaConfBaseException

from runner import experiment
from runner.config.checks import load
from runner.config.hydra_errors import explain
from runner.config.options import CONF, GROUPS
from runner.config.schemas import register
from runner.errors import InputError
from runner.runs.folder import RunFolder


def run_once(*overrides: str, folder: Path) -> float | tuple[float, ...]:
    """Composes the config and runs it, as a command does; returns the objective.

    Raises:
        InputError: Hydra, the checks of the config, or the data refused it.
    """
    register()
    try:
        with initialize_config_dir(str(CONF), version_base="1.3"):
            config = compose("config", overrides=list(overrides), return_hydra_config=True)
    except (HydraException, OmegaConfBaseException) as problem:
        raise InputError(explain(problem)) from problem
    chosen = config.hydra.runtime.choices
    choices = {group: chosen[group] for group in GROUPS if group in chosen}
    with open_dict(config):
        del config["hydra"]
    spec = experiment.RunSpec(load(config), choices, RunFolder(folder))
    return experiment.run_experiment(spec, experiment.Resources()).objective
