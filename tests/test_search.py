"""Searches from the command line: Optuna chooses the runs of a sweep, and no trial is lost or run twice."""

from __future__ import annotations

import io
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import mlflow
import optuna
import pandas as pd
import pytest
from commands import TINY
from joblib.externals.loky import get_reusable_executor
from optuna.trial import TrialState
from recorded_searches import family, study_of

SMALL = (*TINY, "model=logistic", "tracking.models=none", "figures=none")
SEARCH = ("-m", *SMALL, "hydra/sweeper=optuna", "paths.outputs=outputs")
FOCAL = ("loss=focal", "loss.gamma=interval(0,5)", "optimizer.learning_rate=tag(log,interval(1e-3,1e-1))")
TWO = "[val/f1,val/ece]"
OWN_LOSS = """
import losses

class Loss(losses.CustomLoss):
    def __init__(self, k=1, **arguments):
        super().__init__(**arguments)
        if k == 2:
            raise RuntimeError("a bug of mine")
"""
OWN_SPACE = """
def configure(config, trial):
    if trial.params["loss"] == "focal":
        trial.suggest_float("loss.gamma", 0, 5)
"""


def states(study: optuna.Study) -> list[str]:
    return [trial.state.name for trial in study.trials]


def test_a_search_is_a_sweep_that_ends_with_its_best_trial(command, store, tmp_path):
    done = command(*SEARCH, *FOCAL, "hydra.sweeper.n_trials=4")
    parent, children = family(store)
    study = study_of(tmp_path, parent)

    assert done.status == 0, done.err
    assert done.err == ""
    assert parent.info.status == "FINISHED"
    assert parent.info.run_name == "loss.gamma × optimizer.learning_rate (4 runs)"
    assert parent.data.tags["sweep.progress"] == "4 of 4"
    assert {run.info.status for run in children} == {"FINISHED"}
    assert states(study) == ["COMPLETE"] * 4

    recorded = sorted(run.data.metrics["val/average_precision"] for run in children)
    values = [trial.value for trial in study.trials if trial.value is not None]
    assert sorted(values) == pytest.approx(recorded)
    assert parent.data.metrics["best/val/average_precision"] == pytest.approx(recorded[-1])
    assert len(store.get_metric_history(parent.info.run_id, "best/val/average_precision")) >= 4
    (best,) = [run for run in children if run.info.run_id == parent.data.tags["best.run_id"]]
    assert best.data.metrics["val/average_precision"] == pytest.approx(recorded[-1])
    assert parent.data.tags["best.trial"] == str(study.best_trial.number)
    assert parent.data.tags["best.overrides"] == (
        f"loss.gamma={best.data.params['loss.gamma']} "
        f"optimizer.learning_rate={best.data.params['optimizer.learning_rate']}"
    )
    assert parent.data.tags["search.study"] == parent.info.run_id
    there = {Path(file.path).name for file in store.list_artifacts(parent.info.run_id, "search")}
    assert there == {"trials.csv", "history.png", "importance.png"}
    assert len(pd.read_csv(next(tmp_path.glob("outputs/sweeps/*/*/search/trials.csv")))) == 4
    assert f"best of 4 trials: val/average_precision {recorded[-1]:.4f}  {best.info.run_name}" in done.out

    (line,) = re.findall(r"run it again: runner (.+)", done.out)
    again = command(*shlex.split(line))
    assert again.status == 0, again.err
    assert store.get_run(again.run_id).data.metrics["val/average_precision"] == pytest.approx(recorded[-1])


def test_a_search_goes_on_with_more_trials_where_it_ended(command, store, tmp_path):
    first = command(*SEARCH, *FOCAL, "hydra.sweeper.n_trials=2", "objective=val/log_loss")
    again = command(*SEARCH, *FOCAL, "hydra.sweeper.n_trials=4", "objective=val/log_loss", "sweep.resume=true")
    parent, children = family(store)
    study = study_of(tmp_path, parent)

    assert (first.status, again.status) == (0, 0), again.err
    assert "2 of 4 trials are done already" in again.out
    assert parent.info.status == "FINISHED"
    assert parent.data.tags["sweep.progress"] == "4 of 4"
    assert len(children) == 4
    assert states(study) == ["COMPLETE"] * 4
    assert study.direction.name == "MINIMIZE"
    lowest = min(run.data.metrics["val/log_loss"] for run in children)
    assert parent.data.metrics["best/val/log_loss"] == pytest.approx(lowest)

    nothing_left = command("resume", parent.info.run_id, "--outputs", "outputs")  # the first command: two trials
    assert nothing_left.status == 0, nothing_left.err
    assert len(family(store)[1]) == 4
    assert family(store)[0].info.status == "FINISHED"


