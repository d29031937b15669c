"""Many runs prepared, trained and concluded together, as a launcher does it, against the same runs one by one."""

from __future__ import annotations

import json
from pathlib import Path

import mlflow
import numpy as np
import pytest
from conftest import TINY

from runner.errors import InputError
from runner.experiment.resources import KEPT, Cache
from runner.sweeps.journal import Outcome, Plan

CHOICES = {"dataset": "synthetic", "model": "logistic", "optimizer": "adam", "trainer": "fit"}


@pytest.fixture
def composed(tmp_path):
    """Configs as a sweep's jobs have them."""
    from hydra import compose, initialize_config_dir

    from runner.config.options import CONF
    from runner.config.schemas import register

    register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        yield lambda *overrides: compose(
            "config", overrides=[*TINY, "model=logistic", f"paths.outputs={tmp_path / 'outputs'}", *overrides]
        )


def trained(run, recorder):
    """One run's training, as `run_experiment` does it: (training, network)."""
    from runner.config.instantiate import build
    from runner.evaluation import epoch_metrics
    from runner.experiment.execute import make_network
    from runner.training import TrainingTask

    trainer = build("trainer", run.config.trainer)
    trainer.start(run.config.seed)
    network = make_network(run.config, run.splits, run.dataset)
    optimizer = build("optimizer", run.config.optimizer)
    task = TrainingTask(network, run.loss, optimizer, run.splits, run.config.seed, epoch_metrics)
    return trainer.train(task, recorder.epoch), network


def test_runs_recorded_together_come_to_what_each_comes_to_alone(composed, tmp_path):
    from runner.experiment.execute import conclude, prepare, run_experiment
    from runner.tracking import StoreWriter, open_record

    configs = {loss: composed(f"loss={loss}", "figures=none", "tracking.models=none") for loss in ("builtin", "focal")}
    plan, cache = Plan("two", 2, "val/average_precision", 0.0), Cache()
    runs = [
        prepare(config, {**CHOICES, "loss": loss}, tmp_path / loss, plan=plan, cache=cache)
        for loss, config in configs.items()
    ]
    outcomes = []
    with StoreWriter(runs[0].store, 60.0) as writer:
        recorders = [
            open_record(
                *(run.config, run.folder, run.dataset, run.store),
                **{"name": run.name, "params": run.params, "tags": {**run.tags, "device": "cpu"}, "writer": writer},
            )
            for run in runs
        ]
        stack = [trained(run, recorder) for run, recorder in zip(runs, recorders, strict=True)]
        for run, recorder, (training, network) in zip(runs, recorders, stack, strict=True):
            outcomes.append(conclude(run, recorder, training, network.predict, lambda: pytest.fail("no model asked")))
            recorder.close()
        for recorder in recorders:
            recorder.written()

    client = mlflow.MlflowClient(runs[0].store.uri)
    for outcome, (loss, config) in zip(outcomes, configs.items(), strict=True):
        alone = run_experiment(config, {**CHOICES, "loss": loss}, tmp_path / "alone" / loss, plan=plan)
        assert (outcome.name, outcome.objective) == (alone.name, alone.objective)
        together, by_itself = (client.get_run(each.run_id) for each in (outcome, alone))
        assert together.info.status == by_itself.info.status == "FINISHED"
        assert together.data.params == by_itself.data.params
        assert together.data.tags.keys() == by_itself.data.tags.keys()

        def results(run):
            return {name: value for name, value in run.data.metrics.items() if not name.startswith("seconds/")}

        assert results(together) == results(by_itself)
        assert by_itself.data.metrics.keys() - together.data.metrics.keys() == {
            "seconds/train"
        }  # the launcher's to note
        of_both = [
            json.loads((folder / "run.json").read_text()) for folder in (tmp_path / loss, tmp_path / "alone" / loss)
        ]
        assert of_both[0] == of_both[1]


def test_what_is_done_already_comes_back_at_once(composed, tmp_path):
    from runner.experiment.execute import prepare
    from runner.runs.fingerprint import FINGERPRINT_TAG

    config, choices = composed("loss=focal", "tracking=none"), {**CHOICES, "loss": "focal"}
    first = prepare(config, choices, tmp_path / "a", plan=Plan("x", 1, "val/f1", 0.0))
    done = Outcome("before", 0.5, "id")
    plan = Plan("x", 1, "val/f1", 0.0, done={first.tags[FINGERPRINT_TAG]: done})

    assert prepare(config, choices, tmp_path / "b", plan=plan) is done
    assert not (tmp_path / "a").exists()  # nothing was written yet


def test_runs_of_a_sweep_share_data_and_others_do_not(composed, tmp_path):
    cache = Cache()
    first, seed, split, data = (composed(each) for each in ("loss=builtin", "seed=1", "split.seed=1", "dataset.seed=1"))

    assert cache.splits(first) is cache.splits(seed)
    assert cache.dataset(first) is cache.dataset(split)
    assert cache.splits(first) is not cache.splits(split)
    assert not np.array_equal(cache.splits(first).test.rows, cache.splits(split).test.rows)
    assert cache.dataset(first) is not cache.dataset(data)
    kept = cache.splits(first)
    for number in range(10, 10 + KEPT):
        cache.splits(composed(f"split.seed={number}"))
    assert cache.splits(first) is not kept  # only the latest are kept
    np.testing.assert_array_equal(cache.splits(first).test.rows, kept.test.rows)


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["loss=focal", "loss.gamma=-1"], "gamma"),
        (["trainer.stratified_batches=true", "trainer.batch_size=1"], "trainer.batch_size"),
        (["loss=builtin", "+loss.reduction=sum"], "loss.reduction=sum"),
    ],
)
def test_what_is_refused_is_refused_before_anything_is_written(composed, tmp_path, overrides, words):
    from runner.experiment.execute import prepare

    with pytest.raises(InputError, match=words):
        prepare(composed(*overrides, "tracking=none"), {**CHOICES, "loss": "focal"}, Path(tmp_path / "run"))
    assert not (tmp_path / "run").exists()
