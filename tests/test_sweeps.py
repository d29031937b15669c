"""Sweeps from the command line: nothing is lost, whatever launches them. A new launcher is one line in LAUNCHERS."""

from __future__ import annotations

import json
import re
import signal
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import mlflow
import pandas as pd
import pytest
from commands import PLAIN, TINY
from omegaconf import OmegaConf
from processes import Process

LAUNCHERS = {
    "fused": ["hydra.launcher.max_stack=2"],
    "fused on two processes": ["hydra.launcher.n_jobs=2"],
    "basic": ["hydra/launcher=basic"],
    "joblib": ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"],
}
IN_THIS_PROCESS = ("fused", "basic")


def launchers(*often: str, of: Iterable[str] = LAUNCHERS) -> pytest.MarkDecorator:
    """Each of them for the test; those that are not named here are for `make test-all`."""
    marks = {name: [] if name in often else [pytest.mark.exhaustive] for name in of}
    params = [pytest.param(LAUNCHERS[name], id=name, marks=marks[name]) for name in of]
    return pytest.mark.parametrize("launcher", params)


SMALL = (*TINY, "model=logistic", "tracking.models=none", "figures=none")
QUICK = (*TINY, "model=logistic", *PLAIN)
WITHOUT_EPOCHS = tuple(each for each in TINY if not each.startswith("trainer.epochs"))
OF_FILES = ("dataset=file", "model=logistic", "trainer.epochs=1", "evaluation.bootstrap=0", *PLAIN)
OWN_LOSS = """
import os, losses

class Loss(losses.CustomLoss):
    def __init__(self, k=1, **arguments):
        super().__init__(**arguments)
        if k == 2 and not os.path.exists("mended"):
            raise RuntimeError("a bug of mine")
"""
OWN = ("loss=custom", "loss._target_=buggy.Loss", "~loss.formula", "+loss.k=1,2,3")


def family(store) -> tuple[mlflow.entities.Run, list[mlflow.entities.Run]]:
    """The one parent and its children, the oldest first."""
    runs = store.search_runs(["1"], order_by=["start_time ASC"])
    parents = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    assert len(parents) == 1
    assert {run.data.tags.get("mlflow.parentRunId") for run in runs} - {None} <= {parents[0].info.run_id}
    return parents[0], [run for run in runs if run is not parents[0]]


@launchers("fused", of=IN_THIS_PROCESS)
def test_a_sweep_is_one_parent_with_a_child_for_each_combination(command, store, launcher):
    done = command("-m", *QUICK, *launcher, "loss=builtin,focal", "seed=0,1", "paths.outputs=outputs")
    parent, children = family(store)

    assert done.status == 0, done.err
    assert parent.info.run_name == "loss × seed (4 runs)"
    assert parent.info.status == "FINISHED"
    assert parent.data.tags["sweep.progress"] == "4 of 4"
    assert Counter((run.data.params["loss"], run.data.params["seed"]) for run in children) == Counter(
        [("builtin", "0"), ("builtin", "1"), ("focal", "0"), ("focal", "1")]
    )
    assert {run.info.status for run in children} == {"FINISHED"}
    assert f"sweep id: {parent.info.run_id}" in done.out
    assert "4 of 4" in done.out


