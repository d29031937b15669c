"""Sweeps on a real Slurm of two slots: each task trains whole stacks, and goes on after it was ended."""

from __future__ import annotations

import json
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import mlflow
import pandas as pd
import pytest
from commands import PLAIN, TINY
from processes import Process
from slurm import Slurm, running, wait_until

from runner.errors import InputError
from runner.sweeps.resume import refuse_queued
from runner.tracking import names
from runner.tracking.recorded_run import RecordedRun

ON_SLURM = ("hydra/launcher=slurm", "hydra.launcher.tasks=2", "hydra.launcher.cpus=1", "hydra.launcher.time=10")
QUICK = (*TINY, *PLAIN, "model=logistic")
GATED_LOSS = '''
import time, losses
from pathlib import Path

class Gated(losses.CustomLoss):
    """Stops a run of gate 3 or 4 when it has been trained, until there is a file of that name; k changes nothing."""
    def __init__(self, k=1, **arguments):
        super().__init__(**arguments)
        self.gate = k

    def debias(self, logits):
        if self.gate > 2:
            Path(f"reached{self.gate}").touch()
        while self.gate > 2 and not Path(f"open{self.gate}").exists():
            time.sleep(0.1)
        return super().debias(logits)
'''
GATED = ("loss=custom", "loss._target_=gated.Gated", "~loss.formula", "+loss.k=1,2,3,4")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Slurm]:
    # Not in pytest's folders, whose names are too long for a socket.
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "slurm") as slurm:
        yield slurm


@pytest.fixture
def slurm(cluster, monkeypatch) -> Slurm:
    """The cluster, as commands and processes that the test starts find it."""
    for name, value in cluster.environment.items():
        monkeypatch.setenv(name, value)
    return cluster


def children(store) -> list[mlflow.entities.Run]:
    return [run for run in store.search_runs(["1"]) if "mlflow.parentRunId" in run.data.tags]


@pytest.mark.slow
def test_a_sweep_on_slurm_leaves_what_the_fused_launcher_leaves(command, store, slurm, tmp_path):
    swept = ("-m", *QUICK, "seed=0,1", "dataset.rows=240,300", "paths.outputs=outputs")  # two groups: a task for each
    on_slurm = command(*swept, *ON_SLURM, "hydra.sweep.dir=outputs/slurm")
    assert (on_slurm.status, on_slurm.errors) == (0, [])
    assert "4 runs in 2 tasks" in on_slurm.out
    assert "4 of 4" in on_slurm.out
    plan = json.loads((tmp_path / "outputs/slurm/slurm/0/plan.json").read_text())
    assert [sorted(task["jobs"]) for task in plan] == [["0", "1"], ["2", "3"]]
    logs = sorted((tmp_path / "outputs/slurm/slurm/0").glob("*.out"))
    assert ["training 2 runs together" in log.read_text() for log in logs] == [True, True]
    recorded = {run.data.tags["folder"][-1]: run for run in children(store)}
    assert {run.info.status for run in recorded.values()} == {"FINISHED"}

    fused = command(*swept, "hydra.sweep.dir=outputs/fused")
    assert fused.status == 0
    for job in "0123":
        ours, theirs = (tmp_path / "outputs" / launcher / job for launcher in ("slurm", "fused"))
        pd.testing.assert_frame_equal(pd.read_csv(ours / "history.csv"), pd.read_csv(theirs / "history.csv"))
        assert metrics(ours) == metrics(theirs)
        sent = {key: value for key, value in recorded[job].data.metrics.items() if key in metrics(ours)}
        assert {key: sent[key] for key in ("test/average_precision", "val/log_loss")} == {
            key: metrics(ours)[key] for key in ("test/average_precision", "val/log_loss")
        }


def metrics(folder: Path) -> dict[str, float]:
    """The metrics of a run's folder, but for what the clock says."""
    content = json.loads((folder / "metrics.json").read_text())
    return {key: value for key, value in content.items() if "seconds" not in key}


