"""Runs recorded together, as a launcher does it, against the same runs one by one; and what each step refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import mlflow
import numpy as np
import pytest
from commands import TINY

from runner import experiment
from runner.config.checks import load
from runner.config.options import CONF
from runner.config.schemas import register
from runner.errors import InputError
from runner.experiment.resources import LATEST, Resources
from runner.experiment.spec import RunSpec
from runner.runs.folder import RunFolder
from runner.runs.outcome import Outcome

CHOICES = {"dataset": "synthetic", "model": "logistic", "optimizer": "adam", "trainer": "fit"}
SMALL = (*TINY, "model=logistic")


@pytest.fixture
def spec(tmp_path):
    """What a sweep's job asks for: `spec("folder", "loss=focal")`."""
    from hydra import compose, initialize_config_dir

    register()
    with initialize_config_dir(str(CONF), version_base="1.3"):

        def made(folder: str, *overrides: str) -> RunSpec:
            config = compose("config", [*SMALL, f"paths.outputs={tmp_path / 'outputs'}", *overrides])
            loss = next((each.partition("=")[2] for each in overrides if each.startswith("loss=")), "builtin")
            choices = {**CHOICES, "loss": loss}
            return RunSpec(load(config), choices, RunFolder(tmp_path / folder), in_sweep=True)

        yield made


def admitted(spec: RunSpec, resources: Resources) -> experiment.Admitted:
    found = experiment.admit(spec, resources)
    assert isinstance(found, experiment.Admitted)
    return found


def prepared(spec: RunSpec, resources: Resources) -> experiment.Run:
    return experiment.prepare(admitted(spec, resources), resources)


def test_runs_recorded_together_come_to_what_each_comes_to_alone(spec, tmp_path):
    resources = Resources()
    specs = {loss: spec(loss, f"loss={loss}", "figures=none", "tracking.models=none") for loss in ("builtin", "focal")}
    runs = [prepared(each, resources) for each in specs.values()]
    outcomes = []
    with runs[0].tracker.recording() as recording:
        recorders = []
        for run in runs:
            run.spec.folder.write_config(run.spec.config)
            recorders.append(recording.open(run.identity.with_tags(device="cpu"), run.spec.folder, run.dataset))
        stack = [
            experiment.train(run, experiment.set_up(run), recorder)
            for run, recorder in zip(runs, recorders, strict=True)
        ]
        for trained, recorder in zip(stack, recorders, strict=True):
            without_network = replace(trained, network=lambda: pytest.fail("no model asked"))
            evaluation = experiment.evaluate_run(without_network)
            outcomes.append(experiment.conclude(without_network, evaluation, recorder))
            recorder.close()
        for recorder in recorders:
            recorder.wait()

    client = mlflow.MlflowClient(f"sqlite:///{tmp_path / 'outputs' / 'mlflow.db'}")
    for outcome, (loss, asked) in zip(outcomes, specs.items(), strict=True):
        folder = RunFolder(tmp_path / "alone" / loss)
        alone = experiment.run_experiment(replace(asked, folder=folder), Resources())
        assert (outcome.name, outcome.objective) == (alone.name, alone.objective)
        together, by_itself = (client.get_run(each.run_id) for each in (outcome, alone))
        assert together.info.status == by_itself.info.status == "FINISHED"
        assert together.data.params == by_itself.data.params
        assert together.data.tags.keys() == by_itself.data.tags.keys()

        def results(run):
            return {name: value for name, value in run.data.metrics.items() if not name.startswith("wall_seconds/")}

        assert results(together) == results(by_itself)
        assert by_itself.data.metrics.keys() == together.data.metrics.keys()
        assert folder.read_facts() == asked.folder.read_facts()
        assert json.loads(by_itself.data.tags["objectives"]) == ["val/average_precision"]


def test_what_is_done_already_comes_back_at_once(spec, tmp_path):
    first = admitted(spec("a", "loss=focal", "tracking=none"), Resources())
    done = Outcome("before", (0.5,), "id")

    assert experiment.admit(spec("b", "loss=focal", "tracking=none"), Resources(), {first.fingerprint: done}) is done
    assert experiment.run_experiment(spec("b", "loss=focal"), Resources(), {first.fingerprint: done}) is done
    assert not (tmp_path / "a").exists()  # nothing was written yet
    assert not (tmp_path / "b").exists()


def test_runs_of_a_sweep_share_data_and_others_do_not(spec):
    resources = Resources()
    first, seed, split, data = (
        spec("run", each).config for each in ("loss=builtin", "seed=1", "split.seed=1", "dataset.seed=1")
    )

    assert resources.splits(first) is resources.splits(seed)
    assert resources.dataset(first) is resources.dataset(split)
    assert resources.splits(first) is not resources.splits(split)
    assert not np.array_equal(resources.splits(first).test.rows, resources.splits(split).test.rows)
    assert resources.dataset(first) is not resources.dataset(data)
    before = resources.splits(first)
    for number in range(10, 10 + LATEST):
        resources.splits(spec("run", f"split.seed={number}").config)
    assert resources.splits(first) is not before  # only the latest are remembered
    np.testing.assert_array_equal(resources.splits(first).test.rows, before.test.rows)


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["loss=focal", "loss.gamma=-1"], "gamma"),
        (["trainer.stratified_batches=true", "trainer.batch_size=1"], "trainer.batch_size"),
        (["loss=builtin", "+loss.reduction=sum"], "loss.reduction=sum"),
    ],
)
def test_what_is_refused_is_refused_before_anything_is_written(spec, tmp_path, overrides, words):
    resources = Resources()
    with pytest.raises(InputError, match=words):
        prepared(spec("run", *overrides, "tracking=none"), resources)
    assert not (tmp_path / "run").exists()


def test_admitting_loads_neither_keras_nor_mlflow():
    """What is refused or done already does not wait for them."""
    code = (
        "import sys; from runner import experiment; experiment.admit, experiment.run_experiment, experiment.Resources"
    )
    code += "; print(sorted({'keras', 'tensorflow', 'mlflow', 'matplotlib', 'optuna'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
