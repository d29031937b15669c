"""Out-of-fold predictions of a cross-validation: each row as the fold predicted it that did not train on it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from runner import figures
from runner.evaluation import EvaluationOptions
from runner.evaluation.calibrators import log_loss_of_probabilities
from runner.evaluation.overlays import Run, mean_precision_recall, pooled_calibration
from runner.figures import comparison as comparison_figures
from runner.reports.out_of_fold_decisions import decide
from runner.reports.recorded_options import recorded_options
from runner.tracking import names
from runner.tracking.recorded_run import RecordedRun
from runner.tracking.results_table import results_table
from runner.tracking.tracker import Tracker
from runner.writing import console
from runner.writing.whole_files import whole_file, write_text

MOST_ROWS = 20_000_000
"""Predictions that are put together; more take a gigabyte and minutes."""
MOST_DRAWN = 4  # datasets
RATES = np.arange(0, 201) / 200


@dataclass(frozen=True)
class OutOfFold:
    """The out-of-fold predictions of one dataset.

    Attributes:
        table: one row a prediction: dataset, loss, seed, division (which one into folds), fold, and row, label, logit
            and probability as the run had them.
        scores: by loss, (labels, probabilities) of each seed and division, the folds together.
        options: how its runs were evaluated; None where their configuration is gone.
    """

    table: pd.DataFrame
    scores: Mapping[str, Sequence[Run]]
    options: EvaluationOptions | None = None


def publish_out_of_fold(tracker: Tracker, parent_id: str, runs: Sequence[RecordedRun], folder: Path) -> None:
    """Puts the out-of-fold predictions of a sweep, their scores and figures of them on its parent, if it has folds.

    Args:
        tracker: where the sweep is recorded.
        parent_id: its parent run.
        runs: its finished runs.
        folder: where the files go.
    """
    folds = [run for run in runs if int(run.params.get("split.folds", 1)) > 1]
    table = results_table(folds)
    if table.empty or table["n_test"].sum() > MOST_ROWS:
        return
    by_id = {run.run_id: run for run in folds}
    found = [read_out_of_fold(tracker, of_data, by_id) for _, of_data in table.groupby("dataset", sort=False)]
    whole = [each for each in found if each is not None]
    if not whole:
        return
    folder.mkdir(parents=True, exist_ok=True)
    with whole_file(folder / "predictions.parquet") as beside:
        pd.concat([each.table for each in whole], ignore_index=True).to_parquet(beside)
    with whole_file(folder / "scores.csv") as beside:
        pooled_scores(whole).to_csv(beside, index=False)
    _write_decisions(whole, folder)
    for number, each in enumerate(whole[:MOST_DRAWN]):
        _draw(each, folder, f"_{number}" if len(whole) > 1 else "")
    tracker.log_artifacts(parent_id, folder, names.OUT_OF_FOLD)
    console.show_out_of_fold(folder)


def read_out_of_fold(tracker: Tracker, table: pd.DataFrame, runs: Mapping[str, RecordedRun]) -> OutOfFold | None:
    """The out-of-fold predictions of the runs in `table`; None where no loss has all its folds.

    A division whose folds are not all there is left out: pooled without them it would be of other rows than the others.

    Args:
        tracker: where they are recorded.
        table: of the runs, on one dataset.
        runs: by run id.
    """
    divisions: dict[tuple[str, int, str], dict[int, RecordedRun]] = {}
    for _, row in table.iterrows():
        run = runs[row["run_id"]]
        key = str(row["loss"]), int(row["seed"]), _division(run.params)
        divisions.setdefault(key, {})[int(run.params["split.fold"])] = run
    parts: list[pd.DataFrame] = []
    scores: dict[str, list[Run]] = {}
    for (loss, seed, division), by_fold in divisions.items():
        if sorted(by_fold) != list(range(int(next(iter(by_fold.values())).params["split.folds"]))):
            continue
        files = {fold: tracker.recorded_file(by_fold[fold], "predictions/test.parquet") for fold in sorted(by_fold)}
        if any(file is None for file in files.values()):
            continue
        pooled = pd.concat(
            [pd.read_parquet(file).assign(fold=fold) for fold, file in files.items() if file is not None]
        )
        pooled = pooled.sort_values("row")
        parts.append(pooled.assign(dataset=table["dataset"].iloc[0], loss=loss, seed=seed, division=division))
        scores.setdefault(loss, []).append((pooled["label"].to_numpy(), pooled["probability"].to_numpy()))
    if not parts:
        return None
    columns = ["dataset", "loss", "seed", "division", "fold", "row", "label", "logit", "probability"]
    together = pd.concat(parts, ignore_index=True)[columns]
    options = recorded_options(tracker, runs[table["run_id"].iloc[0]])
    return OutOfFold(together.astype(dict.fromkeys([*columns[:2], "division"], "category")), scores, options)


def pooled_scores(found: Sequence[OutOfFold]) -> pd.DataFrame:
    """One row a dataset, loss, seed and division: rows, positives, and metrics of the folds together.

    Folds are of different networks, whose scores need not have one scale: a pooled ranking is at most as good as those
    of the folds, and says how one threshold for all of them would do.
    """
    rows = []
    for each in found:
        keys = ["dataset", "loss", "seed", "division"]
        for key, part in each.table.groupby(keys, sort=False, observed=True):
            labels, probabilities = part["label"].to_numpy(), part["probability"].to_numpy()
            rows.append(
                {
                    **dict(zip(keys, key, strict=True)),
                    "rows": len(labels),
                    "positives": int(labels.sum()),
                    "average_precision": average_precision_score(labels, probabilities),
                    "roc_auc": roc_auc_score(labels, probabilities),
                    "log_loss": log_loss_of_probabilities(labels, probabilities),
                }
            )
    return pd.DataFrame(rows)


def mean_roc(scores: Mapping[str, Sequence[Run]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The mean true positive rate of each loss's runs at 201 false positive rates, and each loss's mean ROC AUC.

    Args:
        scores: a loss to its runs on one dataset; all with both classes.

    Returns:
        Curves and losses as `runner.figures.comparison.roc_overlay` takes them.
    """
    curves = []
    for loss, runs in scores.items():
        rates = [np.interp(RATES, *roc_curve(*run)[:2]) for run in runs]
        mean = {"false_positive_rate": RATES, "true_positive_rate": np.mean(rates, axis=0)}
        curves.append(pd.DataFrame({"loss": loss, **mean}))
    means = {loss: float(np.mean([roc_auc_score(*run) for run in runs])) for loss, runs in scores.items()}
    losses = pd.DataFrame({"roc_auc": means, "runs": {loss: len(runs) for loss, runs in scores.items()}})
    return pd.concat(curves, ignore_index=True), losses


