"""What a fused sweep leaves is what the basic launcher leaves."""

from __future__ import annotations

import json
from pathlib import Path

import mlflow
import pandas as pd
import pytest
from commands import PLAIN, TINY

SWEEP = ("-m", *TINY, "tracking=none", "comparison=none", "paths.outputs=outputs")


def folders(outputs: Path) -> dict[frozenset[str], Path]:
    """The runs' folders of a sweep, by their overrides."""
    found = (outputs / "sweeps").glob("*/*/*/.hydra/overrides.yaml")
    return {
        frozenset(line for line in path.read_text().splitlines() if "outputs" not in line): path.parents[1]
        for path in found
    }


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("varied", "runs"),
    [
        (("loss=builtin,focal", "seed=0,1"), 4),
        (("split=kfold", "split.folds=3", "split.fold=all", "model.bias_init=prior"), 3),
    ],
    ids=["losses and seeds", "folds"],
)
def test_every_run_is_as_by_the_basic_launcher(command, tmp_path, varied, runs):
    """Files, metrics, curves; figures and models are those of the best."""
    fused = command(*SWEEP, "model.units=[8]", *varied)
    by_fused = folders(tmp_path / "outputs")
    basic = command(*SWEEP, "model.units=[8]", *varied, "hydra/launcher=basic", "paths.outputs=basic")
    by_basic = folders(tmp_path / "basic")

    assert fused.status == basic.status == 0, fused.err + basic.err
    assert f"training {runs} runs together" in fused.out
    assert len(by_fused) == len(by_basic) == runs
    for overrides, folder in by_fused.items():
        other = by_basic[overrides]
        assert files(folder) == files(other)
        ours, theirs = (json.loads((each / "metrics.json").read_text()) for each in (folder, other))
        assert ours.keys() == theirs.keys()
        for key, value in ours.items():
            if not key.startswith("wall_seconds/"):
                assert value == pytest.approx(theirs[key], abs=1e-4, nan_ok=True), key
        history, expected = (pd.read_csv(each / "history.csv") for each in (folder, other))
        pd.testing.assert_frame_equal(history, expected, rtol=1e-4)
        assert (folder / "config.yaml").read_text().replace("outputs: outputs", "outputs: basic") == (
            other / "config.yaml"
        ).read_text()


def test_what_cannot_be_stacked_is_run_one_by_one(command, tmp_path):
    (tmp_path / "shapes.py").write_text(
        "from keras import layers\n\ndef spread(inputs):\n    return layers.GaussianNoise(0.1)(inputs)\n"
    )
    done = command(*SWEEP, "model=logistic", "model._target_=shapes.spread", "seed=0,1")

    assert done.status == 0, done.err
    assert "2 of 2" in done.out
    assert "together" not in done.out
    for folder in folders(tmp_path / "outputs").values():
        assert "layer 'gaussian_noise' (GaussianNoise) has no stacked form" in (folder / "runner.log").read_text()


STEEP = """
import losses

class Steep(losses.CustomLoss):
    def __init__(self, k=1.0, **arguments):
        super().__init__(**arguments)
        self.k = k

    def get_config(self):
        return {**super().get_config(), "k": self.k}

    def compute(self, labels, logits):
        return super().compute(labels, logits) * self.k
"""


@pytest.mark.parametrize(
    ("bad", "status", "words"),
    [("inf", 1, "the loss became NaN or infinite in epoch 1"), ("word", 2, "cannot be computed: TypeError")],
    ids=["diverges", "cannot be computed"],
)
def test_members_that_fail_fail_alone(command, tmp_path, bad, status, words):
    (tmp_path / "steep.py").write_text(STEEP)
    own = ("loss=custom", "loss._target_=steep.Steep", "~loss.formula", f"+loss.k=1,{bad}", "seed=0,1")
    done = command(*SWEEP, *own, "model=logistic")

    assert done.status == status
    assert done.err.splitlines()[-3] == f"error: 2 {'failed' if status == 1 else 'refused'}"
    assert words in done.err.splitlines()[-1]
    assert "2 of 4" in done.out


def test_a_batch_of_one_and_a_mixed_batch(command):
    """Jobs for `fit` and jobs of other models among those of a stack; numbers stay those of the jobs."""
    done = command(*SWEEP, "trainer=compiled,fit", "model=mlp,logistic", "loss=focal")

    assert done.status == 0, done.err
    assert "4 of 4" in done.out


@pytest.mark.parametrize(
    ("problem", "words"),
    [(RuntimeError("no terminal"), "RuntimeError: no terminal"), (KeyboardInterrupt(), "interrupted")],
    ids=["error", "Ctrl-C"],
)
def test_what_happens_while_runs_are_concluded_is_no_secret(command, tmp_path, monkeypatch, problem, words):
    def broken(*arguments, **settings):
        raise problem

    monkeypatch.setattr("runner.writing.console.show_job", broken)
    tracked = [word for word in SWEEP if word != "tracking=none"]
    done = command(*tracked, "model=logistic", "seed=0,1")

    assert done.status == 1
    assert words in done.err.splitlines()[-1]
    runs = mlflow.MlflowClient(f"sqlite:///{tmp_path / 'outputs' / 'mlflow.db'}").search_runs(["1"])
    assert len(runs) == 3
    assert "RUNNING" not in {run.info.status for run in runs}


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("max_stack=0", "hydra.launcher.max_stack must be at least 1, or null"),
        ("n_jobs=0", "hydra.launcher.n_jobs must be at least 1"),
    ],
)
def test_launcher_settings_out_of_range_are_refused_before_any_run(command, tmp_path, setting, words):
    done = command(*SWEEP, "seed=0,1", f"hydra.launcher.{setting}")

    assert done.status == 2
    assert done.err.startswith(f"error: {words}")
    assert len(done.err.splitlines()) == 1
    assert not list((tmp_path / "outputs").rglob(".hydra"))


def test_a_resumed_sweep_has_the_digits_of_one_that_was_never_interrupted(command, store):
    """A run whose companions are done is trained in their company again; alone, its last digits would be others."""
    sweep = ("-m", *TINY, *PLAIN, "trainer.epochs=8", "loss=builtin,focal,dice", "seed=0,1", "paths.outputs=outputs")
    assert command(*sweep).status == 0
    lost = store.search_runs(["1"], "params.loss = 'dice' and params.seed = '1'")[0]
    store.set_terminated(lost.info.run_id, "KILLED")

    again = command(*sweep, "sweep.resume=true")
    made = store.search_runs(["1"], "params.loss = 'dice' and params.seed = '1' and status = 'FINISHED'")

    assert again.status == 0, again.err
    assert again.out.count("(done before)") == 5
    assert "training 6 runs together" in again.out
    assert "5 of 6 are done and recorded" in again.out
    assert len(made) == 1
    assert len(store.search_runs(["1"], "status = 'FINISHED'")) == 1 + 6
    for name in ("train/loss", "val/log_loss", "val/average_precision"):
        curves = [[point.value for point in store.get_metric_history(run.info.run_id, name)] for run in (lost, *made)]
        assert len(curves[0]) >= 8
        assert curves[0] == curves[1], name
    kept = {key: value for key, value in lost.data.metrics.items() if not key.startswith("wall_seconds/")}
    assert {key: made[0].data.metrics[key] for key in kept} == kept