@launchers("fused")
def test_a_failed_job_stops_nothing_and_is_told_last_and_resuming_does_it_alone(command, store, tmp_path, launcher):
    (tmp_path / "buggy.py").write_text(OWN_LOSS)
    arguments = ("-m", *QUICK, *launcher, *OWN, "paths.outputs=outputs")
    done = command(*arguments)
    parent, children = family(store)

    assert done.status == 1
    assert done.err.splitlines()[-2] == "error: 1 failed"
    assert "RuntimeError: a bug of mine" in done.err.splitlines()[-1]
    assert "job 1 (+loss.k=2)" in done.err.splitlines()[-1]
    assert parent.info.status == "FAILED"
    assert parent.data.tags["sweep.progress"] == "2 of 3, 1 failed"
    assert Counter(run.info.status for run in children) == {"FINISHED": 2}

    (tmp_path / "mended").touch()
    # By this process where the launcher began others, which takes a tenth of the time.
    resumed_by = [] if launcher in [LAUNCHERS[name] for name in IN_THIS_PROCESS] else ["hydra/launcher=basic"]
    others = [each for each in arguments if each not in launcher] if resumed_by else arguments
    again = command(*others, *resumed_by, f"sweep.resume={parent.info.run_id}")
    parent, children = family(store)

    assert again.status == 0, again.err
    assert parent.info.status == "FINISHED"
    assert parent.data.tags["sweep.progress"] == "3 of 3"
    assert len({run.data.tags["fingerprint"] for run in children}) == len(children) == 3
    assert {run.info.status for run in children} == {"FINISHED"}
    assert {run.data.params["loss.k"] for run in children} == {"1", "2", "3"}
    assert again.out.count("(done before)") == 2
    assert f"sweep id: {parent.info.run_id}" in again.out
    assert "3 of 3" in again.out


def test_a_grid_with_a_list_of_objectives_goes_by_the_first_and_is_resumed(command, store, tmp_path):
    arguments = ("-m", *SMALL, "objective=[val/log_loss,val/f1]", "loss=builtin,focal", "paths.outputs=outputs")
    done = command(*arguments)
    _, children = family(store)
    lowest = min(children, key=lambda run: run.data.metrics["val/log_loss"])

    assert done.status == 0, done.err
    value = f"{lowest.data.metrics['val/log_loss']:.4f}"
    assert f"2 of 2 · best {value} {lowest.info.run_name}" in done.out
    assert f"{lowest.info.run_name}: val/log_loss {value}, val/f1 {lowest.data.metrics['val/f1']:.4f}" in done.out
    report = next(tmp_path.glob("outputs/sweeps/*/*/comparison/report.html")).read_text()
    assert "test/log_loss against builtin" in report

    again = command(*arguments, "sweep.resume=true")
    assert again.status == 0, again.err
    assert len(family(store)[1]) == 2
    assert f"{lowest.info.run_name}: val/log_loss {value}, val/f1 " in again.out
    assert again.out.count("(done before)") == 2


@pytest.mark.parametrize(("launcher", "before"), [("basic", 1), ("fused", 0)])
def test_with_fail_fast_no_job_starts_after_a_failure(command, store, tmp_path, launcher, before):
    """Of three the second fails: the first is done by then, or waits for company with which to be trained."""
    (tmp_path / "buggy.py").write_text(OWN_LOSS)
    done = command("-m", *QUICK, *OWN, "sweep.fail_fast=true", f"hydra/launcher={launcher}", "paths.outputs=outputs")
    parent, children = family(store)

    assert done.status == 1
    assert parent.data.tags["sweep.progress"] == f"{before} of 3, 1 failed"
    assert len(children) == before


def test_a_sweep_whose_jobs_are_all_refused_leaves_nothing(command, store, tmp_path):
    done = command("-m", *QUICK, "loss=focal", "loss.gamma=-1,-2", "paths.outputs=outputs")

    assert done.status == 2
    assert done.err.splitlines()[-3] == "error: 2 refused"
    assert store.search_runs(["1"]) == []
    assert not list(tmp_path.rglob("*.jsonl"))


def test_a_resumed_sweep_whose_jobs_are_all_refused_keeps_what_there_was(command, store, tmp_path):
    (tmp_path / "own.py").write_text(OWN_LOSS)
    own = [each.replace("buggy", "own").replace("1,2,3", "2") for each in OWN]
    arguments = ("-m", *QUICK, "hydra/launcher=basic", *own, "paths.outputs=outputs")
    assert command(*arguments).status == 1
    parent, _ = family(store)
    (tmp_path / "own.py").unlink()  # what the loss is made of
    again = command(*arguments, f"sweep.resume={parent.info.run_id}")

    assert again.status == 2, again.err
    assert family(store)[0].info.run_id == parent.info.run_id
    assert store.get_run(parent.info.run_id).info.status == "FAILED"
    assert list(tmp_path.rglob("*.jsonl"))


