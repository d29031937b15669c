"""Which jobs share a stack, and how a group is divided."""

from __future__ import annotations

from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from omegaconf import OmegaConf

from runner.config.options import CONF
from runner.config.schemas import register
from runner.launching.grouping import COMPILED, COPIES, MOST, most_members, portions, split_key, stack_key


def key(*overrides, of=stack_key):
    register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("config", overrides=list(overrides), return_hydra_config=True)
        HydraConfig.instance().set_config(config)
        return of(config)


@pytest.mark.parametrize(
    "override",
    [
        "loss=focal",
        "seed=7",
        "split.seed=1",
        "split.test=0.3",
        "split=kfold",
        "sampling=smote",
        "optimizer.learning_rate=0.1",
        "optimizer.beta_1=0.5",
        "trainer.early_stopping=null",
        "trainer.early_stopping.patience=3",
        "evaluation.bootstrap=10",
        "objective=val/roc_auc",
    ],
)
def test_runs_that_differ_in_this_share_a_stack(override):
    assert key(override) == key()
    assert key() is not None


@pytest.mark.parametrize(
    "override",
    [
        "dataset=digits",
        "model=logistic",
        "model.units=[64]",
        "optimizer=sgd",
        "trainer.batch_size=64",
        "trainer.epochs=3",
        "trainer.stratified_batches=true",
        "preprocessing=quantile",
    ],
)
def test_runs_that_differ_in_this_do_not(override):
    assert key(override) != key()
    assert key(override) is not None


def test_runs_with_other_seeds_have_splits_of_their_own_only_where_rows_are_sampled():
    assert len({key(seed, of=split_key) for seed in ("seed=1", "seed=2", "loss=focal")}) == 1
    sampled = {key("sampling=undersample", *seed, of=split_key) for seed in ((), ("seed=1",), ("loss=focal",))}
    assert len(sampled) == 2
    assert key(of=split_key) not in sampled


def test_runs_whose_rows_have_their_costs_for_weights_have_splits_of_their_own():
    costs = [(), ("loss=cost_sensitive",), ("loss=cost_sensitive", "loss.form=weighted")]
    assert len({key(*each, of=split_key) for each in costs}) == 3
    assert len({key(*each) for each in costs}) == 1


@pytest.mark.parametrize("override", ["trainer=fit", "hydra.job.chdir=true", "+hydra.job.env_set.A=b"])
def test_these_jobs_are_run_alone(override):
    assert key(override) is None


def test_a_group_that_fits_is_one_stack_with_kin_together():
    assert portions(["a", "b", "a", "b"], 10) == [[0, 2, 1, 3]]


def test_stacks_are_alike_where_that_is_possible():
    kinds = ["a"] * 25 + ["b"] * 25 + ["c"] * 50
    stacks = portions(kinds, 30)

    assert sorted(place for stack in stacks for place in stack) == list(range(100))
    assert {tuple(kinds[place] for place in stack) for stack in stacks} == {("a",) * 5 + ("b",) * 5 + ("c",) * 10}


@pytest.mark.parametrize(
    ("kinds", "most"),
    [(["a"] * 7 + ["b"] * 4, 5), (["a"] * 101, 100), (["a", "b", "c"], 1), (["a"] * 97 + ["b"] * 97, 100)],
)
def test_stacks_are_otherwise_of_nearly_one_size(kinds, most):
    stacks = portions(kinds, most)
    sizes = [len(stack) for stack in stacks]

    assert sorted(place for stack in stacks for place in stack) == list(range(len(kinds)))
    assert max(sizes) <= most
    assert max(sizes) - min(sizes) <= 1


def test_a_stack_s_size_is_bounded_by_memory(monkeypatch):
    assert most_members(3000, 64, 32) == MOST
    monkeypatch.setattr("psutil.virtual_memory", lambda: type("Memory", (), {"total": 4 * 40 * COPIES * 1_000_000}))
    assert most_members(1_000_000, 1, 1) == 9
    assert most_members(10**12, 1, 1) == 1


def test_only_numbers_may_differ():
    """No weight decay at all, or a rate that changes with time, is another kind of optimizer."""

    def of(**optimizer):
        parts: dict[str, Any] = {group: {"x": 1} for group in ("dataset", "split", "model")}
        parts["preprocessing"] = "standard"
        hydra: dict[str, Any] = {"job": {"chdir": None, "env_set": {}}}
        return stack_key(
            OmegaConf.create({**parts, "trainer": {"_target_": COMPILED}, "optimizer": optimizer, "hydra": hydra})
        )

    assert of(weight_decay=0.1) == of(weight_decay=0.2) != of(weight_decay=None)
    assert of(learning_rate=0.1) != of(learning_rate={"_target_": "keras.optimizers.schedules.CosineDecay"})
