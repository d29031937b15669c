"""Runs that a killed process has left RUNNING."""

from __future__ import annotations

import pytest

from runner.runs.process import this_process
from runner.tracking import MlflowTracker, NoTracker, Store, end_stale_runs, names
from runner.tracking.pending import PendingRecord

HOST, NUMBER, START = this_process().rsplit(":", 2)
DEAD = f"{HOST}:{NUMBER}:{float(START) - 100}"


@pytest.fixture
def tracker(store, tmp_path) -> MlflowTracker:
    uri = f"sqlite:///{tmp_path / 'outputs' / 'mlflow.db'}"
    return MlflowTracker(Store(uri, store.create_experiment("stale"), "stale"))


def test_those_of_dead_processes_of_this_machine_are_ended_and_no_others(tracker, store, tmp_path):
    (tmp_path / "waiting").mkdir()
    (tmp_path / "waiting" / PendingRecord.FILE).write_text("{}")
    tags = {
        "dead": {names.PROCESS: DEAD, names.FOLDER: str(tmp_path)},
        "dead sweep": {names.PROCESS: DEAD, names.SWEEP_KEY: "x"},
        "alive": {names.PROCESS: this_process()},
        "elsewhere": {names.PROCESS: f"elsewhere:{NUMBER}:{float(START) - 100}"},
        "not ours": {},
        "waiting": {names.PROCESS: DEAD, names.FOLDER: str(tmp_path / "waiting")},
    }
    ids = {name: tracker.start_sweep(name, own) for name, own in tags.items()}
    ended = tracker.start_sweep("ended", {names.PROCESS: DEAD})
    tracker.end_run(ended, "FINISHED")

    assert [run.name for run in end_stale_runs(tracker)] == ["dead", "dead sweep"]

    statuses = {name: store.get_run(run_id).info.status for name, run_id in ids.items()}
    killed = {"dead", "dead sweep"}
    assert statuses == {name: "KILLED" if name in killed else "RUNNING" for name in tags}
    assert store.get_run(ended).info.status == "FINISHED"
    assert "kill -9" in store.get_run(ids["dead"]).data.tags[names.FAILURE]
    assert end_stale_runs(tracker) == []
    assert end_stale_runs(tracker, []) == []  # asked of those that are known, and not of the store


def test_where_nothing_is_recorded_nothing_is_ended():
    assert end_stale_runs(NoTracker()) == []


@pytest.mark.parametrize("sweep", [[], ["-m", "loss=builtin"]], ids=["run", "sweep"])
def test_the_next_run_or_sweep_ends_them(command, store, sweep):
    from commands import PLAIN, TINY

    experiment = store.create_experiment("imbalance-runner")
    left = store.create_run(experiment, tags={names.PROCESS: DEAD})
    done = command(*sweep, *TINY, *PLAIN, "model=logistic", "paths.outputs=outputs")

    assert done.status == 0, done.err
    assert store.get_run(left.info.run_id).info.status == "KILLED"
    others = [run for run in store.search_runs([experiment]) if run.info.run_id != left.info.run_id]
    assert {run.info.status for run in others} == {"FINISHED"}
