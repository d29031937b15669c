"""`evaluation.groups` and `evaluation.importance`, of a run alone and of runs in a stack."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from commands import Command
from small_population import rows_of_population

from runner.evaluation.subgroups import ENDS
from runner.runs.folder import RunFolder

TABLE = rows_of_population(900, seed=0)
OPTIONS = (
    *("dataset=file", "dataset.path=small.csv", "dataset.target=y", "trainer.epochs=2", "model=logistic"),
    *("evaluation.bootstrap=20", "tracking.models=none", "comparison=none"),
)


@pytest.fixture
def told(command: Command, tmp_path: Path) -> Command:
    """`command`, in a folder with small.csv."""
    TABLE.to_csv(tmp_path / "small.csv", index=False)
    return command


def of_test_rows(folder: Path) -> pd.DataFrame:
    saved = pd.read_parquet(folder / "predictions" / "test.parquet")
    return saved.assign(colour=TABLE["colour"].fillna("(missing)").to_numpy()[saved["row"]])


def test_a_run_has_a_table_a_figure_and_the_worst_group(told, tmp_path):
    done = told(*OPTIONS, "evaluation.groups=colour", "dataset.drop=[colour]", "figures=none")
    assert done.status == 0, done.err
    folder = RunFolder(done.folder(tmp_path))
    table, expected = folder.read_groups().set_index("group"), of_test_rows(folder.path).groupby("colour")
    assert set(table.index) == set(expected.groups)
    assert table["rows"].to_dict() == expected.size().to_dict()
    assert table["positives"].to_dict() == expected["label"].sum().to_dict()
    metrics = folder.read_metrics()
    ranked = table[table["reason"] == ""]
    assert metrics["test_worst_group/roc_auc"] == pytest.approx(ranked["roc_auc"].min())
    assert metrics["test_worst_group/roc_auc"] == pytest.approx(ranked["roc_auc"].iloc[0])
    assert "### By colour, the worst ROC AUC first" in folder.read_summary()
    lines = done.out.splitlines()
    (head,) = [number for number, line in enumerate(lines) if line.startswith("colour ")]
    shown = [line.split("  ")[0] for line in lines[head + 1 : head + 2 + len(table)]]
    assert shown == [*table.index, "all rows"]


def test_runs_of_a_stack_have_theirs_and_the_best_draws_them_with_intervals(told, tmp_path):
    done = told("-m", *OPTIONS, "evaluation.groups=colour,member", "evaluation.importance=true", "figures=best")
    assert done.status == 0, done.err
    (place,) = [line.partition(": ")[2] for line in done.out.splitlines() if line.startswith("files of its runs")]
    folders = [RunFolder(path.parent) for path in sorted((tmp_path / place).glob("*/run.json"))]
    groups = [set(folder.read_groups()["group"]) for folder in folders]
    assert sorted(map(sorted, groups)) == sorted([["(missing)", "blue", "green", "red"], ["False", "True"]])
    drawn = [folder.figures / "groups.png" for folder in folders if folder.figures.exists()]
    assert [path.exists() for path in drawn] == [True]
    importance = pd.read_csv(drawn[0].with_name("importance.csv"))
    assert sorted(importance["column"]) == ["amount", "colour", "member", "visits"]
    assert importance["column"][0] == "amount"  # the others have nothing to do with the label
    assert importance["low"][0] > 0
    assert drawn[0].with_name("importance.png").exists()
    for folder in folders:
        ranked = folder.read_groups().query("reason == ''")
        assert np.isfinite(ranked[[f"roc_auc.{end}" for end in ENDS]].to_numpy()).all()


def test_a_column_that_is_not_there_is_refused_in_a_line(told):
    done = told(*OPTIONS, "evaluation.groups=color")
    assert done.status == 2
    assert done.errors == ["error: small.csv: evaluation.groups: no column 'color': did you mean 'colour'?"]
    done = told("dataset=page_blocks", "evaluation.groups=site", *OPTIONS[3:])
    assert (done.status, len(done.errors)) == (2, 1)
    assert "evaluation.groups: page_blocks has no column 'site': " in done.errors[0]