def test_a_sweep_that_cannot_be_composed_leaves_nothing(command, store):
    done = command("-m", *QUICK, "loss=builtin,focall", "paths.outputs=outputs")

    assert done.status == 2
    assert "focall" in done.err
    assert store.search_runs(["1"]) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["sweep.resume=true"], "the store has no sweep of this command"),
        (["sweep.resume=abc"], "the store has no sweep of that id"),
        (["sweep.resume=true", "tracking=none"], "tracking=none there is no record"),
    ],
)
def test_resuming_what_is_not_there_is_refused(command, store, arguments, words):
    done = command("-m", *QUICK, "loss=builtin,dice", *arguments, "paths.outputs=outputs")

    assert done.status == 2
    assert words in done.err
    assert len(done.err.strip().splitlines()) == 1


def test_a_single_run_is_not_a_sweep_to_resume(command):
    run_id = command(*QUICK).run_id
    for arguments in (["resume", run_id, "--outputs", "nowhere"], ["-m", *QUICK, "seed=0,1", f"sweep.resume={run_id}"]):
        done = command(*arguments)
        assert done.status == 2
        assert run_id in done.err


def started(tmp_path: Path, *arguments: str) -> Process:
    return Process([sys.executable, "-m", "runner", "-m", *QUICK, *arguments, "paths.outputs=outputs"], cwd=tmp_path)


@pytest.mark.slow
@launchers("fused on two processes")
def test_a_sweep_killed_without_a_word_is_resumed_to_exactly_the_missing_runs(command, store, tmp_path, launcher):
    sweep = ("loss=builtin,focal", "seed=range(0,3)", "trainer.epochs=20")
    with started(tmp_path, *launcher, *sweep) as process:
        process.wait_for("2 of 6")
        process.end(signal.SIGKILL)
    parent, _ = family(store)
    assert parent.info.status == "RUNNING"  # nothing in a killed process could help it

    if launcher in [LAUNCHERS[name] for name in IN_THIS_PROCESS]:
        done = command("resume", parent.info.run_id, "--outputs", "outputs")
    else:  # by another launcher than began it, which may be done, and starts no processes
        again = ("hydra/launcher=basic", f"sweep.resume={parent.info.run_id}", "paths.outputs=outputs")
        done = command("-m", *QUICK, *sweep, *again)
    parent, children = family(store)

    assert done.status == 0, done.err
    assert parent.info.status == "FINISHED"
    finished = [run.data.tags["fingerprint"] for run in children if run.info.status == "FINISHED"]
    assert len(finished) == len(set(finished)) == 6
    assert {run.info.status for run in children} <= {"FINISHED", "KILLED"}
    for run in children:
        if run.info.status == "KILLED":
            assert "ended without a word" in run.data.tags["failure"]
    assert done.out.count("(done before)") >= 2


@pytest.mark.slow
def test_a_sweep_under_way_has_its_dashboard_its_progress_and_curves_that_grow(store, tmp_path):
    jobs = ("hydra/launcher=basic", "trainer.epochs=2,1000000", "trainer.early_stopping=null")
    with started(tmp_path, *jobs, "tracking.flush_seconds=0.2") as process:
        process.wait_until(lambda: store.search_runs(["1"], "tags.mlflow.parentRunId != ''"))
        parent, _ = family(store)
        views = [key for key in store.get_experiment("1").tags if key.endswith(parent.info.run_id)]
        process.wait_until(lambda: family(store)[0].data.tags["sweep.progress"] == "1 of 2")
        note = family(store)[0].data.tags["mlflow.note.content"]
        process.wait_until(lambda: any(run.data.metrics.get("val/loss") for run in running(store)))
        (under_way,) = running(store)
        first = epochs(store, under_way)
        process.wait_until(lambda: epochs(store, under_way) > first)
        process.end(signal.SIGINT)

    assert views == [f"mlflow.sharedViewState.imbalance-runner-sweep-{parent.info.run_id}"]
    assert note.startswith("**trainer.epochs**: 1 of 2")


