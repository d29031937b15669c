"""`runner rerun`: a recorded run again, the same or with other values."""

from __future__ import annotations

import pytest
from commands import TINY
from mlflow import MlflowClient

SMALL = (*TINY, "model=logistic", "loss=focal", "tracking.models=none", "figures=none")


def results(store: MlflowClient, run_id: str) -> dict[str, float]:
    metrics = store.get_run(run_id).data.metrics
    return {name: value for name, value in metrics.items() if not name.startswith("wall_seconds/")}


def test_a_run_comes_out_the_same_and_with_another_value_otherwise(command, store, tmp_path):
    first = command(*SMALL, "loss.gamma=1", "seed=3", "paths.outputs=outputs")
    assert first.status == 0, first.err

    again = command("rerun", first.run_id, "--outputs", "outputs")
    assert again.status == 0, again.err
    assert again.run_id != first.run_id
    assert results(store, again.run_id) == results(store, first.run_id)
    one, other = (store.get_run(each.run_id).data for each in (first, again))
    assert one.tags["fingerprint"] == other.tags["fingerprint"]
    assert one.tags["mlflow.runName"] == other.tags["mlflow.runName"]
    assert again.folder(tmp_path).parent.parent == tmp_path / "outputs" / "runs"

    changed = command("rerun", first.run_id, "--outputs", "outputs", "loss.gamma=3", "trainer.epochs=1")
    assert changed.status == 0, changed.err
    params = store.get_run(changed.run_id).data.params
    assert (params["loss.gamma"], params["trainer.epochs"], params["seed"]) == ("3", "1", "3")


def test_what_cannot_be_repeated_is_refused_in_one_line(command, store):
    sweep = command("-m", *SMALL, "seed=0,1", "comparison=none", "paths.outputs=outputs")
    assert sweep.status == 0, sweep.err
    (parent,) = [run for run in store.search_runs(["1"]) if "mlflow.parentRunId" not in run.data.tags]
    for words, said in (
        ((parent.info.run_id,), "is a sweep"),
        (("0" * 32,), "has no run of that id"),
        ((parent.info.run_id, "loss=focal"), "no options to choose among"),
    ):
        done = command("rerun", *words, "--outputs", "outputs")
        assert done.status == 2
        (line,) = done.errors
        assert said in line
    child = next(run for run in store.search_runs(["1"]) if run is not parent and "fingerprint" in run.data.tags)
    again = command("rerun", child.info.run_id, "--outputs", "outputs")
    assert again.status == 0, again.err
    assert results(store, again.run_id)["test/f1"] == pytest.approx(child.data.metrics["test/f1"], abs=0.1)
