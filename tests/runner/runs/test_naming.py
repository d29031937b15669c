"""Names and parameters of a run."""

from __future__ import annotations

from typing import Any

import pytest

import losses
from runner.runs.naming import flat_params, loss_name, plain_variant, run_name, setting, variant


@pytest.mark.parametrize(
    ("option", "loss", "name"),
    [
        ("focal", lambda: losses.FocalLoss(), "focal gamma=2"),
        ("focal", lambda: losses.FocalLoss(0.5, 0.75, "balanced"), "focal gamma=0.5 alpha=0.75 alpha_mode=balanced"),
        ("weighted", lambda: losses.WeightedLoss(5.0), "weighted positive_weight=5 negative_weight=1"),
        ("weighted", lambda: losses.WeightedLoss(balanced=True, pi=0.1), "weighted balanced=True"),
        ("smoothed", lambda: losses.SmoothedLoss(0.2), "smoothed label_smoothing=0.2"),
        ("custom", lambda: losses.CustomLoss(), "custom formula=logits"),
    ],
)
def test_a_loss_is_named_with_what_is_in_force(option, loss, name):
    assert loss_name(option, loss().in_force) == name


def test_a_run_is_named_by_what_is_not_usual():
    seeds: Any = {"seed": 4, "split": {"seed": 0}}
    mlp, cnn = {"model": "mlp"}, {"model": "cnn"}

    assert run_name(variant("builtin", mlp), "page_blocks", **seeds) == "builtin · seed 4 · page_blocks"
    overrides = ["optimizer.learning_rate=0.003", "trainer.epochs=5", "loss.gamma=1", "loss._target_=x.Y"]
    compared = variant("focal gamma=1", mlp, overrides)
    assert compared == "Y gamma=1 · learning_rate=0.003"
    assert run_name(compared, "page_blocks", **seeds) == "Y gamma=1 · learning_rate=0.003 · seed 4 · page_blocks"
    assert variant("builtin", mlp, ["+loss.k=3", "model._target_=my.net", "~loss.formula"]) == "builtin · k=3 · net"
    sharp = {"model": "mlp", "optimizer": "sam"}
    assert variant("focal gamma=2", sharp, ["optimizer.radius=0.1"]) == "focal gamma=2 · sam · radius=0.1"
    assert variant("builtin", {"model": "mlp", "optimizer": "adam"}) == "builtin"
    assert variant("builtin", {"sampling": "none"}) == "builtin"
    assert variant("builtin", {}, ["init.weights=0123456789abcdef"]) == "builtin · weights=01234567"
    assert variant("builtin", {}, ["init.weights=null"]) == "builtin"
    assert variant("builtin", {"sampling": "smote"}, ["sampling.ratio=0.5"]) == "builtin · smote · ratio=0.5"
    assert (
        run_name(variant("builtin", cnn), "digits", seed=4, split={"seed": 2})
        == "builtin · cnn · split 2 · seed 4 · digits"
    )


def test_the_plain_variant_is_the_one_that_others_add_to():
    assert plain_variant(["builtin · logistic · smote", "builtin · logistic"]) == "builtin · logistic"
    assert plain_variant(["focal gamma=2"]) == "focal gamma=2"
    assert plain_variant(["focal gamma=2", "focal gamma=1"]) is None
    assert plain_variant(["builtin · sam", "builtin · smote"]) is None
    assert plain_variant([]) is None


def test_a_run_is_named_by_its_fold():
    split = {"seed": 0, "folds": 5, "fold": 2, "repeats": 1, "repeat": 0}
    assert run_name("focal", "my", seed=1, split=split) == "focal · fold 2 · seed 1 · my"
    repeated = {**split, "seed": 3, "repeats": 2}
    assert run_name("focal", "my", seed=1, split=repeated) == "focal · split 3 · repeat 0 · fold 2 · seed 1 · my"
    assert run_name("focal", "my", seed=1, split={"folds": 1, "fold": 0}) == "focal · seed 1 · my"


def test_params_are_the_config_with_dots_and_the_choices():
    values = {"loss": {"gamma": 2.0, "units": [1, 2]}, "trainer": {"early_stopping": None}, "seed": 1}

    assert flat_params(values, {"loss": "focal", "experiment": None}) == {
        "loss": "focal",
        "loss.gamma": "2.0",
        "loss.units": "[1, 2]",
        "trainer.early_stopping": "None",
        "seed": "1",
    }


def test_folds_are_no_setting_and_ways_of_splitting_are():
    overrides = ["loss=focal", "split=kfold", "split.fold=1", "split.repeat=0", "split.folds=5"]
    assert setting(overrides, ("loss", "split.fold", "split.repeat")) == ""
    assert setting(overrides, ("split", "split.fold", "split.folds")) == "split=kfold, folds=5"


def test_what_a_sweep_varies_besides_the_loss_is_a_setting():
    varied = ("loss", "trainer.epochs", "split.seed", "split.test", "evaluation.cost_fn", "dataset.path", "model.units")
    overrides = ["loss=focal", "trainer.epochs=5", "trainer.batch_size=8", "split.seed=1", "split.test=0.3", "seed=2"]
    assert setting(overrides, varied) == "epochs=5, test=0.3"
    assert setting([*overrides, "dataset.path=a.csv", "evaluation.cost_fn=2", "model.units=[4]"], varied) == (
        "epochs=5, test=0.3, cost_fn=2"
    )
    assert setting(overrides, ()) == setting([], varied) == ""
    named = run_name("focal", "my", seed=0, split={"seed": 1}, setting="epochs=5, test=0.3")
    assert named == "focal · epochs=5, test=0.3 · split 1 · seed 0 · my"
