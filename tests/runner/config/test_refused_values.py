"""The config: every option composes and passes, and the schema has a range for every number."""

from __future__ import annotations

from dataclasses import MISSING as NO_DEFAULT
from dataclasses import fields
from pathlib import Path

import omegaconf
import pytest
from hydra import compose, initialize_config_dir

from losses.catalogue import CATALOGUE
from runner.config import schemas
from runner.config.checks import check
from runner.config.options import CONF, GROUPS
from runner.errors import InputError

OPTIONS = [f"{path.parent.name}={path.stem}" for group in GROUPS for path in sorted((CONF / group).glob("*.yaml"))]
NEEDED = {"dataset=file": ["dataset.path=x.csv", "dataset.target=y"], "split=time": ["split.column=x"]}


def composed(*overrides: str) -> omegaconf.DictConfig:
    schemas.register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose("config", list(overrides))


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_composes_and_passes(option):
    check(composed(option, *NEEDED.get(option, [])))


@pytest.mark.parametrize(
    "path", [path for path in CONF.glob("loss/*.yaml") if path.stem != "builtin"], ids=lambda p: p.stem
)
def test_every_loss_option_names_a_listed_class_and_gives_values_in_its_ranges(path: Path):
    loss = composed(f"loss={path.stem}").loss
    name = loss._target_.removeprefix("losses.")

    assert name in CATALOGUE
    common = {"_target_", "from_logits"} | ({"warmup_epochs"} if CATALOGUE[name].whole_batch else set())
    assert common <= set(loss)
    assert set(loss) - common <= set(CATALOGUE[name].arguments)


@pytest.mark.parametrize("group", ["dataset", "split", "sampling", "model", "optimizer", "trainer"])
def test_every_number_of_a_schema_has_a_range(group):
    for node in schemas.SCHEMAS[group].values():
        for each in fields(node):
            numeric = str(each.type) in ("int", "float", "list[int]", "list[float]")
            assert not numeric or "domain" in each.metadata, f"{node.__name__}.{each.name}"


def test_defaults_are_in_the_yaml_files_alone():
    """A default in a dataclass as well would be a second truth."""
    for nodes in schemas.SCHEMAS.values():
        for node in nodes.values():
            for each in fields(node):
                if each.name not in ("_target_", "image_shape") and each.default is not NO_DEFAULT:
                    assert each.default in (omegaconf.MISSING, None), f"{node.__name__}.{each.name}"


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["evaluation.threshold=cost", "evaluation.cost_fp=0", "evaluation.cost_fn=0"], "at least one error must cost"),
        (["trainer.early_stopping.monitor=val/log_loss"], "mode=min"),
        (["split.validation=0.6", "split.test=0.4"], "below 1"),
        (["split=kfold", "split.fold=all"], "split.fold=all: .* add -m"),
        (["split=kfold", "split.fold=1.5"], "split.fold must be a whole number"),
        (["split=kfold", "split.folds=1"], "split.folds must be a whole number at least 2"),
        (["split=time", "split.column=x", "split.window=sliding"], "one of expanding, rolling"),
        (["split=time"], "split.column has no value"),
        (
            ["dataset=file", "dataset.path=a.csv", "dataset.target=y", "dataset.test_path=b.csv"],
            "dataset.test_path=b.csv .* split=given",
        ),
        (["loss=weighted", "loss.negative_weight=.inf"], "negative_weight"),
        (["seed=4294967296"], "seed"),
    ],
)
def test_what_types_cannot_see_is_refused(overrides, message):
    with pytest.raises(InputError, match=message):
        check(composed(*overrides))


def test_a_schema_s_type_is_kept_by_its_option():
    config = composed("dataset=synthetic", "optimizer=adamw", "model=mlp_wide")

    assert omegaconf.OmegaConf.get_type(config.dataset) is schemas.Synthetic
    assert omegaconf.OmegaConf.get_type(config.optimizer) is schemas.AdamW
    assert omegaconf.OmegaConf.get_type(config.model) is schemas.Mlp