def running(store) -> list[mlflow.entities.Run]:
    """The children that are being trained."""
    return store.search_runs(["1"], "attributes.status = 'RUNNING' and tags.mlflow.parentRunId != ''")


def epochs(store, run) -> int:
    """How many epochs of a run are recorded."""
    return len(store.get_metric_history(run.info.run_id, "val/loss"))


@pytest.mark.slow
@launchers("fused")
def test_ctrl_c_ends_parent_and_running_children_as_killed(command, store, tmp_path, launcher):
    endless = ("trainer.epochs=1000000", "trainer.early_stopping=null", "tracking.flush_seconds=0.2")
    arguments = (*launcher, *endless, "loss=builtin,focal", "seed=range(0,3)")
    with started(tmp_path, *arguments) as process:
        process.wait_until(lambda: any("val/loss" in run.data.metrics for run in store.search_runs(["1"])))
        refused = command("-m", *QUICK, *arguments, "sweep.resume=true", "paths.outputs=outputs")
        status = process.end(signal.SIGINT)
    parent, children = family(store)

    assert refused.status == 2
    assert "is still running" in refused.err
    assert status == 1
    assert parent.info.status == "KILLED"
    assert children
    assert {run.info.status for run in children} == {"KILLED"}
    assert "interrupted: what was recorded so far is kept" in process.said


def test_a_sweep_over_losses_ends_with_a_report_on_the_parent(command, store, tmp_path):
    sweep = command("-m", *SMALL, "loss=builtin,focal", "split.seed=0,1", "paths.outputs=outputs")
    parent, _ = family(store)
    parent_id = parent.info.run_id

    assert sweep.status == 0, sweep.err
    headline = parent.data.tags["verdict"]
    assert headline in sweep.out
    note = parent.data.tags["mlflow.note.content"]
    assert note.startswith(f"## {headline}")
    assert "| focal gamma=2 · logistic |" in note
    assert f"#/experiments/1/runs/{parent_id}/artifacts/comparison/report.html" in note
    there = {file.path for file in store.list_artifacts(parent_id, "comparison")}
    assert there == {f"comparison/{name}" for name in ("figures", "leaderboard.csv", "report.html", "runs.csv")}
    page = Path(store.download_artifacts(parent_id, "comparison/report.html")).read_text()
    assert headline in page
    assert "focal gamma=2" in page
    figures = {Path(file.path).name for file in store.list_artifacts(parent_id, "comparison/figures")}
    assert {"differences.png", "leaderboard.png", "loss_curves.png"} <= figures

    again = command("compare", parent_id, "--baseline", "focal", "--metric", "test/log_loss", "--outputs", "outputs")
    assert again.status == 0, again.err
    board = pd.read_csv(tmp_path / "outputs" / "comparisons" / parent_id[:8] / "leaderboard.csv", index_col="loss")
    assert board.loc["focal gamma=2 · logistic", "verdict"] == "baseline"
    assert set(board.index) == {"builtin · logistic", "focal gamma=2 · logistic"}
    told = "baseline focal (declared builtin), metric test/log_loss (declared test/average_precision)"
    declared = parent.data.tags["comparison.declared.sha256"]
    for text in (
        " ".join(again.out.split()),
        (tmp_path / "outputs" / "comparisons" / parent_id[:8] / "report.html").read_text(),
    ):
        assert told in text
    assert declared in page
    assert "Not as declared" not in sweep.out + page


