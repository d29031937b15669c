"""Recorded runs as a table."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from runner.runs.fingerprint import split_fingerprint
from runner.tracking import RecordedRun, references_table, results_table, varied_parameters


def run(number: int, *, status="FINISHED", gamma="2.0", fingerprint="", path="", **tags) -> RecordedRun:
    return RecordedRun(
        run_id=f"id{number}",
        name=f"run {number}",
        status=status,
        started=number,
        tags={
            "variant": f"focal gamma={gamma}",
            "dataset.name": "page_blocks",
            "fingerprint": fingerprint or f"mark{number}",
            "rows.train": "60",
            "rows.validation": "20",
            "rows.test": "20",
            **tags,
        },
        params={"loss": "focal", "loss.gamma": gamma, "model.units": "[64, 32]", "split.seed": "3", "seed": "1"}
        | ({"dataset": "file", "dataset.path": path} if path else {"dataset": "page_blocks"}),
        metrics={"test/f1": 0.5, "train/loss": 9.0, "wall_seconds/train": 2.0, "wall_seconds/load": 0.5},
    )


def test_a_row_is_a_finished_run_with_what_a_comparison_needs():
    table = results_table([run(1), run(2, status="FAILED"), run(3, status="RUNNING")])

    (row,) = table.to_dict("records")
    assert row == {
        "run_id": "id1",
        "loss": "focal gamma=2.0",
        "option": "focal",
        "dataset": "page_blocks",
        "source": "page_blocks",
        "setting": "",
        "preprocessing": "",
        "split": 3,
        "seed": 1,
        "n_train": 80,  # validation stops training and chooses the threshold: it is no test row
        "n_test": 20,
        "test/f1": 0.5,
        "seconds": 2.5,
        "loss.gamma": 2.0,
        "model.units": "[64, 32]",
    }


@pytest.mark.parametrize(
    ("params", "split"),
    [
        ({}, 3),
        ({"split.seed": "0"}, 0),
        ({"split.seed": "0", "split.fold": "2", "split.folds": "5", "split.repeat": "0"}, "fold 2"),
        ({"split.seed": "0", "split.fold": "2", "split.folds": "12", "split.repeat": "1"}, "repeat 1, fold 02"),
        ({"split.fold": "4", "split.folds": "5", "split.repeat": "2"}, "seed 3, repeat 2, fold 4"),
    ],
)
def test_a_split_is_its_seed_or_its_fold_in_words(params, split):
    one = run(1)
    table = results_table([replace(one, params=one.params | params)])
    assert table["split"].tolist() == [split]


def test_of_two_runs_of_one_thing_the_later_counts():
    table = results_table([run(2, fingerprint="same"), run(1, fingerprint="same"), run(3)])

    assert list(table["run_id"]) == ["id2", "id3"]


def test_no_finished_run_is_an_empty_table():
    assert results_table([run(1, status="KILLED")]).empty


def test_swept_parameters_are_those_that_vary_within_one_loss():
    table = results_table([run(1), run(2, gamma="1.0")])
    other = table.assign(option="other")

    assert varied_parameters(table) == ["loss.gamma"]
    assert varied_parameters(pd.concat([table[:1], other[1:]])) == []


@pytest.mark.parametrize(
    ("paths", "contents", "expected"),
    [
        (["a/train.csv", "b/train.csv"], ["1", "2"], ["train (a/train.csv)", "train (b/train.csv)"]),
        (["train.csv", "train.csv"], ["1" * 64, "2" * 64], ["train (11111111)", "train (22222222)"]),  # it has changed
        (["a/train.csv", "b/train.csv"], ["1", "1"], ["train", "train"]),  # a copy
        (["", ""], ["1", "2"], ["train", "train"]),
    ],
)
def test_two_files_of_one_name_are_two_datasets(paths, contents, expected):
    tags = [{"dataset.name": "train", "dataset.sha256": content} for content in contents]
    runs = [run(number, path=path, **own) for number, (path, own) in enumerate(zip(paths, tags, strict=True))]
    assert results_table(runs)["dataset"].tolist() == expected


def reference(number: int, name: str, like: RecordedRun, **tags) -> RecordedRun:
    of = split_fingerprint(like.params, "aa")
    own = {"reference": name, "reference.of": of, "reference.rows": "60", "rows.train": "60"}
    return RecordedRun(
        f"ref{number}", name, "FINISHED", started=number, tags={**own, **tags}, metrics={"test/f1": 0.7 + number / 100}
    )


def test_a_reference_stands_beside_each_seed_and_setting_of_its_split_and_is_no_run_of_a_loss():
    first = run(1, **{"dataset.sha256": "aa"})
    runs = [
        first,
        replace(first, run_id="id2", tags={**first.tags, "fingerprint": "2"}, params={**first.params, "seed": "2"}),
        replace(first, run_id="id3", tags={**first.tags, "fingerprint": "3", "setting": "epochs=5"}),
        replace(
            first, run_id="id4", tags={**first.tags, "fingerprint": "4"}, params={**first.params, "split.seed": "4"}
        ),
    ]
    references = [reference(1, "logistic", first), reference(2, "logistic", first)]
    table = results_table([*runs, *references])
    assert list(table["run_id"]) == ["id1", "id2", "id3", "id4"]

    found = references_table(table, [*runs, *references])
    assert found["run_id"].unique().tolist() == ["ref2"]  # of two the later
    assert found["loss"].unique().tolist() == ["logistic (scikit-learn)"]
    cells = found[["dataset", "split", "seed"]].to_numpy().tolist()
    assert cells == [["page_blocks", 3, 1], ["page_blocks", 3, 2], ["page_blocks, epochs=5", 3, 1]]
    assert found["test/f1"].tolist() == [0.72] * 3
    assert found[["n_train", "n_test"]].to_numpy().tolist() == [[80, 20]] * 3
    assert references_table(table, runs).empty


def test_other_data_another_threshold_rule_and_another_preprocessing_are_other_references():
    params = run(1).params
    marks = {
        split_fingerprint(params, "aa"),
        split_fingerprint(params, "bb"),
        split_fingerprint({**params, "split.seed": "4"}, "aa"),
        split_fingerprint({**params, "preprocessing": "quantile"}, "aa"),
        split_fingerprint({**params, "evaluation.threshold": "max_mcc"}, "aa"),
    }
    assert len(marks) == 5
    alike = {**params, "loss.gamma": "9", "seed": "7", "evaluation.bootstrap": "0", "split.repeats": "3"}
    assert split_fingerprint(alike, "aa") in marks
