"""`hydra/sweeper/pruner` from the command line: trials that are given up end well, and are not asked for again."""

from __future__ import annotations

import pandas as pd
import pytest
from commands import TINY
from recorded_searches import family, study_of

SMALL = (*(each for each in TINY if "epochs" not in each), "trainer.epochs=6", "model=logistic", "figures=none")
SEARCH = (
    *("-m", *SMALL, "tracking.models=none", "hydra/sweeper=optuna", "paths.outputs=outputs"),
    *("hydra/sweeper/sampler=random", "optimizer.learning_rate=tag(log,interval(1e-5,1e-1))"),
)
MEDIAN = (
    "hydra/sweeper/pruner=median",
    "hydra.sweeper.pruner.n_startup_trials=2",
    "hydra.sweeper.pruner.n_warmup_steps=0",
)


@pytest.mark.parametrize("launcher", ["fused", pytest.param("basic", marks=pytest.mark.exhaustive)])
def test_pruned_trials_end_well_and_a_search_goes_on_without_them(command, store, tmp_path, launcher):
    arguments = (*SEARCH, *MEDIAN, f"hydra/launcher={launcher}")
    done = command(*arguments, "hydra.sweeper.n_trials=5")
    assert done.status == 0, done.err
    parent, children = family(store)
    trials = study_of(tmp_path, parent).trials
    by_id = {trial.user_attrs["run_id"]: trial for trial in trials}
    pruned = [run for run in children if "pruned" in run.data.tags]

    assert 0 < len(pruned) < 5
    assert {run.info.status for run in children} == {"FINISHED"}
    for run in children:
        trial = by_id[run.info.run_id]
        assert (trial.state.name == "PRUNED") == (run in pruned)
        history = store.get_metric_history(run.info.run_id, "val/log_loss")
        assert trial.user_attrs["epochs"] == len({each.step for each in history})
        assert run.data.metrics["test/average_precision"] > 0
    for run in pruned:
        assert int(run.data.tags["pruned"]) == by_id[run.info.run_id].user_attrs["epochs"] < 6
    best = max(run.data.metrics["val/average_precision"] for run in children if run not in pruned)
    assert parent.data.metrics["best/val/average_precision"] == pytest.approx(best)
    saved = sum(6 - int(run.data.tags["pruned"]) for run in pruned)
    words = f"{len(pruned)} of 5 trials were pruned, which saved up to {saved} of 30 epochs."
    assert words in done.out
    assert words in parent.data.tags["mlflow.note.content"]
    table = pd.read_csv(next(tmp_path.glob("outputs/sweeps/*/*/search/trials.csv")))
    assert (table["state"] == "pruned").sum() == len(pruned)
    assert table["epochs"].sum() == 30 - saved

    again = command(*arguments, "hydra.sweeper.n_trials=6", "sweep.resume=true")
    assert again.status == 0, again.err
    assert "5 of 6 trials are done already" in again.out
    assert len(family(store)[1]) == 6


def test_trials_of_one_stack_are_halved(command, store, tmp_path):
    halving = (
        "hydra/sweeper/pruner=successive_halving",
        "hydra.sweeper.pruner.min_resource=1",
        "hydra.sweeper.n_jobs=9",
    )
    done = command(*SEARCH, *halving, "hydra.sweeper.n_trials=9")
    assert done.status == 0, done.err
    parent, children = family(store)
    states = [trial.state.name for trial in study_of(tmp_path, parent).trials]
    assert 2 <= states.count("PRUNED") < 9
    assert sum("pruned" in run.data.tags for run in children) == states.count("PRUNED")


def test_an_objective_that_is_not_measured_each_epoch_is_refused_in_one_line(command, store):
    done = command(*SEARCH, *MEDIAN, "objective=val/f1")
    assert done.status == 2
    (line,) = done.errors
    assert "hydra/sweeper/pruner=median: objective=val/f1 is not measured each epoch" in line