def test_sweeps_can_be_compared_together_and_without_a_report_each(command, store, tmp_path):
    for loss in ("builtin", "focal"):
        made = command("-m", *SMALL, f"loss={loss}", "split.seed=0,1", "comparison=none", "paths.outputs=outputs")
        assert made.status == 0, made.err
        assert "report:" not in made.out
    parents = [run for run in store.search_runs(["1"]) if "mlflow.parentRunId" not in run.data.tags]
    ids = [run.info.run_id for run in parents]
    done = command("compare", *ids, "--outputs", "outputs")

    assert done.status == 0, done.err
    (folder,) = (tmp_path / "outputs" / "comparisons").iterdir()
    assert len(pd.read_csv(folder / "runs.csv")) == 4


def test_sweeps_that_differ_in_more_than_the_loss_are_compared_only_where_that_is_asked_for(command, store, tmp_path):
    for other in (("loss=builtin",), ("loss=focal", "trainer.epochs=3"), ("loss=dice", "dataset.seed=1")):
        made = command("-m", *SMALL, *other, "split.seed=0,1", "comparison=none", "paths.outputs=outputs")
        assert made.status == 0, made.err
    parents = [run for run in store.search_runs(["1"]) if "mlflow.parentRunId" not in run.data.tags]
    dice, focal, builtin = [run.info.run_id for run in parents]  # the latest first

    rows = command("compare", builtin, dice, "--outputs", "outputs")
    assert rows.status == 2
    assert "dataset.seed is 0 for builtin · logistic and 1 for dice" in rows.err

    training = command("compare", builtin, focal, "--outputs", "outputs")
    assert training.status == 2
    assert "trainer.epochs is 2 for builtin · logistic and 3 for focal gamma=2 · logistic" in training.err
    assert not (tmp_path / "outputs" / "comparisons").exists()

    (allowed,) = re.findall(r"--allow \S+", training.err)
    asked = command("compare", builtin, focal, *allowed.split(), "--outputs", "outputs")
    assert asked.status == 0, asked.err
    assert "the runs differ in more than the loss: trainer.epochs is" in " ".join(asked.out.split())


def test_losses_are_compared_within_each_setting_that_a_sweep_varies(command, store, tmp_path):
    varied = ("loss=builtin,focal", "split.seed=0,1", "trainer.epochs=1,2")
    done = command("-m", *SMALL, *varied, "paths.outputs=outputs")
    _, children = family(store)

    assert done.status == 0, done.err
    assert len({run.info.run_name for run in children}) == 8
    assert {run.data.tags["setting"] for run in children} == {"epochs=1", "epochs=2"}
    assert {run.data.tags["variant"] for run in children} == {"builtin · logistic", "focal gamma=2 · logistic"}
    report = next(tmp_path.glob("outputs/sweeps/*/*/comparison/report.html")).read_text()
    assert "synthetic, epochs=1" in report
    assert "synthetic, epochs=2" in report
    assert re.search(r"\d of 8 runs were still improving when their epochs ended: raise trainer.epochs\.", done.out)
    again = command("-m", *SMALL, *varied, "paths.outputs=outputs", "sweep.resume=true")
    assert again.out.count("(done before)") == 8