def test_a_trial_that_fails_is_told_and_stops_nothing(command, store, tmp_path):
    (tmp_path / "failing_loss.py").write_text(OWN_LOSS)
    own = ("loss=custom", "loss._target_=failing_loss.Loss", "~loss.formula", "+loss.k=choice(1,2)")
    done = command(*SEARCH, *own, "hydra.sweeper.n_trials=5")
    parent, children = family(store)
    study = study_of(tmp_path, parent)
    failed = [trial for trial in study.trials if trial.state == TrialState.FAIL]

    assert done.status == 1
    assert "RuntimeError: a bug of mine" in done.err.splitlines()[-1]
    assert parent.info.status == "FAILED"
    assert len(study.trials) == 5
    assert {trial.params["+loss.k"] for trial in failed} == {2}
    assert 0 < len(failed) < 5
    assert [run.info.status for run in children] == ["FINISHED"] * (5 - len(failed))
    assert "best of 5 trials" in done.out

    fast = command(*SEARCH, *own, "hydra.sweeper.n_trials=5", "sweep.fail_fast=true")
    assert fast.status == 1
    assert fast.out.count("Launching") == 1 + [trial.state for trial in study.trials].index(TrialState.FAIL)


def test_several_objectives_end_with_a_pareto_front_and_not_with_one_best(command, store, tmp_path):
    names = ["val/average_precision", "val/log_loss"]
    two = (*SEARCH, *FOCAL, f"objective=[{','.join(names)}]")
    first = command(*two, "hydra.sweeper.n_trials=2")
    again = command(*two, "hydra.sweeper.n_trials=5", "sweep.resume=true")
    parent, children = family(store)
    study = study_of(tmp_path, parent)

    assert (first.status, again.status) == (0, 0), again.err
    assert first.err == again.err == ""
    assert parent.info.status == "FINISHED"
    assert parent.data.tags["sweep.progress"] == "5 of 5"
    assert states(study) == ["COMPLETE"] * 5
    assert [direction.name for direction in study.directions] == ["MAXIMIZE", "MINIMIZE"]
    recorded = sorted([run.data.metrics[name] for name in names] for run in children)
    assert sorted(trial.values for trial in study.trials) == [pytest.approx(values) for values in recorded]
    assert "2 of 5 trials are done already" in again.out

    numbers = {trial.number for trial in study.best_trials}
    there = {Path(file.path).name for file in store.list_artifacts(parent.info.run_id, "search")}
    assert there == {"trials.csv", "best_trials.csv", "front.png"} | {
        f"{figure}_{name}.png" for figure in ("history", "importance") for name in ("average_precision", "log_loss")
    }
    saved = mlflow.artifacts.load_text(f"{parent.info.artifact_uri}/search/best_trials.csv")
    chosen = pd.read_csv(io.StringIO(saved))
    assert set(chosen["trial"]) == numbers
    assert chosen[names[0]].is_monotonic_decreasing
    assert parent.data.tags["best.trials"].split() == [str(number) for number in chosen["trial"]]
    assert "best.trial" not in parent.data.tags
    assert f"Pareto front, {len(numbers)} of 5 trials" in parent.data.tags["mlflow.note.content"]
    assert chosen["run"][0] in parent.data.tags["mlflow.note.content"]
    assert f"Pareto front: {len(numbers)} of 5 trials" in again.out
    assert parent.data.metrics["best/val/average_precision"] == pytest.approx(recorded[-1][0])
    assert parent.data.metrics["best/val/log_loss"] == pytest.approx(min(values[1] for values in recorded))

    (line,) = re.findall(r"run the first again: runner (.+)", again.out)
    assert f"runner {line}" == chosen["command"][0]
    alone = command(*shlex.split(line))
    assert alone.status == 0, alone.err
    metrics = store.get_run(alone.run_id).data.metrics
    assert [metrics[name] for name in names] == pytest.approx(list(chosen.loc[0, names]))