def _write_decisions(found: Sequence[OutOfFold], folder: Path) -> None:
    """decisions.csv and calibrators.json, of what `runner.reports.out_of_fold_decisions` finds."""
    decided = [one for each in found if each.options is not None for one in decide(each.table, each.options)]
    if not decided:
        return
    with whole_file(folder / "decisions.csv") as beside:
        pd.DataFrame([one.row for one in decided]).to_csv(beside, index=False)
    content = [{**one.whose, "threshold": one.threshold, "calibrator": one.calibrator.as_json()} for one in decided]
    write_text(folder / "calibrators.json", json.dumps(content, default=int) + "\n")


def _division(params: Mapping[str, str]) -> str:
    """Which division into folds, in words: its seed and its repeat."""
    return f"seed {params.get('split.seed', '0')}, repeat {params.get('split.repeat', '0')}"


def _draw(found: OutOfFold, folder: Path, suffix: str) -> None:
    """precision_recall.png, roc.png and calibration.png."""
    subtitle = f"{found.table['dataset'].iloc[0]} · out-of-fold predictions, all folds together"
    ranking, calibration, (curves, losses) = (
        mean_precision_recall(found.scores),
        pooled_calibration(found.scores),
        mean_roc(found.scores),
    )
    drawn = {
        "precision_recall": comparison_figures.precision_recall_overlay(
            ranking.curves, ranking.losses, prevalence=ranking.prevalence, subtitle=subtitle
        ),
        "roc": comparison_figures.roc_overlay(curves, losses, subtitle=subtitle),
        "calibration": comparison_figures.calibration_overlay(
            calibration.curves, calibration.losses, subtitle=subtitle
        ),
    }
    for name, figure in drawn.items():
        figures.save(figure, folder / f"{name}{suffix}.png")
