"""`sweep.prune=median` from the command line: what falls behind ends well, and is not compared."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from commands import TINY

SMALL = (*(each for each in TINY if "epochs" not in each), "trainer.epochs=8", "model=logistic", "figures=none")
GRIDS = ("grid=[loss=builtin,focal,custom,weighted,smoothed]", "grid=[loss=custom optimizer.learning_rate=1e-9]")


def test_runs_that_fall_behind_are_given_up_and_not_compared(command, store, tmp_path):
    arguments = (
        "-m",
        *SMALL,
        "tracking.models=none",
        *GRIDS,
        "sweep.prune=median",
        "objective=val/log_loss",
        "paths.outputs=outputs",
    )
    done = command(*arguments)
    assert done.status == 0, done.err
    (parent,) = [run for run in store.search_runs(["1"]) if "mlflow.parentRunId" not in run.data.tags]
    children = store.search_runs(["1"], f"tags.`mlflow.parentRunId` = '{parent.info.run_id}'")
    assert {run.info.status for run in children} == {"FINISHED"}
    assert len(children) == 6
    pruned = {run.data.tags["variant"]: run for run in children if "pruned" in run.data.tags}
    still = "custom formula=logits · logistic · learning_rate=1e-09"  # it has learned nothing
    assert still in pruned
    assert not any(variant.startswith("builtin") for variant in pruned)
    for run in pruned.values():
        epochs = {each.step for each in store.get_metric_history(run.info.run_id, "val/log_loss")}
        assert int(run.data.tags["pruned"]) == len(epochs) < 8

    folder = Path(children[0].data.tags["folder"]).parent / "comparison"
    board = pd.read_csv(folder / "leaderboard.csv", index_col="loss")
    assert set(board.index) == {run.data.tags["variant"] for run in children} - set(pruned)
    saved = sum(8 - int(run.data.tags["pruned"]) for run in pruned.values())
    said = " ".join(done.out.split())
    assert f"Given up on validation: {len(pruned)} of 6 runs, which saved up to {saved} epochs" in said

    again = command(*arguments, "sweep.resume=true")  # all is done, what was given up too
    assert again.status == 0, again.err
    assert len(store.search_runs(["1"], f"tags.`mlflow.parentRunId` = '{parent.info.run_id}'")) == 6

    refused = command(*arguments[:-2], "objective=val/f1", "paths.outputs=outputs")
    assert refused.status == 2
    assert "sweep.prune=median" in refused.errors[-1]