def test_a_failed_trial_of_several_objectives_and_nsga_ii(command, store, tmp_path):
    (tmp_path / "failing_loss.py").write_text(OWN_LOSS)
    own = ("loss=custom", "loss._target_=failing_loss.Loss", "~loss.formula", "+loss.k=choice(1,2)")
    three = ("objective=[val/average_precision,val/log_loss,val/ece]", "hydra/sweeper/sampler=nsgaii")
    done = command(*SEARCH, *own, *three, "hydra.sweeper.n_trials=5", "+hydra.sweeper.sampler.population_size=2")
    parent, _ = family(store)
    study = study_of(tmp_path, parent)

    assert done.status == 1
    assert parent.info.status == "FAILED"
    assert {trial.params["+loss.k"]: trial.state.name for trial in study.trials} == {1: "COMPLETE", 2: "FAIL"}
    assert "no figure of what matters: " in done.out
    assert (next(tmp_path.glob("outputs/sweeps/*/*/search")) / "front.png").exists()

    fast = command(*SEARCH, *own, *three, "hydra.sweeper.n_trials=5", "sweep.fail_fast=true")
    assert fast.status == 1
    assert fast.out.count("Launching") < 5


def test_a_conditional_space_and_a_search_under_a_name(command, store, tmp_path):
    (tmp_path / "my_space.py").write_text(OWN_SPACE)
    extended = ("hydra.sweeper.custom_search_space=my_space.configure", "loss=choice(focal,dice)")
    done = command(*SEARCH, *extended, "hydra.sweeper.n_trials=4")
    _, children = family(store)

    assert done.status == 0, done.err
    assert {run.data.params["loss"] for run in children} == {"focal", "dice"}
    assert "no figure of what matters: " in done.out

    named = command(*SMALL, "hparams_search=focal_optuna", "hydra.sweeper.n_trials=1", "paths.outputs=elsewhere")
    assert named.status == 0, named.err
    assert "best of 1 trials" in named.out
    (line,) = re.findall(r"run it again: runner (.+)", named.out)
    alone = command(*shlex.split(line))
    assert alone.status == 0, alone.err
    assert "best of" not in alone.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["seed=1"], "there is nothing to search"),
        (["seed=interval(5,1)"], "seed=interval(5,1): cannot be searched"),
        (["loss=focal", "loss.gamma=interval(-1,5)"], "reaches what is refused"),
        (["loss=choice(focal,focall)"], "did you mean loss=focal?"),
        (["seed=0,1", "hydra.sweeper.n_trials=0"], "n_trials must be at least 1"),
        (["seed=0,1", "hydra.sweeper.n_trial=3"], "did you mean hydra.sweeper.n_trials?"),
        (["seed=0,1", "hydra.sweeper.direction=minimize"], "the worst val/average_precision"),
        (["seed=0,1", f"objective={TWO}", "hydra.sweeper.direction=[minimize,minimize]"], "the worst val/f1"),
        (["seed=0,1", f"objective={TWO}", "hydra.sweeper.direction=maximize"], "use [maximize,minimize], or leave it"),
        (
            ["seed=0,1", f"objective={TWO}", "hydra/sweeper/sampler=cmaes"],
            "CmaEsSampler cannot search for 2 objectives",
        ),
        (["seed=0,1", "objective=[val/f1,val/f1]"], "objective must be one of val/average_precision"),
        (["seed=0,1", "objective=[]"], "objective must be one of val/average_precision"),
        (["seed=0,1", "objective=val/f1,val/ece"], "several are a list: objective=[a,b]"),
        (["seed=0,1", "hydra.sweeper.storage=nothing"], "storage=nothing cannot be used"),
        (["seed=0,1", "hydra.sweeper.custom_search_space=my.space"], "custom_search_space=my.space: there is no such"),
        (["seed=0,1", "hydra.sweeper.sampler._target_=optuna.samplers.No"], "sampler._target_=optuna.samplers.No"),
        (["seed=0,1", "hydra/sweeper/sampler=tp"], "did you mean hydra/sweeper/sampler=tpe?"),
    ],
)
def test_what_cannot_be_searched_is_refused_in_one_line_and_leaves_nothing(command, store, tmp_path, arguments, words):
    done = command(*SEARCH, *arguments)

    assert done.status == 2
    assert len(done.err.strip().splitlines()) == 1
    assert words in done.err
    assert store.search_runs(["0", "1"]) == []
    assert not list(tmp_path.glob("outputs/sweeps/*/*"))


