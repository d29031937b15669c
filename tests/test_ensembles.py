"""`comparison.ensembles`: rows of the report that no run of its own stands for."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from commands import TINY
from sklearn.metrics import average_precision_score

SMALL = (*TINY, "model=logistic", "tracking.models=none", "figures=none")


def logits(runs, part: str) -> list[pd.DataFrame]:
    return [pd.read_parquet(Path(run.data.tags["folder"]) / "predictions" / f"{part}.parquet") for run in runs]


def test_the_report_has_ensembles_of_seeds_and_one_that_is_selected(command, store, tmp_path):
    swept = ("loss=builtin,focal", "seed=0,1", "split.seed=0,1", "comparison.ensembles=[seeds,selection]")
    costs = ("dataset.cost_fn=5", "dataset.cost_fp=1")
    done = command("-m", *SMALL, *swept, *costs, "paths.outputs=outputs")
    assert done.status == 0, done.err
    (parent,) = [run for run in store.search_runs(["1"]) if "mlflow.parentRunId" not in run.data.tags]
    children = store.search_runs(["1"], f"tags.`mlflow.parentRunId` = '{parent.info.run_id}'")
    folder = Path(children[0].data.tags["folder"]).parent / "comparison"
    board = pd.read_csv(folder / "ensembles.csv", index_col="loss")
    focal = "focal gamma=2 · logistic"
    assert set(board.index) == {"builtin · logistic · ensemble", f"{focal} · ensemble", "selected ensemble"}
    assert set(board["verdict"]) <= {"better", "worse", "tied", "cannot tell"}
    assert set(pd.read_csv(folder / "leaderboard.csv")["loss"]) == {"builtin · logistic", focal}  # of runs alone

    expected = []
    for split in ("0", "1"):
        own = [run for run in children if run.data.tags["split"] == split and run.data.tags["variant"] == focal]
        tested = logits(own, "test")
        assert len(tested) == 2
        mean = sum(each["logit"] for each in tested) / 2
        expected.append(average_precision_score(tested[0]["label"], mean))
    assert board.loc[f"{focal} · ensemble", "average_precision"] == pytest.approx(sum(expected) / 2)
    assert board.loc[f"{focal} · ensemble", "runs"] == 4
    assert board.loc["selected ensemble", "splits"] == 2

    page, said = (folder / "report.html").read_text(), " ".join(done.out.split())
    for text in (
        "Seeds together: the mean logit",
        "Selection: an ensemble selected on validation",
        "of 4 runs a split",
    ):
        assert text in said
    assert '<tr class="ensemble"><td>selected ensemble</td>' in page

    again = command("compare", parent.info.run_id, "--outputs", "outputs", "--ensembles", "none")
    assert again.status == 0, again.err
    assert not (tmp_path / "outputs" / "comparisons" / parent.info.run_id[:8] / "ensembles.csv").exists()
    assert "Seeds together" not in again.out
    by_cost = command("compare", parent.info.run_id, "--outputs", "outputs", "--metric", "test/expected_cost")
    assert by_cost.status == 0, by_cost.err  # of which an ensemble has none
    assert "Seeds together" not in by_cost.out


def test_what_is_no_kind_of_ensemble_is_refused(command):
    done = command("-m", *SMALL, "loss=builtin,focal", "comparison.ensembles=[seed]")
    assert done.status == 2
    assert "comparison.ensembles must be" in done.errors[-1]
