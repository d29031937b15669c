"""Recorded runs as a table: one row a finished run, as `runner.comparison` reads it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from runner.runs.fingerprint import split_fingerprint
from runner.runs.naming import split_identity
from runner.tracking import names
from runner.tracking.recorded_run import RecordedRun

SECONDS = ("wall_seconds/", "seconds/")  # the second one in older stores
PARAMETERS = ("loss.", "model.", "optimizer.", "sampling.")


def results_table(runs: Sequence[RecordedRun]) -> pd.DataFrame:
    """The finished runs among `runs`; of two with one fingerprint, the later.

    Returns:
        Columns run_id, loss (with its settings), option (the loss's config option), dataset, source (the dataset's
        config option), preprocessing, split (its seed, or its fold in words), seed, n_train (all rows but the test
        part's: validation counts, for it stops training and chooses the threshold), n_test, seconds, every final metric
        under its MLflow name, and the parameters of loss, model, optimizer and sampling; and setting, what else the
        sweep varied, which is a part of the dataset's name: losses are compared within a setting. Files of one name
        with different content are called by their paths.
    """
    latest: dict[str, RecordedRun] = {}
    for run in sorted(runs, key=lambda run: run.started):
        if run.finished and names.VARIANT in run.tags:
            latest[run.tags.get(names.FINGERPRINT, run.run_id)] = run
    rows = _told_apart([_row(run) for run in latest.values()], list(latest.values()))
    for row in rows:
        if row["setting"]:
            row["dataset"] = f"{row['dataset']}, {row['setting']}"
    return pd.DataFrame(rows)


def references_table(table: pd.DataFrame, runs: Sequence[RecordedRun]) -> pd.DataFrame:
    """What references came to, on the splits of a table of runs and in its columns.

    A reference does not depend on the seed: it stands beside each run of its split, also in another setting or sweep
    that has the same split. So it is paired with losses as they are with each other.

    Args:
        table: of `results_table`.
        runs: those of the table, and the references among others.

    Returns:
        One row a reference, dataset, split and seed; no row where there are none. `rows` has the number of those that
        it was trained on, and `run_id` is the reference's.
    """
    finished = [run for run in sorted(runs, key=lambda run: run.started) if run.is_reference and run.finished]
    latest = {(run.tags[names.REFERENCE], run.tags[names.REFERENCE_OF]): run for run in finished}
    by_id = {run.run_id: run for run in runs}
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for _, own in table.iterrows() if latest else ():
        like = by_id[own["run_id"]]
        of = split_fingerprint(like.params, like.tags.get(names.DATASET_SHA256, ""))
        for name in dict.fromkeys(name for name, its in latest if its == of):
            reference, label = latest[name, of], names.reference_label(name)
            cell = {
                column: own[column] for column in ("dataset", "source", "setting", "preprocessing", "split", "seed")
            }
            sizes = {column: own[column] for column in ("n_train", "n_test")}
            row = {"run_id": reference.run_id, "loss": label, "option": "", **cell, **sizes}
            row["rows"] = int(reference.tags[names.REFERENCE_ROWS])
            row["of_rows"] = int(reference.tags[names.rows_of("train")])
            rows[(label, *cell.values())] = {**row, **_results(reference)}
    return pd.DataFrame(list(rows.values()))


def _results(run: RecordedRun) -> dict[str, float]:
    """The final metrics under their MLflow names, and the seconds that it took."""
    metrics = run.metrics
    return {
        **{name: value for name, value in metrics.items() if name.startswith(("test", "val/"))},
        "seconds": sum(value for name, value in metrics.items() if name.startswith(SECONDS)) or math.nan,
    }


def _told_apart(rows: list[dict[str, Any]], runs: Sequence[RecordedRun]) -> list[dict[str, Any]]:
    """The rows, where two files with one name are two datasets: called by their paths, or else by their content."""
    contents: dict[str, dict[str, str]] = {}
    for row, run in zip(rows, runs, strict=True):
        if row["source"] == "file":
            content = run.tags.get(names.DATASET_SHA256, "")
            contents.setdefault(row["dataset"], {})[content] = run.params.get("dataset.path", "")
    for row, run in zip(rows, runs, strict=True):
        paths = contents.get(row["dataset"], {}) if row["source"] == "file" else {}
        if len(paths) > 1:
            content = run.tags.get(names.DATASET_SHA256, "")
            told = paths[content] if len(set(paths.values())) == len(paths) else content[:8]
            row["dataset"] = f"{row['dataset']} ({told})"
    return rows


def _row(run: RecordedRun) -> dict[str, Any]:
    tags, params = run.tags, run.params
    return {
        "run_id": run.run_id,
        "loss": tags[names.VARIANT],
        "option": params.get("loss", ""),
        "dataset": tags[names.DATASET_NAME],
        "source": params.get("dataset", ""),
        "setting": tags.get(names.SETTING, ""),
        "preprocessing": params.get("preprocessing", ""),
        "split": split_identity(params),
        "seed": int(params["seed"]),
        "n_train": int(tags[names.rows_of("train")]) + int(tags[names.rows_of("validation")]),
        "n_test": int(tags[names.rows_of("test")]),
        **_results(run),
        **{name: _value(said) for name, said in params.items() if name.startswith(PARAMETERS)},
    }


def varied_parameters(table: pd.DataFrame) -> list[str]:
    """The columns of parameters with several values within one loss option: what a sweep varied."""
    own = [name for name in table.columns.astype(str) if name.startswith(PARAMETERS)]
    values = table.groupby("option")[own].nunique() if own else pd.DataFrame()
    return [name for name in own if (values[name] > 1).any()]


def _value(said: str) -> float | str:
    try:
        return float(said)
    except ValueError:
        return said
