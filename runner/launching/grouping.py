"""Which jobs of a sweep can be trained as one stack, and how many at a time."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import psutil
from omegaconf import DictConfig, OmegaConf

from runner.config.row_costs import form_of_costs

COMPILED = "runner.training.CompiledTrainer"
PER_MEMBER = {
    "optimizer": ("learning_rate", "weight_decay", "beta_1", "beta_2", "momentum", "rho", "radius", "epsilon"),
    "trainer": ("early_stopping",),
}
"""Keys in which members of a stack may differ."""

COPIES = 8  # of its weights that a member needs: now, best, what the optimizer remembers, before and after a step
MOST = 100  # more members save no time; a smaller stack is concluded while the next one trains
SHARE_OF_MEMORY = 0.25


def stack_key(config: DictConfig) -> str | None:
    """What jobs of one group have in common: dataset, network, kind of optimizer, batches. Splits may differ.

    Args:
        config: a job's, with Hydra's node.

    Returns:
        Equal for jobs that may share stacks; None for one that is run alone.
    """
    hydra = config.hydra
    unusual = hydra.job.chdir or len(hydra.job.env_set)
    if unusual or not OmegaConf.is_dict(config.trainer) or config.trainer.get("_target_") != COMPILED:
        return None
    parts: dict[str, Any] = {}
    try:
        split_key(config)
        parts["preprocessing"] = config.preprocessing
        for group in ("dataset", "model", "optimizer", "trainer"):
            node = OmegaConf.to_container(config[group], resolve=True)
            if not isinstance(node, dict):
                return None
            own = PER_MEMBER.get(group, ())
            parts[group] = {key: value for key, value in node.items() if key not in own or not _may_differ(key, value)}
    except Exception:  # a missing or an impossible value: the run itself says what is wrong
        return None
    return json.dumps(parts, sort_keys=True, default=str)


def _may_differ(key: str, value: object) -> bool:
    """Whether members may differ in a value: in a number they may; null or a schedule is another kind of optimizer."""
    return key == "early_stopping" or (isinstance(value, int | float) and not isinstance(value, bool))


def split_key(config: DictConfig) -> str:
    """Equal for jobs of a group that have the same splits, sample the same rows of the training part and weigh them
    alike.

    Args:
        config: a job's.
    """
    parts = [OmegaConf.to_container(config.split, resolve=True)]
    if sampling := config.get("sampling"):
        parts += [OmegaConf.to_container(sampling, resolve=True), config.seed]
    if (form := form_of_costs(config.get("loss") or {})) is not None:
        parts.append(form)
    return json.dumps(parts, sort_keys=True, default=str)


def most_members(parameters: int, widest: int, batch_size: int) -> int:
    """How many members fit into a share of the machine's memory.

    Of all memory, free or not: a resumed sweep has the same stacks.

    Args:
        parameters: of the network.
        widest: activations of its widest layer, for one row.
        batch_size: rows a step.
    """
    each = 4 * (COPIES * parameters + 6 * widest * batch_size)  # bytes; forward and backward hold a few layers
    return max(1, min(MOST, int(SHARE_OF_MEMORY * psutil.virtual_memory().total / each)))


def portions(keys: Sequence[str], most: int) -> list[list[int]]:
    """Divides the members of a group into stacks.

    Compiling takes seconds, and a program serves again where a stack has as many members of each key as one
    before it: so stacks are made alike where that is possible.

    Args:
        keys: of each member's loss; members with equal keys are one call in the program.
        most: members of a stack.

    Returns:
        Indices of `keys`, for each stack.
    """
    by_key: dict[str, list[int]] = {}
    for index, key in enumerate(keys):
        by_key.setdefault(key, []).append(index)
    if len(keys) <= most:
        return [[index for indices in by_key.values() for index in indices]]
    common = math.gcd(*map(len, by_key.values()))
    for stacks in range(2, common + 1):
        if common % stacks == 0 and len(keys) // stacks <= most:
            if len(keys) // stacks < most // 4:
                break  # too small to be worth it
            return [[index for indices in by_key.values() for index in indices[part::stacks]] for part in range(stacks)]
    order = [index for indices in by_key.values() for index in indices]
    stacks = -(-len(order) // most)
    bounds = [len(order) * part // stacks for part in range(stacks + 1)]
    return [order[start:end] for start, end in pairwise(bounds)]
