"""A run's names: of its loss, its variant, itself, and the parameters it is recorded with."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class RunIdentity:
    """What tells a run from others.

    Attributes:
        name: `focal gamma=2 · seed 0 · page_blocks`.
        variant: what is compared: the loss with its settings, and what else was chosen.
        fingerprint: equal for runs that compute the same.
        params: the configuration, flat, and the chosen options.
        tags: where, by whom and with what it was made.
    """

    name: str
    variant: str
    fingerprint: str
    params: Mapping[str, str]
    tags: Mapping[str, str]

    def with_tags(self, **tags: str) -> RunIdentity:
        """The same with more tags."""
        return replace(self, tags={**self.tags, **tags})


SHORT_ID = 8
"""Characters of a run's id in a name."""


def loss_name(option: str, settings: Mapping[str, Any]) -> str:
    """`focal gamma=2`: the loss option with the hyper-parameters in force."""
    values = {key: value for key, value in settings.items() if value not in (None, False)}
    return " ".join([option, *(f"{key}={_short(value)}" for key, value in values.items())])


def variant(loss: str, choices: Mapping[str, str], overrides: Sequence[str] = ()) -> str:
    """What is compared: the loss with its settings, and what else was chosen of model, optimizer, sampling, weights.

    An option of these other than the usual is named, and what was overridden in them or in the loss and does not show
    otherwise: the runs of a sweep must be told apart. A class or function of the user's stands for the option
    it replaces.
    """
    usual = {"model": "mlp", "optimizer": "adam", "sampling": "none"}
    parts = [loss, *(choices[group] for group, option in usual.items() if choices.get(group, option) != option)]
    for override in overrides:
        group, dot, setting = override.lstrip("+").partition(".")
        key, _, value = setting.partition("=")
        if group == "init" and key == "weights" and value not in ("", "null"):
            parts.append(f"weights={value[:SHORT_ID]}")
        if not dot or group not in (*usual, "loss"):
            continue
        if key == "_target_" and group == "loss":
            parts[0] = " ".join([value.rpartition(".")[2], *loss.split(" ")[1:]])
        elif key == "_target_":
            parts.append(value.rpartition(".")[2])
        elif f" {key}=" not in loss:
            parts.append(setting)
    return " · ".join(parts)


def plain_variant(variants: Sequence[str]) -> str | None:
    """The one that the others add to, as `builtin` of `builtin · smote`; None where there is no such."""
    return next(
        (one for one in variants if all(each == one or each.startswith(f"{one} · ") for each in variants)), None
    )


SETTINGS = ("dataset", "split", "trainer", "evaluation")
OF_THE_SPLIT = ("split.seed", "split.fold", "split.repeat")
"""Keys that say which one of several equal splits of the data a run is made on."""
NAMED_OTHERWISE = (*OF_THE_SPLIT, "dataset.name", "dataset.path", "dataset.data_id", "dataset.target")
"""Keys of these groups that show as the split or as the dataset's name."""
NAMED_WHOLE = ("preprocessing", "split")
"""Keys without a group that are settings too."""


def setting(overrides: Sequence[str], varied: Collection[str]) -> str:
    """`epochs=5, batch_size=64`: what a sweep varies besides what is compared; empty for nothing.

    Losses are compared within a setting, as they are within a dataset.

    Args:
        overrides: of one run.
        varied: the keys that differ between the runs of its sweep.
    """
    said = []
    for override in overrides:
        key, _, value = override.lstrip("+").partition("=")
        group, _, name = key.partition(".")
        if key in varied and key in NAMED_WHOLE:
            said.append(f"{key}={value}")
        elif name and key in varied and group in SETTINGS and key not in NAMED_OTHERWISE:
            said.append(f"{name}={value}")
    return ", ".join(said)


def run_name(
    variant: str, dataset: str, *, split: Mapping[str, Any], seed: int | None = None, setting: str = ""
) -> str:
    """`focal gamma=2 · seed 0 · page_blocks`; a split other than 0 is named too, and the setting of a sweep's run.

    What runs of one sweep mostly have in common, the dataset, comes last: a list of runs cuts long names.

    Args:
        variant: see `variant`.
        dataset: its name.
        split: the values of the split.
        seed: of the training; None where it has none.
        setting: see `setting`.
    """
    parts = [f"split {split['seed']}"] if split.get("seed") else []
    if split.get("folds", 1) > 1:
        parts += [f"repeat {split['repeat']}"] if split.get("repeats", 1) > 1 else []
        parts.append(f"fold {split['fold']}")
    parts += [] if seed is None else [f"seed {seed}"]
    return " · ".join([variant, *([setting] if setting else []), *parts, dataset])


def split_identity(params: Mapping[str, str]) -> int | str:
    """Which split of the data a run was made on, equal for runs that may be paired: its seed, or its fold in words.

    Args:
        params: of a run's record; those of runs that are compared differ, of the split's, in what is told here alone.
    """
    seed = int(params.get("split.seed", 0))
    if "split.fold" not in params:
        return seed
    fold, last = params["split.fold"], str(int(params.get("split.folds", 1)) - 1)
    repeat = int(params.get("split.repeat", 0))
    # Equally many digits, so that texts are in the order of the folds.
    parts = [f"seed {seed}"] if seed else []
    parts += [f"repeat {repeat}"] if repeat else []
    return ", ".join([*parts, f"fold {fold.zfill(len(last))}"])


def flat_params(values: Mapping[str, Any], choices: Mapping[str, str | None]) -> dict[str, str]:
    """The configuration flattened with dots, and the chosen options under their group's name.

    Args:
        values: `ExperimentConfig.values`.
        choices: option by group.
    """
    flat: dict[str, str] = {}

    def add(prefix: str, value: Any) -> None:
        if isinstance(value, Mapping):
            for key, inner in value.items():
                add(f"{prefix}.{key}" if prefix else str(key), inner)
        else:
            flat[prefix] = str(value)

    add("", values)
    return {**flat, **{group: option for group, option in choices.items() if option is not None and option != "null"}}


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
