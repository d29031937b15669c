"""Out-of-fold predictions, from the folders of runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from runner.evaluation import Predictions
from runner.reports.out_of_fold import mean_roc, pooled_scores, read_out_of_fold
from runner.runs.folder import RunFolder
from runner.tracking import NoTracker, RecordedRun, results_table

ROWS = 60


def folds(path: Path, loss: str, seed: int, repeat: int = 0, without: int | None = None) -> Iterator[RecordedRun]:
    """Runs of three folds, each with its predictions in a folder."""
    rng = np.random.default_rng([seed, repeat, len(loss)])
    order = np.random.default_rng(repeat).permutation(ROWS)
    for fold in range(3):
        if fold == without:
            continue
        rows = np.sort(order[fold::3])
        labels = (rows % 5 == 0).astype(float)
        folder = RunFolder(path / f"{loss}-{seed}-{repeat}-{fold}")
        folder.write_predictions("test", Predictions(rows, labels, rng.normal(size=len(rows)) + labels).table())
        params = {"loss": loss, "seed": str(seed), "split.seed": "0", "split.folds": "3", "split.fold": str(fold)}
        tags = {"variant": loss, "dataset.name": "toy", "folder": str(folder.path), "fingerprint": folder.path.name}
        tags |= {"rows.train": "30", "rows.validation": "10", "rows.test": str(len(rows))}
        name = folder.path.name
        yield RecordedRun(name, name, "FINISHED", params=params | {"split.repeat": str(repeat)}, tags=tags)


def read(runs: list[RecordedRun]):
    return read_out_of_fold(NoTracker(), results_table(runs), {run.run_id: run for run in runs})


def test_each_row_is_there_once_for_each_loss_seed_and_division(tmp_path):
    asked = [("builtin", 0, 0), ("builtin", 1, 0), ("builtin", 0, 1), ("focal", 0, 0)]
    found = read([run for each in asked for run in folds(tmp_path, *each)])
    assert found is not None
    table = found.table
    assert len(table) == 4 * ROWS
    for _, part in table.groupby(["loss", "seed", "division"], observed=True):
        np.testing.assert_array_equal(part["row"], np.arange(ROWS))
        assert sorted(part["fold"].unique()) == [0, 1, 2]
    assert set(table["division"]) == {"seed 0, repeat 0", "seed 0, repeat 1"}
    assert {loss: len(runs) for loss, runs in found.scores.items()} == {"builtin": 3, "focal": 1}

    scores = pooled_scores([found])
    assert len(scores) == 4
    assert (scores[["rows", "positives"]].to_numpy() == [ROWS, 12]).all()
    row = scores[(scores["loss"] == "focal")].iloc[0]
    own = table[table["loss"] == "focal"]
    assert row["roc_auc"] == pytest.approx(roc_auc_score(own["label"], own["logit"]))


def test_a_division_that_lacks_a_fold_is_left_out(tmp_path):
    whole, part = list(folds(tmp_path, "builtin", 0)), list(folds(tmp_path, "focal", 0, without=1))
    found = read([*whole, *part])
    assert found is not None
    assert list(found.scores) == ["builtin"]
    assert read(part) is None


def test_the_area_under_the_mean_curve_is_the_mean_area():
    rng = np.random.default_rng(0)
    labels = (rng.random(3000) < 0.2).astype(int)
    runs = [(labels, rng.normal(size=3000) + labels) for _ in range(3)]
    curves, losses = mean_roc({"builtin": runs})
    assert isinstance(curves, pd.DataFrame)
    area = np.trapezoid(curves["true_positive_rate"], curves["false_positive_rate"])
    assert area == pytest.approx(np.mean([roc_auc_score(*run) for run in runs]), abs=0.002)
    assert losses.loc["builtin", "roc_auc"] == pytest.approx(area, abs=0.002)
    assert losses.loc["builtin", "runs"] == 3
