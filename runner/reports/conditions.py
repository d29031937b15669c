"""Whether runs differ in what is compared alone: the same rows, the same splits, the same training."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from runner.errors import InputError
from runner.metrics import WORST_GROUP, metric_name, sign
from runner.runs.fingerprint import LATER, NOT_COMPUTED
from runner.runs.naming import OF_THE_SPLIT
from runner.tracking import names
from runner.tracking.recorded_run import RecordedRun

COMPARED = ("loss", *OF_THE_SPLIT, "seed")
"""Parameters, or groups of them, that comparable runs differ in: what is compared, and what is averaged over."""
SHOWN = ("model", "optimizer", "sampling", "init", "trainer")
"""Groups whose overrides are a part of a loss's label, where they are compared too."""
WITHOUT_EFFECT = (
    *NOT_COMPUTED,
    "objective",
    "experiment",
    "debug",
    "hparams_search",
    "evaluation.bootstrap",
    "evaluation.calibrator",
    "evaluation.groups",
    "evaluation.importance",
    "split.repeats",
)
"""Parameters, or groups of them, that no compared number depends on."""
UNRECORDED = {
    "split": "random",
    "sampling": "none",
    "init.weights": "None",
    **{f"{group}.{key}": str(value) for group, keys in LATER.items() for key, value in keys.items()},
}
"""What older runs did that did not record it."""
MANY = 3  # losses named for one value; more are counted


@dataclass(frozen=True)
class Difference:
    """A setting that differs between runs which are compared.

    Attributes:
        dataset: where they are compared.
        key: of the setting.
        losses: by its value, the labels of the losses that have it.
    """

    dataset: str
    key: str
    losses: Mapping[str, Sequence[str]]

    def __str__(self) -> str:
        values = [f"{value} for {_named(losses)}" for value, losses in self.losses.items()]
        return f"{self.key} is {' and '.join(values)}"


def differences(
    table: pd.DataFrame, runs: Mapping[str, RecordedRun], allowed: Collection[str], metric: str
) -> list[Difference]:
    """The settings that differ beside what is compared, all of them allowed.

    Args:
        table: of `runner.tracking.results_table`; runs of one dataset there are compared.
        runs: the records behind it, by run id.
        allowed: keys of settings that may differ.
        metric: what is compared; by which column groups are formed matters to metrics of groups alone.

    Raises:
        InputError: runs of one dataset have other rows or other splits, or differ in a setting that is not allowed.
    """
    _check_files([runs[str(run_id)] for run_id in table["run_id"]])
    found = []
    for name, rows in table.groupby("dataset", sort=False):
        dataset = str(name)
        of_rows = [(str(row["loss"]), runs[str(row["run_id"])]) for _, row in rows.iterrows()]
        _check_rows(dataset, of_rows)
        found += list(_differing(dataset, of_rows))
        if metric.partition("/")[0] == WORST_GROUP:
            found += list(_in_keys(dataset, of_rows, ["evaluation.groups"]))
    refused = [each for each in found if each.key not in allowed]
    if refused:
        keys = list(dict.fromkeys(each.key for each in refused))
        said = "; ".join(str(each) for each in {each.key: each for each in refused}.values())
        ways = " ".join(f"--allow {key}" for key in keys)
        raise InputError(
            f"the runs on {refused[0].dataset} differ in more than the loss: {said}. Compare sweeps that do not, or "
            f"allow it with {ways} (comparison.allow=[{','.join(keys)}] in a sweep)"
        )
    return found


def of_other_versions(runs: Sequence[RecordedRun]) -> str:
    """In a sentence, what of the software differs between runs; empty where nothing does."""
    tags = dict.fromkeys(name for run in runs for name in run.tags if name.startswith(names.VERSION_PREFIX))
    said = []
    for tag in tags:
        values = sorted({run.tags[tag] for run in runs if tag in run.tags})
        if len(values) > 1:
            said.append(f"{tag.removeprefix(names.VERSION_PREFIX)} ({', '.join(values)})")
    return f"The runs were made by different versions of {', '.join(said)}." if said else ""