def test_params_that_cannot_be_read_are_refused_in_one_line(command, tmp_path):
    (tmp_path / "my_conf" / "hparams_search").mkdir(parents=True)
    (tmp_path / "my_conf" / "hparams_search" / "mine.yaml").write_text(
        "# @package _global_\ndefaults:\n  - override /hydra/sweeper: optuna\n"
        "hydra:\n  mode: MULTIRUN\n  sweeper:\n    params:\n      seed: interval(0,\n"
    )
    done = command("--config-dir", "my_conf", *SMALL, "hparams_search=mine")

    assert done.status == 2
    assert done.err.startswith("error: seed=interval(0,: cannot be read")
    assert len(done.err.strip().splitlines()) == 1


@pytest.mark.slow
def test_a_launcher_that_runs_two_at_once_gets_two_trials_at_once(command, store, tmp_path):
    parallel = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2", "hydra.sweeper.n_jobs=2")
    try:
        done = command(*SEARCH, *FOCAL, *parallel, f"objective={TWO}", "hydra.sweeper.n_trials=3")
    finally:
        get_reusable_executor().shutdown(wait=True)
    parent, children = family(store)
    study = study_of(tmp_path, parent)

    assert done.status == 0, done.err
    assert parent.info.status == "FINISHED"
    assert states(study) == ["COMPLETE"] * 3
    assert len(children) == 3
    first, second, third = study.trials
    assert first.datetime_complete is not None
    assert second.datetime_start is not None
    assert third.datetime_start is not None
    assert second.datetime_start < first.datetime_complete <= third.datetime_start


@pytest.mark.slow
@pytest.mark.parametrize(
    "number", [signal.SIGKILL, pytest.param(signal.SIGINT, marks=pytest.mark.exhaustive)], ids=["kill -9", "Ctrl-C"]
)
def test_an_interrupted_search_is_resumed_to_exactly_the_missing_trials(command, store, tmp_path, number):
    slow = ("trainer.epochs=150", "trainer.early_stopping=null")
    arguments = (*SEARCH, *FOCAL, "hydra.sweeper.n_trials=4", *slow)
    with (tmp_path / "search.txt").open("w") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "runner", *arguments],
            cwd=tmp_path,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
    deadline = time.monotonic() + 120
    while (tmp_path / "search.txt").read_text().count("training 1 run") < 3:
        assert time.monotonic() < deadline, (tmp_path / "search.txt").read_text()
        time.sleep(0.05)
    os.killpg(process.pid, number)
    process.wait(60)
    parent, _ = family(store)
    before = [trial.params for trial in study_of(tmp_path, parent).trials]
    assert states(study_of(tmp_path, parent)) == ["COMPLETE", "COMPLETE", "RUNNING"]
    assert parent.info.status == ("RUNNING" if number == signal.SIGKILL else "KILLED")

    done = command("resume", parent.info.run_id, "--outputs", "outputs")
    parent, children = family(store)
    study = study_of(tmp_path, parent)

    assert done.status == 0, done.err
    assert parent.info.status == "FINISHED"
    assert parent.data.tags["sweep.progress"] == "4 of 4"
    assert states(study) == ["COMPLETE", "COMPLETE", "FAIL", "COMPLETE", "COMPLETE"]
    assert study.trials[3].params == before[2]  # the one under way is run again
    finished = [run.data.tags["fingerprint"] for run in children if run.info.status == "FINISHED"]
    assert len(finished) == len(set(finished)) == 4
    assert {run.info.status for run in children} <= {"FINISHED", "KILLED"}
