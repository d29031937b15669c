"""Rows of today held against those of training: what is as it was holds, what moved is named, all of it is recorded."""

from __future__ import annotations

from dataclasses import replace

import mlflow
import pandas as pd
import pytest
from small_population import rows_of_population

from runner import tracking
from runner.deployment import MonitorOptions, find_model, monitor, tables
from runner.deployment.watched_rows import seen_in
from runner.errors import InputError
from runner.tracking.loaded_model import LoadedModel

WITH_LABELS = MonitorOptions(labels="y")


@pytest.fixture(scope="module")
def model(swept) -> LoadedModel:
    (run_id,) = [run.run_id for run in children(swept) if run.artifact_uri and has_model(swept, run)]
    return find_model(run_id, swept.uri)


def children(swept) -> list[tracking.RecordedRun]:
    tracker, _ = tracking.recorded_sweep(swept.uri, swept.sweep_id)
    return tracker.children(swept.sweep_id)


def has_model(swept, run) -> bool:
    return tracking.MlflowTracker(tracking.Store(swept.uri, "", "")).has_model(run)


@pytest.fixture
def today() -> pd.DataFrame:
    """New rows of the population that `small_table` is of."""
    return rows_of_population(600, seed=7)


def test_rows_like_those_of_training_hold(model, swept, today, tmp_path):
    today.to_parquet(tmp_path / "today.parquet")
    done = monitor(model, tmp_path / "today.parquet", tmp_path / "report.html", WITH_LABELS, swept.uri)

    assert done.holds, done.checks
    assert [check.holds for check in done.checks] == [True] * 4
    run = mlflow.MlflowClient(swept.uri).get_run(done.run_id)
    assert run.data.tags["mlflow.parentRunId"] == model.run_id
    assert run.data.tags["monitor"] == "holds"
    assert run.data.metrics["monitor/rows"] == 600
    assert run.data.metrics["monitor/prevalence"] == pytest.approx(today["y"].mean())
    assert run.inputs is not None
    assert [each.model_id for each in run.inputs.model_inputs] == [model.model_id]
    assert [file.path for file in mlflow.MlflowClient(swept.uri).list_artifacts(done.run_id)] == ["report.html"]


def test_what_moved_is_named(model, swept, today, tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "BLOCK", 4000)  # several chunks
    moved = today.assign(
        amount=today["amount"] + 1.5, colour=today["colour"].replace("red", "violet"), y=1 - today["y"]
    )
    moved.to_csv(tmp_path / "moved.csv", index=False)
    done = monitor(model, tmp_path / "moved.csv", tmp_path / "report.html", WITH_LABELS, swept.uri)
    by_title = {check.title: check for check in done.checks}

    assert not done.holds
    assert not any(check.holds for check in done.checks)
    for name in ("amount", "colour"):
        assert f"'{name}'" in by_title["columns"].sentence
    assert "'visits'" not in by_title["columns"].sentence
    report = (tmp_path / "report.html").read_text()
    assert "Moved: columns" in report
    assert "violet" not in report  # no value of a row
    assert mlflow.MlflowClient(swept.uri).get_run(done.run_id).data.tags["monitor"] == "moved"


def test_a_guarantee_is_held_against_labels(model, today, tmp_path):
    today.assign(y=today["y"].where(today.index % 3 > 0)).to_csv(tmp_path / "today.csv", index=False)
    assert model.profile is not None
    for score, broken in ((0, True), (1, False)):
        blind = replace(
            model,
            profile=replace(model.profile, promised=["recall>=0.8"]),
            score=lambda frame, score=score: model.score(frame).assign(label=score),
        )
        seen = seen_in(blind, tmp_path / "today.csv", WITH_LABELS)
        ((test, (kept, of)),) = seen.kept.values()
        assert seen.labelled == 400
        assert of == seen.positives == today["y"][today.index % 3 > 0].sum()
        assert kept == score * of
        assert (test.highest >= 100) is broken


def test_without_labels_or_training_data_it_says_so_and_bad_rows_are_counted(model, swept, today, tmp_path):
    (folder,) = swept.runs(with_model=True)
    path = tmp_path / "today.csv"
    today.drop(columns="y").to_csv(path, index=False)
    path.write_text(path.read_text() + "oops,1,True,red\n1,2\n")
    alone = replace(model, run_id="", name=str(folder / "model"))
    done = monitor(alone, path, tmp_path / "report.html", MonitorOptions(), swept.uri)
    assert "2 that could not be read" in done.rows
    assert done.run_id == ""
    assert [check.holds for check in done.checks] == [True, True, None, None]
    gone = monitor(replace(alone, name=str(tmp_path)), path, tmp_path / "report.html", MonitorOptions(), swept.uri)
    assert gone.checks[1].holds is None


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (MonitorOptions(labels="z"), "--labels z: no column 'z': there are: 'amount'"),
        (MonitorOptions(labels="amount"), "takes that column as a feature"),
        (MonitorOptions(labels="word"), "holds 'yes'; say which value is positive: --positive VALUE"),
        (MonitorOptions(), "an older version made this model"),
    ],
)
def test_what_cannot_be_looked_at_is_refused_in_a_line(model, swept, today, tmp_path, options, text):
    today.assign(word="yes").to_csv(tmp_path / "today.csv", index=False)
    asked = replace(model, profile=None) if "older" in text else model
    with pytest.raises(InputError, match=text) as refusal:
        monitor(asked, tmp_path / "today.csv", tmp_path / "report.html", options, swept.uri)
    assert "\n" not in str(refusal.value)
    assert not (tmp_path / "report.html").exists()


def test_the_command_s_exit_status_tells(module_command, swept, model, today, tmp_path):
    there = ("--outputs", str(swept.outputs), "-o", str(tmp_path / "report.html"))
    today.assign(y=today["y"].map({1: "yes", 0: "no"})).to_csv(tmp_path / "today.csv", index=False)
    holds = module_command(
        "monitor", model.run_id, str(tmp_path / "today.csv"), "--labels", "y", "--positive", "yes", *there
    )
    assert holds.status == 0, holds.err
    assert "calibration: holds" in holds.out
    today.assign(visits=today["visits"] + 5).to_csv(tmp_path / "moved.csv", index=False)
    moved = module_command("monitor", model.run_id, str(tmp_path / "moved.csv"), *there)
    assert moved.status == 3, moved.err
    assert "Moved: columns" in moved.out
    for arguments, text in (
        (("--alpha", "2"), "--alpha 2: must be between"),
        (("--positive", "yes"), "say with --labels COLUMN"),
        (("--labels", "nope"), "no column 'nope'"),
    ):
        done = module_command("monitor", model.run_id, str(tmp_path / "moved.csv"), *arguments, *there)
        assert (done.status, len(done.errors)) == (2, 1), done.err
        assert text in done.err
