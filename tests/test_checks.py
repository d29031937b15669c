"""Checks from the command line: in the log, the record, the note and the report; and silenced by their codes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from commands import TINY

SMALL = (*TINY, "model=logistic", "tracking.models=none", "figures=none", "paths.outputs=outputs")
RARE = ("dataset.prevalence=0.08",)  # 19 positives


def test_a_run_tells_what_there_is_to_look_at(command, store, tmp_path):
    done = command(*SMALL, *RARE)
    assert done.status == 0, done.err
    assert re.search(r"few positives \(train 1\d, validation [34], test [34]\)", done.err)
    assert "(FEW01)" in done.err
    run = store.get_run(done.run_id)
    found = dict(json.loads(run.data.tags["checks"]))
    assert {"FEW01", "EPOCH01"} == set(found)
    assert "**To be looked at**" in run.data.tags["mlflow.note.content"]
    assert "- FEW01: synthetic: few positives" in run.data.tags["mlflow.note.content"]
    assert json.loads((done.folder(tmp_path) / "checks.json").read_text()) == [list(each) for each in found.items()]

    quiet = command(*SMALL, *RARE, "checks.ignore=[FEW01,EPOCH01]")
    assert quiet.status == 0, quiet.err
    assert "FEW01" not in quiet.err
    run = store.get_run(quiet.run_id)
    assert "checks" not in run.data.tags
    assert "To be looked at" not in run.data.tags["mlflow.note.content"]
    first, second = (store.get_run(each.run_id).data.tags["fingerprint"] for each in (done, quiet))
    assert first == second  # it computes the same


def test_a_sweep_counts_them_in_report_and_note(command, store, tmp_path):
    sweep = ("-m", *SMALL, *RARE, "loss=builtin,focal", "split.seed=0,1")
    done = command(*sweep)
    assert done.status == 0, done.err
    (parent,) = [run for run in store.search_runs(["1"]) if "mlflow.parentRunId" not in run.data.tags]
    page = next(tmp_path.glob("outputs/sweeps/*/*/comparison/report.html")).read_text()
    for where in (done.out, parent.data.tags["mlflow.note.content"], page):
        assert "FEW01: synthetic: few positives" in where
        assert "EPOCH01: 4 of 4 runs were still improving" in where
    assert done.out.count("EPOCH01") == 1  # and not once for each run

    again = command(*sweep, "checks.ignore=[EPOCH01,FEW01]")
    assert "FEW01" not in again.out + again.err
    assert "EPOCH01" not in again.out


def test_an_unknown_code_is_refused_in_one_line(command):
    done = command(*SMALL, "checks.ignore=[LEAK99]")
    assert done.status == 2
    (line,) = done.errors
    assert "checks.ignore must be one of LEAK01" in line


@pytest.fixture
def my_csv(tmp_path) -> Path:
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], [300, 100])
    part = rng.permutation(np.repeat(["train", "test"], [300, 100]))
    amount = rng.normal(size=400) + 3 * (part == "test")
    table = pd.DataFrame(
        {"amount": amount, "paid_back": labels * 7, "noise": rng.normal(size=400), "part": part, "y": labels}
    )
    table.to_csv(tmp_path / "my.csv", index=False)
    return tmp_path / "my.csv"


def test_leaks_and_parts_that_differ_are_told_and_silenced_by_code(command, my_csv, store):
    arguments = (
        *("dataset=file", "dataset.path=my.csv", "dataset.target=y", "model=logistic", "trainer.epochs=1"),
        *("split=given", "split.column=part", "tracking.models=none", "figures=none", "paths.outputs=outputs"),
    )
    done = command(*arguments)
    assert done.status == 0, done.err
    found = dict(json.loads(store.get_run(done.run_id).data.tags["checks"]))
    assert "'paid_back' gives the answer alone" in found["LEAK01"]
    assert "most by 'amount'" in found["SHIFT01"]
    assert done.err.count("(LEAK01)") == done.err.count("(SHIFT01)") == 1

    quiet = command(*arguments, "checks.ignore=LEAK01")
    assert "LEAK01" not in quiet.err
    assert quiet.err.count("(SHIFT01)") == 1
