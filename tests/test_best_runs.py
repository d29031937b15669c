"""Which runs of a sweep get figures and a model: all, the best of each variant when it is over, or none."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from commands import TINY

from runner import tracking
from runner.data.sources import load_synthetic
from runner.sweeps import best_runs
from runner.sweeps.best_runs import select_best
from runner.tracking import names
from runner.tracking.recorded_run import RecordedRun

SMALL = (*TINY, "model=logistic", "evaluation.bootstrap=20", "paths.outputs=outputs")
WITHOUT_REPORT = (*SMALL, "comparison=none")
FIGURES = {"loss_curves", "precision_recall", "roc", "confusion_matrix", "calibration", "threshold", "loss_shape"}
FIGURES |= {"cost", "decision_curve", "top_rows"}


def children(store) -> list[mlflow.entities.Run]:
    runs = store.search_runs(["1"], order_by=["start_time ASC"])
    return [run for run in runs if "mlflow.parentRunId" in run.data.tags]


def figures(store, run) -> set[str]:
    return {Path(item.path).stem for item in store.list_artifacts(run.info.run_id, "figures")}


def modelled(store, run) -> bool:
    outputs = store.get_run(run.info.run_id).outputs
    return outputs is not None and bool(outputs.model_outputs)


def best_of_each(runs) -> set[str]:
    best: dict[str, tuple[float, str]] = {}
    for run in runs:
        value, variant = run.data.metrics["val/average_precision"], run.data.tags["variant"]
        if variant not in best or value > best[variant][0]:
            best[variant] = (value, run.info.run_id)
    return {run_id for _, run_id in best.values()}


def test_the_best_run_of_each_loss_gets_figures_and_model_at_the_sweep_s_end(command, store, tmp_path):
    done = command("-m", *WITHOUT_REPORT, "loss=builtin,focal", "seed=0,1")
    assert done.status == 0, done.err
    runs = children(store)
    best = best_of_each(runs)

    assert len(best) == 2
    for run in runs:
        chosen = run.info.run_id in best
        assert figures(store, run) == (FIGURES if chosen else set())
        assert modelled(store, run) == chosen
        assert (Path(run.data.tags["folder"]) / "weights.npz").exists()
        assert store.get_run(run.info.run_id).info.status == "FINISHED"

    run = next(run for run in runs if run.info.run_id in best and run.data.params["loss"] == "focal")
    saved = pd.read_parquet(Path(run.data.tags["folder"]) / "predictions" / "test.parquet")
    model = mlflow.pyfunc.load_model(str(Path(run.data.tags["folder"]) / "model"))
    given: dict[str, Any] = {
        key: kind(run.data.params[f"dataset.{key}"])
        for kind, keys in ((int, ("rows", "features", "seed")), (float, ("prevalence", "separation", "label_noise")))
        for key in keys
    }
    table = load_synthetic(**given).features
    np.testing.assert_allclose(model.predict(table.iloc[saved.row]).raw_probability, saved.probability, rtol=1e-6)


@pytest.mark.parametrize("elsewhere", [True, False], ids=["by another process", "here"])
def test_the_figures_are_those_the_run_itself_would_have_drawn(command, store, monkeypatch, elsewhere):
    """Also of a loss that changes while it is trained, and with intervals: pixel by pixel."""
    arguments = ("loss=ldam", "loss.drw_epoch=1", "split.seed=3", "seed=5", "tracking.models=none")
    if elsewhere:
        monkeypatch.setattr(best_runs, "WORTH_A_PROCESS", 1)
        monkeypatch.setattr("runner.experiment.draw_figures", lambda _: pytest.fail("drawn here"))
    done = command("-m", *WITHOUT_REPORT, *arguments)
    again = command("-m", *WITHOUT_REPORT, *arguments, "figures=all")
    assert done.status == again.status == 0, done.err + again.err
    late, own = ({p.name: p.read_bytes() for p in (run_folder(run) / "figures").iterdir()} for run in children(store))

    assert late.keys() == own.keys() == {f"{name}.png" for name in FIGURES}
    assert [name for name in own if late[name] != own[name]] == []
    assert [figures(store, run) for run in children(store)] == [FIGURES, FIGURES]


def run_folder(run) -> Path:
    return Path(run.data.tags["folder"])


def test_a_resumed_sweep_makes_what_is_lacking_and_nothing_twice(command, store):
    arguments = ("-m", *WITHOUT_REPORT, "loss=builtin,focal,weighted", "seed=1", "tracking.models=none")
    assert command(*arguments).status == 0
    drawn, gone, cut = children(store)
    pictures = sorted(run_folder(drawn).glob("figures/*.png"))
    assert len(pictures) == len(FIGURES)
    before = [path.stat().st_mtime_ns for path in pictures]
    for run in (gone, cut):  # as if the end had been cut short
        shutil.rmtree(Path(run.info.artifact_uri.removeprefix("file://")) / "figures")
        store.delete_tag(run.info.run_id, names.FIGURES_KEPT)
    store.log_artifact(cut.info.run_id, str(run_folder(cut) / "figures" / "roc.png"), "figures")
    shutil.rmtree(run_folder(gone))
    done = command(*arguments, "sweep.resume=true")

    assert (done.status, done.err) == (0, "")
    assert len(children(store)) == 3
    assert [path.stat().st_mtime_ns for path in pictures] == before
    assert [figures(store, run) for run in (drawn, gone, cut)] == [FIGURES, set(), FIGURES]


def test_ctrl_c_gets_out_of_the_end_and_leaves_no_sweep_running(command, store, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("runner.experiment.draw_figures", interrupted)
    done = command("-m", *SMALL, "loss=builtin,focal", "tracking.models=none")
    (parent,) = (run for run in store.search_runs(["1"]) if "mlflow.parentRunId" not in run.data.tags)

    assert done.status == 1
    assert "interrupted" in done.err
    assert parent.info.status == "FINISHED"  # its runs are
    assert "verdict" in parent.data.tags


def test_all_and_none_mean_every_run_and_no_run(command, store):
    assert command("-m", *WITHOUT_REPORT, "loss=focal", "seed=0,1", "figures=all", "tracking.models=all").status == 0
    assert command("-m", *WITHOUT_REPORT, "loss=focal", "seed=2,3", "figures=none", "tracking.models=none").status == 0
    runs = children(store)

    assert [figures(store, run) for run in runs] == [FIGURES, FIGURES, set(), set()]
    assert [modelled(store, run) for run in runs] == [True, True, False, False]
    assert not list(Path("outputs").rglob("weights.npz"))


def test_without_a_store_the_folders_get_them(command, tmp_path):
    done = command("-m", *WITHOUT_REPORT, "loss=builtin,focal", "seed=0,1", "tracking=none")

    assert done.status == 0, done.err
    folders = [path.parent for path in (tmp_path / "outputs").rglob("run.json")]
    with_figures = [folder for folder in folders if (folder / "figures").exists()]
    assert len(folders) == 4
    assert len(with_figures) == 2
    assert all((folder / "model" / "MLmodel").exists() for folder in with_figures)


@pytest.mark.parametrize("override", ["figures=some", "tracking.models=true"])
def test_other_words_are_refused(command, override):
    done = command(*SMALL, override)

    assert done.status == 2
    assert "auto, all, best, none" in done.err.replace("'", "")


def test_the_best_is_the_least_of_a_loss_and_of_two_as_good_the_older():
    def of(variant: str, dataset: str, value: float, name: str) -> RecordedRun:
        metrics = {"val/average_precision": value, "val/log_loss": value}
        return RecordedRun(
            name, name, "FINISHED", metrics=metrics, tags={"variant": variant, "dataset.name": dataset, "folder": name}
        )

    runs = [of("a", "x", 0.5, "1"), of("a", "x", 0.4, "2"), of("a", "x", 0.5, "3"), of("b", "x", float("nan"), "4")]
    runs += [of("a", "y", 0.1, "5"), of("b", "y", 0.2, "6")]

    def best(objective: str, **how) -> list[str]:
        return [run.name for run in select_best(runs, objective, **how)]

    assert best("val/average_precision", each_variant=True) == ["1", "5", "6"]
    assert best("val/log_loss", each_variant=True) == ["2", "5", "6"]
    assert best("val/average_precision", each_variant=False) == ["1", "6"]


@pytest.mark.usefixtures("store")
def test_a_run_knows_whether_it_has_a_model(command, tmp_path):
    done = command(*SMALL, "figures=none")
    lacking = command(*SMALL, "figures=none", "tracking.models=none")
    outputs = tmp_path / "outputs"
    store = tracking.open_store(tracking.store_uri(None, outputs), "imbalance-runner", outputs)
    tracker = tracking.MlflowTracker(store)
    recorded = [tracker.run(each.run_id) for each in (done, lacking)]
    assert [run is not None and tracker.has_model(run) for run in recorded] == [True, False]
