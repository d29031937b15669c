"""Ensembles of a sweep's members, made of the predictions that they recorded: evaluated as runs are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from runner.evaluation import EvaluationOptions, Predictions, evaluate
from runner.evaluation.calibration import platt_scaling
from runner.evaluation.ensembles import greedy_selection, mean_logits
from runner.metrics import EPOCH_METRICS
from runner.reports.recorded_options import recorded_options
from runner.tracking.recorded_run import RecordedRun
from runner.tracking.tracker import Tracker

SEEDS, SELECTION = "seeds", "selection"
SELECTED = "selected ensemble"
"""The label of the ensemble that is selected from all members."""
CELL = ("dataset", "source", "setting", "preprocessing", "split", "n_train", "n_test")


@dataclass(frozen=True)
class _Member:
    """A run with its predictions.

    Attributes:
        row: of the table of runs.
        validation, test: as it recorded them.
    """

    row: Mapping[Any, Any]
    validation: Predictions
    test: Predictions


def ensembles_table(
    tracker: Tracker, table: pd.DataFrame, runs: Mapping[str, RecordedRun], kinds: Sequence[str], metric: str
) -> pd.DataFrame:
    """What ensembles come to, on the splits of a table of runs and in its columns.

    An ensemble has no seed: it stands beside each seed of its split, as references do, and so is paired with losses.

    Args:
        tracker: where the runs are recorded.
        table: of `runner.tracking.results_table`.
        runs: those of the table, by run id.
        kinds: `seeds`: of each loss with several seeds on a split the mean of their logits; `selection`: of all
            members on a split those that `greedy_selection` takes on validation, each scaled by Platt's method there,
            because losses have logits of different scales.
        metric: what is compared on test; its like on validation selects, or average precision where that is not one of
            those measured each epoch.

    Returns:
        One row an ensemble, dataset, split and seed; no row where there are none. `of_loss` is whose seeds it is of,
        empty for the selected one; `members` says how many runs are in it.
    """
    several = (table.groupby(["dataset", "split", "loss"]).size() > 1).any()
    if not (SELECTION in kinds or (SEEDS in kinds and several)):
        return pd.DataFrame()
    rows: list[dict[str, Any]] = []
    for _, of_split in table.groupby(["dataset", "split"], sort=False):
        members = list(_members(tracker, of_split, runs))
        options = recorded_options(tracker, runs[str(members[0].row["run_id"])]) if members else None
        if options is None:
            continue
        options = replace(options, calibrator="platt")  # what losses are compared by, and quick
        if SEEDS in kinds:
            rows += _of_seeds(members, options)
        if SELECTION in kinds and len(members) > 1:
            rows += _selected(members, options, metric)
    # Costs and groups are of the data, which are not loaded here: by their metrics ensembles cannot be compared.
    return pd.DataFrame(rows if all(metric in row for row in rows) else [])


def _of_seeds(members: Sequence[_Member], options: EvaluationOptions) -> Iterator[dict[str, Any]]:
    by_loss: dict[str, list[_Member]] = {}
    for member in members:
        by_loss.setdefault(str(member.row["loss"]), []).append(member)
    for loss, own in by_loss.items():
        if len(own) > 1:
            validation = mean_logits([member.validation.logits for member in own])
            test = mean_logits([member.test.logits for member in own])
            label = {"loss": f"{loss} · ensemble", "of_loss": loss}
            yield from _rows(own, label, _metrics(own[0], validation, test, options))


def _selected(members: Sequence[_Member], options: EvaluationOptions, metric: str) -> Iterator[dict[str, Any]]:
    labels = members[0].validation.labels
    scales = [platt_scaling(labels, member.validation.logits) for member in members]
    validation = [a * member.validation.logits + b for member, (a, b) in zip(members, scales, strict=True)]
    test = [a * member.test.logits + b for member, (a, b) in zip(members, scales, strict=True)]
    counts = greedy_selection(labels, np.stack(validation), selecting_metric(metric))
    taken = [member for member, count in zip(members, counts, strict=True) if count]
    found = _metrics(members[0], mean_logits(validation, counts), mean_logits(test, counts), options)
    for row in _rows(members, {"loss": SELECTED, "of_loss": ""}, found):
        yield {**row, "members": len(taken), "candidates": len(members)}


def selecting_metric(metric: str) -> str:
    """The metric by which members are selected on validation, where `metric` is compared on test."""
    plain = metric.rpartition("/")[2]
    return plain if f"val/{plain}" in EPOCH_METRICS and plain != "loss" else "average_precision"


def _metrics(like: _Member, validation: np.ndarray, test: np.ndarray, options: EvaluationOptions) -> dict[str, float]:
    of_validation, of_test = replace(like.validation, logits=validation), replace(like.test, logits=test)
    return evaluate(of_validation, of_test, options).metrics


def _rows(
    members: Sequence[_Member], label: Mapping[str, str], metrics: Mapping[str, float]
) -> Iterator[dict[str, Any]]:
    """A row for each seed of the members."""
    first = members[0].row
    told = {name: value for name, value in metrics.items() if name.startswith(("test", "val/"))}
    seconds = sum(float(member.row["seconds"]) for member in members)
    for seed in dict.fromkeys(int(member.row["seed"]) for member in members):
        cell = {column: first[column] for column in CELL}
        own = {"run_id": "", "option": "", "seed": seed, "seconds": seconds, "members": len(members), "candidates": 0}
        yield {**label, **cell, **own, **told}


def _members(tracker: Tracker, table: pd.DataFrame, runs: Mapping[str, RecordedRun]) -> Iterator[_Member]:
    """The runs of one split with their predictions; a run without them, or of other rows, is left out."""
    first: _Member | None = None
    for row in table.to_dict("records"):
        parts = [_predictions(tracker, runs[str(row["run_id"])], part) for part in ("validation", "test")]
        if parts[0] is None or parts[1] is None:
            continue
        member = _Member(row, parts[0], parts[1])
        first = first or member
        alike = zip((first.validation, first.test), (member.validation, member.test), strict=True)
        if all(np.array_equal(one.rows, other.rows) for one, other in alike):
            yield member


def _predictions(tracker: Tracker, run: RecordedRun, part: str) -> Predictions | None:
    file = tracker.recorded_file(run, f"predictions/{part}.parquet")
    if file is None:
        return None
    saved = pd.read_parquet(file, columns=["row", "label", "logit"])
    return Predictions(*(saved[column].to_numpy() for column in saved))
