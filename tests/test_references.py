"""`comparison.references` from the command line: recorded, paired, told, and no candidates."""

from __future__ import annotations

import re
from pathlib import Path

import mlflow
import pandas as pd
import pytest
from commands import TINY

KEPT = ("tracking.models=none", "figures=none", "paths.outputs=outputs")
DATA = tuple(each for each in TINY if not each.startswith("comparison."))
SMALL = ("-m", *DATA, "model=logistic", *KEPT)
NAMES = {"logistic", "gradient_boosting"}


def children(store) -> tuple[mlflow.entities.Run, list[mlflow.entities.Run], list[mlflow.entities.Run]]:
    """The parent, the networks and the references."""
    runs = store.search_runs(["1"], order_by=["start_time ASC"])
    (parent,) = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    nested = [run for run in runs if run is not parent]
    return (
        parent,
        [run for run in nested if "reference" not in run.data.tags],
        [run for run in nested if "reference" in run.data.tags],
    )


def test_each_split_has_its_references_once_and_no_loss_is_chosen_among_them(command, store, tmp_path):
    done = command(*SMALL, "loss=builtin,focal", "split.seed=0,1", "seed=0,1")
    assert done.status == 0, done.err
    parent, networks, references = children(store)

    assert len(networks) == 8
    assert sorted((run.data.tags["reference"], run.data.tags["split"]) for run in references) == sorted(
        (name, split) for name in NAMES for split in ("0", "1")
    )
    one, network = references[0], networks[0]
    assert {run.info.status for run in references} == {"FINISHED"}
    tested = {name for name in network.data.metrics if name.startswith(("test/", "test_at_half/", "test_calibrated/"))}
    assert tested <= set(one.data.metrics)
    assert not {"variant", "loss"} & set(one.data.tags)
    assert not {"loss", "model", "seed"} & set(one.data.params)
    assert one.data.params["split.seed"] == one.data.tags["split"]
    assert {item.path for item in store.list_artifacts(one.info.run_id)} >= {"predictions", "metrics.json"}
    assert parent.data.tags["sweep.progress"] == "8 of 8"
    best = parent.data.metrics["best/val/average_precision"]
    assert best == max(run.data.metrics["val/average_precision"] for run in networks)
    assert not any("scikit" in name or "logistic (" in name for name in parent.data.metrics)

    folder = Path(network.data.tags["folder"]).parent / "comparison"
    board = pd.read_csv(folder / "leaderboard.csv", index_col="loss")
    assert set(board.index[board["reference"]]) == {f"{name} (scikit-learn)" for name in NAMES}
    assert board["runs"].tolist() == [4, 4, 2, 2]
    assert board["splits"].tolist() == [2, 2, 2, 2]
    for name in NAMES:
        own = [run.data.metrics["test/average_precision"] for run in references if run.data.tags["reference"] == name]
        assert board.loc[f"{name} (scikit-learn)", "mean"] == pytest.approx(sum(own) / 2)
    assert set(pd.read_csv(folder / "runs.csv")["run_id"]) == {run.info.run_id for run in networks}
    assert "Against the references, builtin" in done.out
    note = parent.data.tags["mlflow.note.content"]
    assert "*logistic (scikit-learn)* | " in note
    page = (folder / "report.html").read_text()
    assert page.count('<tr class="reference">') == 2

    again = command("compare", parent.info.run_id, "--outputs", "outputs", "--metric", "test/roc_auc")
    assert again.status == 0, again.err
    assert "Against the references, builtin" in again.out
    assert len(children(store)[2]) == 4


def test_a_sweep_that_goes_on_does_not_do_them_again_but_those_that_are_missing(command, store, tmp_path):
    arguments = (*SMALL, "loss=builtin,focal", "split.seed=0,1")
    assert command(*arguments).status == 0
    _, _, references = children(store)
    killed, *kept = references
    store.set_terminated(killed.info.run_id, "KILLED")

    again = command(*arguments, "sweep.resume=true")
    assert again.status == 0, again.err
    _, networks, now = children(store)
    assert len(networks) == 4
    assert len(now) == 5
    finished = {run.info.run_id for run in now if run.info.status == "FINISHED"}
    assert {run.info.run_id for run in kept} < finished
    (new,) = finished - {run.info.run_id for run in kept}
    assert store.get_run(new).data.metrics["test/average_precision"] == pytest.approx(
        killed.data.metrics["test/average_precision"]
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("loss=builtin,focal", "comparison.references=none"),
        ("loss=builtin,focal", "comparison.references=[]"),
        ("loss=builtin,focal", "comparison=none"),
        ("loss=builtin", "seed=0,1"),  # one loss: there is no report to show them in
    ],
)
def test_none_are_trained_where_none_are_asked_for_or_nothing_is_compared(command, store, arguments):
    done = command(*SMALL, *arguments)
    assert done.status == 0, done.err
    assert children(store)[2] == []


def test_images_and_one_reference_alone(command, store, tmp_path):
    arguments = ("dataset=digits", "model=cnn", "model.filters=[2]", "model.units=4", "trainer.epochs=1")
    done = command(
        "-m",
        *arguments,
        *KEPT,
        "evaluation.bootstrap=0",
        "comparison.references=gradient_boosting",
        "loss=builtin,focal",
    )
    assert done.status == 0, done.err
    (reference,) = children(store)[2]
    assert reference.data.metrics["test/average_precision"] > 0.9
    assert "builtin loses to" not in done.out  # one split shows no variance
    assert re.search(r"cannot be told from gradient_boosting \(scikit-learn\) \(\+0\.\d+\)", done.out)


def test_an_unknown_one_is_refused_in_one_line_before_anything_is_recorded(command, store, tmp_path):
    done = command(*SMALL, "loss=builtin,focal", "comparison.references=[logistics]")
    assert done.status == 2
    (line,) = done.errors
    assert "comparison.references must be one of logistic, gradient_boosting, none" in line
    assert len(store.search_runs(["0", "1"])) == 0