@pytest.mark.slow
def test_a_requeued_task_goes_on_and_a_cancelled_one_is_told_and_resumed(command, store, slurm, tmp_path):
    (tmp_path / "gated.py").write_text(GATED_LOSS)
    swept = ("-m", *QUICK, *GATED, *ON_SLURM, "hydra.launcher.max_stack=1", "paths.outputs=outputs")

    def reached(gate: int) -> bool:
        return (tmp_path / f"reached{gate}").exists()

    with Process([sys.executable, "-m", "runner", *swept], cwd=tmp_path) as sweep:
        job = sweep.wait_for(r"Slurm job (\d+): 4 runs in 2 tasks")[1]
        sweep.wait_until(lambda: reached(3) and reached(4))  # of each task the first run is done, the second trained
        (tmp_path / "reached4").unlink()
        slurm.ask("scontrol", "requeue", f"{job}_0")  # as a preemption does
        slurm.ask("scancel", "--signal=USR2", f"{job}_1")  # as Slurm warns of the time limit
        sweep.wait_until(lambda: {slurm.states()[f"{job}_{task}"] for task in (0, 1)} <= {"PENDING", "RUNNING"})
        sweep.wait_until(lambda: slurm.states()[f"{job}_0"] == "PENDING")
        (tmp_path / "open3").touch()
        sweep.wait_until(lambda: reached(4))
        slurm.ask("scancel", f"{job}_1")
        assert sweep.end() == 1, sweep.said
    assert f"Slurm task {job}_1 CANCELLED: " in sweep.said
    assert "1 failed" in sweep.said
    assert "job 3 (+loss.k=4): " in sweep.said
    first = sorted((run.data.params["loss.k"], run.info.status) for run in children(store))
    assert first == [
        ("1", "FINISHED"),
        ("2", "FINISHED"),
        ("3", "FINISHED"),
        *[("3", "KILLED")],
        *[("4", "KILLED")] * 2,
    ]

    (tmp_path / "open4").touch()
    resumed = command(*swept, "sweep.resume=true")
    assert (resumed.status, resumed.errors) == (0, [])
    assert "2 runs in 1 task;" in resumed.out  # nothing is left to do for the other task
    finished = [run for run in children(store) if run.info.status == "FINISHED"]
    assert sorted(run.data.params["loss.k"] for run in finished) == ["1", "2", "3", "4"]
    assert not [run for run in store.search_runs(["1"]) if run.info.status == "RUNNING"]
    assert len({run.data.metrics["test/log_loss"] for run in finished}) == 1  # to the last digit, whatever came between


@pytest.mark.slow
def test_ctrl_c_ends_the_tasks_and_their_runs(store, slurm, tmp_path):
    endless = [each for each in QUICK if not each.startswith("trainer.epochs")]
    arguments = [
        "-m",
        *endless,
        *ON_SLURM,
        "trainer.epochs=1000000",
        "trainer.early_stopping=null",
        "seed=0,1",
        "paths.outputs=outputs",
    ]
    with Process([sys.executable, "-m", "runner", *arguments], cwd=tmp_path) as sweep:
        job = sweep.wait_for(r"Slurm job (\d+)")[1]
        sweep.wait_until(lambda: [run.info.status for run in children(store)] == ["RUNNING"] * 2)
        sweep.wait_until(lambda: all("val/loss" in run.data.metrics for run in children(store)))
        assert sweep.end(signal.SIGINT) == 1
    assert {slurm.states()[f"{job}_{task}"] for task in (0, 1)} == {"CANCELLED"}
    assert {run.info.status for run in store.search_runs(["1"])} == {"KILLED"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("hydra.launcher.partition=nope", "sbatch refuses: "),
        ("hydra.launcher.time=0", "hydra.launcher.time must be at least 3"),
        ("hydra.launcher.time=2:00:00", "hydra.launcher.time"),
        ("+hydra.launcher.extra.array=0-3", "hydra.launcher.extra.array: the launcher gives sbatch this option itself"),
        ("hydra.launcher.nodes=2", "hydra.launcher.nodes"),
    ],
)
def test_what_slurm_cannot_do_is_refused_in_a_line(command, store, slurm, tmp_path, given, words):
    done = command("-m", *QUICK, *ON_SLURM, given, "seed=0,1", "paths.outputs=outputs")
    assert done.status == 2
    assert len(done.errors) == 1
    assert words in done.errors[0]
    assert store.search_runs(["1"]) == []
    assert not (tmp_path / "outputs" / "sweeps").exists() or not list((tmp_path / "outputs/sweeps").rglob("*.*"))


def test_a_machine_without_slurm_is_told_of_at_once(command, store, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    done = command("-m", *QUICK, "hydra/launcher=slurm", "seed=0,1", "paths.outputs=outputs")
    assert (done.status, len(done.errors)) == (2, 1)
    assert "there is no sbatch here" in done.errors[0]
    assert store.search_runs(["1"]) == []


@pytest.mark.slow
def test_a_sweep_whose_tasks_are_in_the_queue_is_not_resumed(slurm, tmp_path):
    script = tmp_path / "wait.sh"
    script.write_text("#!/bin/sh\nsleep 600\n")
    job = slurm.ask("sbatch", "--parsable", f"--output={tmp_path}/log", "--array=0-1", str(script)).strip()
    parent = RecordedRun("abc", "sweep", "KILLED", tags={names.SLURM_JOB: job})
    with pytest.raises(InputError, match=rf"the sweep abc still has tasks in Slurm's queue \({job}_.*`scancel {job}`"):
        refuse_queued(parent)
    slurm.ask("scancel", job)
    wait_until(lambda: {slurm.states()[f"{job}_{task}"] for task in (0, 1)} == {"CANCELLED"}, "scancel cancels nothing")
    refuse_queued(parent)
    refuse_queued(RecordedRun("abc", "sweep", "KILLED", tags={names.SLURM_JOB: "999999"}))  # long forgotten
