"""`runner doctor` on stores as they are found."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

import pytest

from runner.cli import doctor as doctor_command
from runner.runs.process import this_process
from runner.tracking import names
from runner.tracking.pending import PendingRecord
from runner.tracking.stale_runs import heartbeat

HOST, NUMBER, START = this_process().rsplit(":", 2)


def test_all_is_well_before_the_first_run(command, tmp_path):
    done = command("doctor")
    assert done.status == 0, done.out
    assert "PROBLEM" not in done.out
    assert "outputs/mlflow.db is not there yet" in done.out
    assert not (tmp_path / "outputs").exists()


def test_runs_of_killed_processes_are_ended(command, store):
    experiment = store.create_experiment("imbalance-runner")
    left = store.create_run(experiment, tags={names.PROCESS: f"{HOST}:{NUMBER}:{float(START) - 100}"})
    alive = store.create_run(experiment, tags={names.PROCESS: this_process()})
    done = command("doctor")
    assert done.status == 0, done.out
    assert f"1 of killed processes ended as KILLED: {left.info.run_id}" in done.out
    assert "1 still open" in done.out
    assert store.get_run(left.info.run_id).info.status == "KILLED"
    assert store.get_run(alive.info.run_id).info.status == "RUNNING"


def test_runs_of_other_machines_that_have_fallen_silent_are_a_problem(command, store):
    experiment = store.create_experiment("imbalance-runner")
    elsewhere = {names.PROCESS: "far-away:7:100.00"}
    silent = store.create_run(experiment, tags={**elsewhere, names.HEARTBEAT: "2020-01-01T00:00:00+00:00"})
    old = store.create_run(experiment, start_time=1_600_000_000_000, tags=elsewhere)
    store.create_run(experiment, start_time=1, tags={**elsewhere, names.HEARTBEAT: heartbeat()})
    store.create_run(experiment, tags=elsewhere)
    store.create_run(experiment, start_time=1, tags={**elsewhere, names.SWEEP_KEY: "a sweep has no heartbeat"})
    done = command("doctor")
    (line,) = [line for line in done.out.splitlines() if "heard of" in line]
    assert done.status == 1
    assert line.startswith("PROBLEM")
    assert "2 not heard of for ten minutes: `runner doctor` on far-away" in line
    assert silent.info.run_id in line
    assert old.info.run_id in line


def test_what_waits_is_a_problem_with_its_command(command, tmp_path):
    (tmp_path / "outputs" / "runs" / "1").mkdir(parents=True)
    (tmp_path / "outputs" / "runs" / "1" / PendingRecord.FILE).write_text("{}")
    done = command("doctor")
    assert done.status == 1
    assert "1 run waits for a server: `runner sync outputs`" in done.out


def test_a_deleted_experiment_is_a_problem_with_its_command(command, store):
    store.delete_experiment(store.create_experiment("imbalance-runner"))
    done = command("doctor")
    assert done.status == 1
    assert "mlflow experiments restore -x" in done.out


@pytest.mark.parametrize(
    ("revision", "words"),
    [
        ("0584bdc529eb", r"older MLflow .*-m mlflow db upgrade sqlite:///"),
        ("from the future", "newer MLflow .*--upgrade mlflow"),
    ],
)
def test_a_store_of_another_mlflow_is_a_problem_with_its_command(command, store, tmp_path, revision, words):
    with closing(sqlite3.connect(tmp_path / "outputs" / "mlflow.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    done = command("doctor")
    assert done.status == 1
    (line,) = [line for line in done.out.splitlines() if line.startswith("PROBLEM")]
    assert re.search(words, line), line


def test_a_full_disk_is_a_problem(command, monkeypatch):
    monkeypatch.setattr(doctor_command, "LEAST_FREE", 10**18)
    done = command("doctor")
    assert done.status == 1
    assert "make room" in done.out