def of_preprocessing(table: pd.DataFrame, metric: str, baseline: str) -> str:
    """In a sentence, what the best preprocessing gains beside what the best loss gains; empty where one was tried.

    Args:
        table: as in `differences`; of the preprocessings tried the first is what the others are measured against.
        metric: what is compared.
        baseline: the loss that others are measured against.
    """
    first, *others = table["preprocessing"].unique()
    if not others or baseline not in set(table["loss"]):
        return ""
    settings = [f"preprocessing={value}" for value in (first, *others)]
    base = table["dataset"].map(lambda name: ", ".join(part for part in name.split(", ") if part not in settings))
    grouped = table.assign(base=base).groupby(["base", "preprocessing", "loss"], sort=False)[metric].mean()
    by_loss = (sign(metric) * grouped).groupby(level=["preprocessing", "loss"], sort=False).mean().unstack()
    by_preprocessing = by_loss[baseline] - by_loss.loc[first, baseline]
    by_losses = by_loss.loc[first] - by_loss.loc[first, baseline]
    best, best_loss = str(by_preprocessing.idxmax()), str(by_losses.idxmax())
    gain, loss_gain = float(by_preprocessing.max()), float(by_losses.max())
    more = "Preprocessing matters more than the loss here: with" if gain > loss_gain else "With"
    told = (
        f"preprocessing={best} gains {gain:.3f} {metric_name(metric)} over {first}" if gain else f"none beats {first}"
    )
    of_losses = f"{best_loss} gains {loss_gain:.3f} over {baseline}" if loss_gain else f"no loss gains over {baseline}"
    return f"{more} {baseline}, {told}; with {first}, {of_losses}."


def _check_files(runs: Sequence[RecordedRun]) -> None:
    """Refuses one file with two contents, which would count as two datasets."""
    contents: dict[tuple[str, ...], str] = {}
    for run in runs:
        if run.params.get("dataset") != "file":
            continue
        asked = sorted(f"{key}={value}" for key, value in run.params.items() if _within(key, ("dataset",)))
        content = run.tags.get(names.DATASET_SHA256, "")
        if contents.setdefault((*asked, run.tags.get(names.SETTING, "")), content) != content:
            path = run.params.get("dataset.path")
            raise InputError(f"the data changed between the runs, so they cannot be paired: dataset.path={path}")


def _check_rows(dataset: str, runs: Sequence[tuple[str, RecordedRun]]) -> None:
    """Refuses runs of other rows, or of rows that are divided otherwise."""
    contents = {run.tags.get(names.DATASET_SHA256, "") for _, run in runs}
    groups = ("dataset", "split") if len(contents) > 1 else ("split",)
    keys = dict.fromkeys(key for _, run in runs for key in run.params if _within(key, groups))
    for key in (*OF_THE_SPLIT, *WITHOUT_EFFECT):
        keys.pop(key, None)
    why = [str(each) for each in _in_keys(dataset, runs, list(keys))]
    if why or len(contents) > 1:
        said = "; ".join(why) or "the data changed between them, by their SHA-256"
        raise InputError(f"the runs on {dataset} are not on the same rows and splits, so they cannot be paired: {said}")


def _differing(dataset: str, runs: Sequence[tuple[str, RecordedRun]]) -> Iterator[Difference]:
    keys = dict.fromkeys(
        key for _, run in runs for key in run.params if key.partition("/")[0] not in names.OF_THE_MODEL
    )
    others = [key for key in keys if not _within(key, (*COMPARED, *WITHOUT_EFFECT, *SHOWN, "dataset", "split"))]
    yield from _in_keys(dataset, runs, others)
    for key in keys:
        if _within(key, SHOWN):
            yield from _in_keys(dataset, [(label, run) for label, run in runs if not _told(label, key)], [key])


def _told(label: str, key: str) -> bool:
    """Whether a loss's label tells a setting, or the option of a model, which brings settings of its own."""
    parts = label.split(" · ")[1:]
    if _within(key, ("model", "optimizer", "sampling")) and any("=" not in part for part in parts):
        return True
    return key.partition(".")[2] in {part.partition("=")[0] for part in parts}


def _in_keys(dataset: str, runs: Sequence[tuple[str, RecordedRun]], keys: Sequence[str]) -> Iterator[Difference]:
    for key in keys:
        values: dict[str, dict[str, None]] = {}
        for label, run in runs:
            values.setdefault(run.params.get(key, UNRECORDED.get(key, "not set")), {})[label] = None
        if len(values) > 1:
            yield Difference(dataset, key, {value: list(labels) for value, labels in values.items()})


def _within(key: str, groups: Sequence[str]) -> bool:
    return any(key == group or key.startswith(f"{group}.") for group in groups)


def _named(losses: Sequence[str]) -> str:
    if len(losses) > MANY:
        return f"{len(losses)} losses"
    *others, last = losses
    return f"{', '.join(others)} and {last}" if others else last
