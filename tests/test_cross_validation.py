"""Splits from the command line: folds as one experiment, and the order or the parts that the data have."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from commands import PLAIN, TINY
from omegaconf import OmegaConf
from sklearn.metrics import average_precision_score

SMALL = (*TINY, "model=logistic", "tracking.models=none", "figures=none")
OF_FILE = ("dataset=file", "dataset.path=my.csv", "dataset.target=y", "model=logistic", "trainer.epochs=1", *PLAIN)


def test_all_folds_of_two_losses_are_one_experiment_with_a_report(command, store, tmp_path):
    done = command(
        "-m", *SMALL, "split=kfold", "split.fold=all", "split.folds=3", "loss=builtin,focal", "paths.outputs=outputs"
    )
    assert done.status == 0, done.err
    (parent,) = [run for run in store.search_runs(["1"]) if "mlflow.parentRunId" not in run.data.tags]
    children = store.search_runs(["1"], f"tags.`mlflow.parentRunId` = '{parent.info.run_id}'")
    assert parent.info.run_name == "split.fold × loss (6 runs)"
    assert {run.data.params["split"] for run in children} == {"kfold"}
    assert sorted(run.data.tags["split"] for run in children) == sorted([f"fold {fold}" for fold in range(3)] * 2)
    assert {run.info.run_name for run in children} >= {"builtin · logistic · fold 2 · seed 0 · synthetic"}
    assert not any("setting" in run.data.tags for run in children)

    folder = next(Path(each.data.tags["folder"]).parent for each in children)
    runs = pd.read_csv(folder / "comparison" / "runs.csv")
    assert sorted(runs["split"]) == sorted(["fold 0", "fold 1", "fold 2"] * 2)
    assert (runs["n_test"] / runs["n_train"]).mean() == pytest.approx(1 / (3 - 1))
    board = pd.read_csv(folder / "comparison" / "leaderboard.csv", index_col="loss")
    assert board["splits"].tolist() == [3, 3]
    tested = {
        loss: pd.concat([pd.read_parquet(Path(run.data.tags["folder"]) / "predictions" / "test.parquet") for run in of])
        for loss in ("builtin", "focal")
        for of in [[run for run in children if run.data.params["loss"] == loss]]
    }
    for rows in tested.values():  # each row of the data once
        np.testing.assert_array_equal(np.sort(rows["row"]), np.arange(240))

    there = {Path(file.path).name for file in store.list_artifacts(parent.info.run_id, "out_of_fold")}
    tables = {"predictions.parquet", "scores.csv", "decisions.csv", "calibrators.json"}
    assert there == {*tables, "precision_recall.png", "roc.png", "calibration.png"}
    pooled = pd.read_parquet(folder / "out_of_fold" / "predictions.parquet")
    scores = pd.read_csv(folder / "out_of_fold" / "scores.csv", index_col="loss")
    for loss, name in (("builtin", "builtin · logistic"), ("focal", "focal gamma=2 · logistic")):
        own = pooled[pooled["loss"] == name]
        expected = tested[loss].sort_values("row")
        np.testing.assert_array_equal(own["row"], np.arange(240))
        np.testing.assert_array_equal(own["logit"], expected["logit"])
        assert scores.loc[name, "average_precision"] == average_precision_score(own["label"], own["probability"])
        assert scores.loc[name, "positives"] == own["label"].sum() == 48
    decisions = pd.read_csv(folder / "out_of_fold" / "decisions.csv", index_col="loss")
    assert decisions["positives"].tolist() == [48, 48]
    assert set(decisions["rule"]) == {"max_f1"}


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["split=kfold", "split.fold=all"], ["split.fold=all", "add -m", "split.fold=0"]),
        (["split=kfold", "split.fold=5"], ["split.fold=5", "split.folds=5", "0 to 4"]),
        (["split.fold=1"], ["split.fold", "no such key", "split=kfold"]),
        (["-m", "split.fold=all"], ["split.fold", "no such key", "split=kfold"]),
        (["split=group"], ["split=group", "no groups", "dataset.group"]),
        (["split=given"], ["split=given", "split.column=", "dataset.test_path="]),
        (["split=time"], ["split.column has no value"]),
        (["split=time", "split.column=x99"], ["split.column", "no column 'x99'"]),
        (["split=kfolds"], ["split=kfolds", "did you mean split=kfold"]),
    ],
)
def test_what_cannot_be_split_so_is_refused_in_one_line(command, arguments, named):
    done = command(*SMALL, *arguments)
    assert done.status == 2
    (line,) = done.errors
    for text in ["error: ", *named]:
        assert text in line


@pytest.fixture
def my_csv(tmp_path):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 200)
    table = pd.DataFrame({"a": rng.normal(size=200) + labels, "when": pd.date_range("2024-01-01", periods=200)})
    table = table.assign(shop=np.arange(200) % 10, part=np.where(np.arange(200) < 150, "train", "test"), y=labels)
    table.sample(frac=1, random_state=1).to_csv(tmp_path / "my.csv", index=False)
    return table


def predictions(done, tmp_path) -> pd.DataFrame:
    return pd.read_parquet(done.folder(tmp_path) / "predictions" / "test.parquet")


def test_the_newest_rows_are_tested_and_a_random_split_of_dates_is_warned_of(command, my_csv, tmp_path):
    table = pd.read_csv(tmp_path / "my.csv")
    done = command(*OF_FILE, "dataset.drop=[shop,part]", "split=time", "split.column=when")
    assert done.status == 0, done.err
    tested = table.loc[predictions(done, tmp_path)["row"], "when"]
    assert sorted(tested) == sorted(table["when"])[-40:]
    assert "(1 features)" in done.out + done.err
    assert "drawn at random" not in done.err

    done = command(*OF_FILE, "dataset.drop=[shop,part,when]")
    assert done.status == 0, done.err
    assert "'when' looks like dates, and rows are drawn at random" in done.err
    assert "split=time split.column=when" in done.err


def test_a_column_a_file_and_groups_say_which_rows_are_tested(command, my_csv, tmp_path):
    table = pd.read_csv(tmp_path / "my.csv")
    without = "dataset.drop=[when,shop]"
    done = command(*OF_FILE, without, "split=given", "split.column=part")
    assert done.status == 0, done.err
    assert set(table.loc[predictions(done, tmp_path)["row"], "part"]) == {"test"}

    table[table["part"] == "test"].to_csv(tmp_path / "new.csv", index=False)
    table[table["part"] == "train"].to_csv(tmp_path / "my.csv", index=False)
    done = command(*OF_FILE, "dataset.drop=[when,shop,part]", "split=given", "dataset.test_path=new.csv")
    assert done.status == 0, done.err
    assert sorted(predictions(done, tmp_path)["row"]) == list(range(150, 200))

    table.to_csv(tmp_path / "my.csv", index=False)
    groups = ("dataset.drop=[when,part]", "dataset.group=shop", "split=group", "split.folds=10", "split.fold=3")
    done = command(*OF_FILE, *groups)
    assert done.status == 0, done.err
    assert set(table.loc[predictions(done, tmp_path)["row"], "shop"]) == {3}


def test_a_run_recorded_before_there_were_other_splits_can_be_done_again(command, tmp_path):
    """Its config has a split without a name, and is taken for the random one."""
    first = command(*SMALL, "comparison=none", "split.seed=3")
    folder = first.folder(tmp_path)
    assert OmegaConf.load(folder / "config.yaml").split == {"seed": 3, "validation": 0.2, "test": 0.2} | {
        "duplicates": "together"
    }
    again = command("--config-path", str(folder), "--config-name", "config")
    assert again.status == 0, again.err
    one, other = predictions(first, tmp_path), predictions(again, tmp_path)
    np.testing.assert_array_equal(one["row"], other["row"])
    np.testing.assert_array_equal(one["logit"], other["logit"])


OWN_SPLIT = """
import numpy as np

class EveryThird:
    def __init__(self, offset):
        self.offset = offset

    def rows(self, dataset):
        place = (np.arange(len(dataset.labels)) + self.offset) % 3
        return [np.flatnonzero(place == part) for part in range(3)]
"""


def test_a_split_of_ones_own(command, tmp_path):
    (tmp_path / "my_splits.py").write_text(OWN_SPLIT)
    option = tmp_path / "my_conf" / "split" / "every_third.yaml"
    option.parent.mkdir(parents=True)
    option.write_text("_target_: my_splits.EveryThird\noffset: 0\n")
    done = command("--config-dir", "my_conf", *SMALL, "split=every_third", "split.offset=1")
    assert done.status == 0, done.err
    np.testing.assert_array_equal(predictions(done, tmp_path)["row"], np.arange(1, 240, 3))