def test_every_loss_with_hyper_parameters_of_its_own_is_one_compared_sweep(command, store, tmp_path):
    focal = "grid=[loss=focal loss.gamma=1,2 trainer.epochs=2]"
    grids = ("grid=[loss=builtin trainer.epochs=2]", focal, "grid=[loss=weighted trainer.epochs=3]")
    small = (*WITHOUT_EPOCHS, "model=logistic", "tracking.models=none", "figures=none")
    arguments = ("-m", *small, "split.seed=0,1", *grids, "paths.outputs=outputs")
    done = command(*arguments)
    parent, children = family(store)

    assert done.status == 0, done.err
    assert parent.info.run_name == "split.seed × loss + trainer.epochs + loss.gamma (8 runs)"
    variants = {
        "builtin · logistic · epochs=2",
        "focal gamma=1 · logistic · epochs=2",
        "focal gamma=2 · logistic · epochs=2",
        "weighted positive_weight=2 negative_weight=1 · logistic · epochs=3",
    }
    assert Counter(run.data.tags["variant"] for run in children) == dict.fromkeys(variants, 2)
    assert not any("setting" in run.data.tags for run in children)
    assert sorted(int(folder.name) for folder in tmp_path.glob("outputs/sweeps/*/*/[0-9]*")) == list(range(8))
    report = next(tmp_path.glob("outputs/sweeps/*/*/comparison/report.html")).read_text()
    assert all(each in report for each in variants)
    (saved,) = tmp_path.glob("outputs/sweeps/*/*/multirun.yaml")
    params = OmegaConf.load(saved).hydra.sweeper.params
    assert params.grid == " ".join(each.removeprefix("grid=") for each in grids)
    assert f"'{focal}'" in parent.data.tags["mlflow.source.name"]
    assert focal in json.loads(parent.data.tags["sweep.command"])

    again = command("resume", parent.info.run_id, "--outputs", "outputs")
    assert again.status == 0, again.err
    assert again.out.count("(done before)") == 8
    same = command(*arguments, "sweep.resume=true")
    assert same.out.count("(done before)") == 8
    other = command(*arguments[:-3], "grid=[loss=dice]", "paths.outputs=outputs", "sweep.resume=true")
    assert "the store has no sweep of this command" in other.err


def test_files_and_the_columns_that_they_need_vary_together(command, store, tmp_path):
    for name, target in (("my a.csv", "y"), ("my b,1.csv", "is it")):
        rows = "".join(f"{number % 7},{int(number % 3 == 0)}\n" for number in range(120))
        (tmp_path / name).write_text(f"x,{target}\n{rows}")
    together = "zip=[dataset.path=files(my *.csv) dataset.target=y,'is it']"
    done = command("-m", *OF_FILES, together, "loss=builtin,focal", "paths.outputs=outputs")
    parent, children = family(store)

    assert done.status == 0, done.err
    assert parent.info.run_name == "loss × dataset.path + dataset.target (4 runs)"
    assert Counter((run.data.params["dataset.path"], run.data.params["dataset.target"]) for run in children) == {
        ("my a.csv", "y"): 2,
        ("my b,1.csv", "is it"): 2,
    }


def test_a_config_has_grids_under_the_sweeper_s_params(command, store, tmp_path):
    (tmp_path / "own" / "experiment").mkdir(parents=True)
    (tmp_path / "own" / "experiment" / "mine.yaml").write_text(
        "# @package _global_\nhydra:\n  mode: MULTIRUN\n  sweeper:\n    params:\n      seed: 0,1\n"
        "      zip: loss=builtin,dice trainer.epochs=1,2\n      grid:\n"
        "        - trainer.batch_size=32\n        - trainer.batch_size=64 model.dropout=0.1\n"
    )
    done = command("--config-dir", "own", "experiment=mine", *WITHOUT_EPOCHS, *PLAIN, "seed=0", "paths.outputs=outputs")
    _, children = family(store)

    assert done.status == 0, done.err
    params = ("loss", "trainer.epochs", "trainer.batch_size", "model.dropout")
    assert {tuple(run.data.params[key] for key in params) for run in children} == {
        ("builtin", "1", "32", "0.0"),
        ("dice", "2", "32", "0.0"),
        ("builtin", "1", "64", "0.1"),
        ("dice", "2", "64", "0.1"),
    }
    assert len(children) == 4


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["loss=focal,dice", "seed=0"], "comparison.baseline=builtin: no run has that loss"),
        (["loss=focal", "seed=0,1"], "all runs have the loss focal gamma=2"),
    ],
)
def test_where_there_is_nothing_to_compare_a_sweep_says_why(command, store, arguments, words):
    done = command("-m", *SMALL, *arguments, "paths.outputs=outputs")

    assert done.status == 0, done.err
    assert f"no comparison: {words}" in done.out


def test_only_sweeps_are_compared(command):
    done = command("compare", "nonesuch", "--outputs", "outputs")

    assert done.status == 2
    assert "has no sweep of that id" in done.err
