"""`split.fold=all` in a sweep: a job for each fold of each repeat."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache

from omegaconf import DictConfig

from runner.errors import InputError

KEY, REPEAT, ALL = "split.fold", "split.repeat", "all"
WITHOUT_FOLDS = (
    *("loss", "model", "optimizer", "sampling", "trainer", "dataset", "preprocessing", "evaluation", "seed"),
    *("objective", "figures", "tracking", "comparison", "paths", "init"),
)
"""Keys and groups that say nothing of folds: jobs that differ in them alone are composed once to count these."""

Compose = Callable[[Sequence[str]], DictConfig]
"""From a job's overrides to its config."""


def is_all(key: str, value: str) -> bool:
    """Whether an override stands for all folds."""
    return key.lstrip("+") == KEY and value.strip("'\"") == ALL


def with_folds(jobs: Iterable[list[str]], compose: Compose | None) -> tuple[list[list[str]], bool]:
    """The jobs, those of all folds replaced by one for each; and whether several repeats were among them.

    Args:
        jobs: the overrides of each.
        compose: Hydra's way, which knows the number of folds wherever it is written; None: there are no configs.

    Raises:
        HydraException: a job cannot be composed.
        InputError: its split has no folds.
    """
    found, repeated = list[list[str]](), False

    @cache
    def counts(overrides: tuple[str, ...]) -> tuple[int, int]:
        return _counts(compose(overrides).split if compose else {})

    for job in jobs:
        pairs = [override.partition("=") for override in job]
        if not any(is_all(key, value) for key, _, value in pairs):
            found.append(job)
            continue
        of_split = [each for each in job if each.lstrip("+~").partition("=")[0].partition(".")[0] not in WITHOUT_FOLDS]
        folds, repeats = counts(tuple(each for each in of_split if not is_all(*each.partition("=")[::2])))
        chosen = any(key.lstrip("+") == REPEAT for key, _, _ in pairs)
        repeated |= repeats > 1 and not chosen
        for repeat in range(1 if chosen else repeats):
            own = [f"{REPEAT}={repeat}"] if repeats > 1 and not chosen else []
            for fold in range(folds):
                found.append([f"{KEY}={fold}" if is_all(*each.partition("=")[::2]) else each for each in job] + own)
    return found, repeated


def _counts(split: Mapping[str, object]) -> tuple[int, int]:
    """Folds and repeats of a split's config."""
    folds, repeats = split.get("folds"), split.get("repeats", 1)
    if not isinstance(folds, int) or not isinstance(repeats, int):
        raise InputError(f"{KEY}={ALL}: the split has no folds; split=kfold, split=time and split=group have")
    return folds, repeats
