"""The config groups and their options, read from conf/ itself, so that no list of them can fall behind."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from losses.catalogue import BATCH_ARGUMENTS, COMMON_ARGUMENTS
from runner.errors import InputError

CONF = Path(__file__).resolve().parents[2] / "conf"
GROUPS = (
    "dataset",
    "split",
    "sampling",
    "model",
    "loss",
    "optimizer",
    "trainer",
    "evaluation",
    "tracking",
    "comparison",
    "paths",
    "experiment",
    "hparams_search",
    "debug",
)
TARGETED = ("dataset", "split", "sampling", "model", "loss", "optimizer", "trainer")
"""The groups whose options name a class or function, their `_target_`."""
WITHOUT_TARGET = {"split": "random", "sampling": "none"}
"""The option of a group that has no `_target_`, which is what configs had before the group had options."""
EXAMPLE_PRIORS = {"pi": 0.1, "n1": 100, "n0": 900, "cost_fn": 10.0, "cost_fp": 1.0}
"""What a loss on its own has no data to know from: one positive in ten, and a miss that costs ten false alarms."""


def option_files(group: str) -> dict[str, Path]:
    """The yaml file of each option of a group, by option, in alphabetical order."""
    return {path.stem: path for path in sorted((CONF / group).glob("*.yaml"))}


def option_of(group: str, arguments: Mapping[str, Any]) -> str:
    """The option that a config's part was most likely composed from; of a user's own, the name of its target.

    Args:
        group: of TARGETED.
        arguments: of the group, `_target_` among them.
    """
    if arguments.get("_target_") is None and group in WITHOUT_TARGET:
        return WITHOUT_TARGET[group]
    target = str(arguments.get("_target_"))
    for option, path in option_files(group).items():
        if default_arguments(path).get("_target_") == target:
            return option
    name = target.rpartition(".")[2].removeprefix("load_").removesuffix("Trainer").removesuffix("Split")
    return next((option for option in option_files(group) if option == name.lower()), name)


def purpose(path: Path) -> str:
    """The first sentence of the yaml's first comment that is no directive for Hydra."""
    comments = [line[2:].strip() for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("# ")]
    text = next(line for line in comments if not line.startswith("@package"))
    return re.sub(r": `.*`\.$", ".", text)


def default_arguments(path: Path) -> dict[str, Any]:
    """The arguments that an option's yaml gives, `_target_` among them."""
    values = OmegaConf.to_container(OmegaConf.load(path))
    assert isinstance(values, dict)
    return {str(key): value for key, value in values.items()}


def changed_arguments(path: Path, changes: Sequence[str]) -> dict[str, Any]:
    """The arguments that an option's yaml gives, with other values for some.

    Args:
        path: of the yaml.
        changes: `key=value`, as on the command line.

    Raises:
        InputError: a change cannot be read.
    """
    try:
        given = OmegaConf.to_container(OmegaConf.from_dotlist(list(changes)))
    except (OmegaConfBaseException, yaml.YAMLError) as problem:
        raise InputError(f"{' '.join(changes)}: cannot be read; give hyper-parameters as gamma=2") from problem
    assert isinstance(given, dict)
    return {**default_arguments(path), **{str(key): value for key, value in given.items()}}


def hyper_parameters(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """A loss's arguments without those that every loss, or every one of a whole batch, has besides its own."""
    common = ("_target_", *COMMON_ARGUMENTS, *BATCH_ARGUMENTS)
    return {key: value for key, value in arguments.items() if key not in common}
