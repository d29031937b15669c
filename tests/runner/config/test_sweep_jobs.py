"""The jobs of a sweep: products, zips, grids."""

from __future__ import annotations

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from runner.config.sweep_jobs import sweep_jobs
from runner.config.zip_and_grid import for_hydra
from runner.errors import InputError


def swept(*typed, **config):
    """What a command line comes to, over the `hydra.sweeper.params` of a config."""
    params, arguments = dict(config.get("params", {})), []
    for override in OverridesParser.create().parse_overrides(for_hydra(list(typed))):
        if override.is_hydra_override():
            text = OmegaConf.create({"text": override.value()}).text  # as a config holds it
            params[override.key_or_group.rpartition(".")[2]] = text
        else:
            arguments.append(str(override.input_line))
    return sweep_jobs(params, arguments)


def jobs(*typed, **config):
    return [" ".join(job) for job in swept(*typed, **config).jobs]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (["a=1"], ["a=1"]),
        ([], [""]),
        (["a=1,2", "b=x", "c=range(0,2)"], ["a=1 b=x c=0", "a=1 b=x c=1", "a=2 b=x c=0", "a=2 b=x c=1"]),
        (["a=1,2", "a=3"], ["a=3"]),
        (["~a", "+a=1,2"], ["~a=null +a=1", "~a=null +a=2"]),
        (["~a", "+b=1,2"], ["~a=null +b=1", "~a=null +b=2"]),
        (["zip=[a=1,2 b=x,y]"], ["a=1 b=x", "a=2 b=y"]),
        (["zip=[a=range(0,2) b=[1,2],[3,4]]"], ["a=0 b=[1,2]", "a=1 b=[3,4]"]),
        (["zip=[a='x, y',z b='it\\'s',\"q\"]"], ["a='x, y' b='it\\'s'", 'a=z b="q"']),
        (["c=5,6", "zip=[a=1,2 b=x,y]"], ["c=5 a=1 b=x", "c=5 a=2 b=y", "c=6 a=1 b=x", "c=6 a=2 b=y"]),
        (
            ["zip=[a=1,2 b=3,4]", "zip=[c=5,6 d=7,8]"],
            ["a=1 b=3 c=5 d=7", "a=1 b=3 c=6 d=8", "a=2 b=4 c=5 d=7", "a=2 b=4 c=6 d=8"],
        ),
        (["grid=[a=1,2 b=3]", "grid=[a=4 c=5,6]"], ["a=1 b=3", "a=2 b=3", "a=4 c=5", "a=4 c=6"]),
        (["s=0,1", "grid=[a=1]", "grid=[a=2]"], ["s=0 a=1", "s=1 a=1", "s=0 a=2", "s=1 a=2"]),
        (["grid=[a=1 zip=[b=1,2 c=3,4]]", "grid=[a=2]"], ["a=1 b=1 c=3", "a=1 b=2 c=4", "a=2"]),
        (["zip=[s=0,1 t=2,3]", "grid=[a=1,2]"], ["s=0 t=2 a=1", "s=0 t=2 a=2", "s=1 t=3 a=1", "s=1 t=3 a=2"]),
        (["grid=[a=1,2]", "grid=[a=2,3]"], ["a=1", "a=2", "a=3"]),
        (["grid=[a=1 b=2]", "grid=[b=2 a=1]"], ["a=1 b=2"]),
        (["a=1,1"], ["a=1", "a=1"]),
        (["grid=[a=${x} ~b]"], [r"a=$\{x\} ~b=null"]),
    ],
)
def test_the_jobs_of_a_command(typed, expected):
    assert jobs(*typed) == expected


@pytest.mark.parametrize(
    ("params", "typed", "expected"),
    [
        (
            {"a": "1,2", "b": True, "c": None, "d": [1, "x y"]},
            [],
            ["a=1 b=True c=null d=[1,'x y']", "a=2 b=True c=null d=[1,'x y']"],
        ),
        ({"a": "1,2", "b": "3"}, ["a=5"], ["a=5 b=3"]),
        ({"a": "1,2", "b": "3,4"}, ["zip=[a=5,6 c=7,8]"], ["b=3 a=5 c=7", "b=3 a=6 c=8", "b=4 a=5 c=7", "b=4 a=6 c=8"]),
        ({"a": "1,2"}, ["grid=[a=5]", "grid=[c=7]"], ["a=5", "a=1 c=7", "a=2 c=7"]),
        ({"zip": "a=1,2 b=3,4"}, [], ["a=1 b=3", "a=2 b=4"]),
        ({"zip": "[a=1,2 b=3,4] [c=5]"}, [], ["a=1 b=3 c=5", "a=2 b=4 c=5"]),
        ({"zip": None, "grid": ["a=1 b=2", "[a=3]"]}, [], ["a=1 b=2", "a=3"]),
        ({"grid": ["a=1", "a=2"]}, ["grid=[a=3]"], ["a=3"]),
    ],
)
def test_params_of_a_config_and_what_the_command_line_makes_of_them(params, typed, expected):
    assert jobs(*typed, params=params) == expected


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (["zip=[a=1,2 b=1,2,3]"], "zip=[a=1,2 b=1,2,3]: b has 3 values, and a has 2"),
        (["zip=[a=1,2 b=3]"], "a has 2 values, and b has 1"),
        (["grid=[zip=[a=1,2 b=3]]"], "a has 2 values, and b has 1"),
        (["zip=[]"], "zip=[]: is empty; write zip=[key=a,b other=c,d]"),
        (["grid=[ ]"], "grid=[]: is empty"),
        (["grid=[a=1]", "grid=[]"], "grid=[]: is empty"),
        (["zip=[a=range(3,0) b=1]"], "a=range(3,0): holds no value"),
        (["zip=[a=interval(0,1) b=1]"], "a=interval(0,1): an interval has no steps"),
        (["a=interval(0,1)"], "a=interval(0,1): an interval has no steps"),
        (["zip=[a b=1]"], "zip=[a b=1]: a is no override"),
        (["zip=3"], "zip=[3]: 3 is no override"),
        (["a=1", "zip=[a=1,2 b=3,4]"], "a is given twice, by a=1 and by zip=[a=1,2 b=3,4]: leave one out"),
        (["+a=1,2", "grid=[a=1,2]"], "a is given twice, by +a=1,2 and by a=1,2"),
        (["zip=[a=1,2]", "zip=[a=3,4]"], "a is given twice"),
        (["zip=[a=1,2]", "grid=[b=1]", "grid=[a=1]"], "a is given twice"),
        (["zip=[a=1,2 a=3,4]"], "a is given twice, by a=1,2 and by a=3,4"),
        (["grid=[a=1 zip=[a=1,2]]"], "a is given twice"),
        (["zip=[zip=[a=1]]"], "a zip holds no zip"),
        (["zip=[grid=[a=1]]"], "a zip holds no grid"),
        (["grid=[grid=[a=1]]"], "a grid holds no other grid"),
        (["grid=[hydra.launcher.n_jobs=1,2]"], "hydra.launcher.n_jobs belongs to the whole sweep"),
        (["grid=[sweep.resume=true]"], "sweep.resume belongs to the whole sweep"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(typed, words):
    with pytest.raises(InputError) as refused:
        swept(*typed)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("typed", "name", "recipe"),
    [
        (["loss=a,b", "seed=0,1"], "loss × seed", ()),
        (["loss=a", "seed=0,1"], "seed", ()),
        (["loss=a,b", "trainer.epochs=5,10"], "loss × trainer.epochs", ()),
        (["zip=[loss=a,b trainer.epochs=5,10]", "seed=0,1"], "seed × loss + trainer.epochs", ("trainer.epochs",)),
        (["loss=a,b", "zip=[split.seed=0,1 trainer.epochs=5,10]"], "loss × split.seed + trainer.epochs", ()),
        (["seed=0,1", "grid=[loss=a loss.x=1,2]", "grid=[loss=b]"], "seed × loss + loss.x", ()),
        (["grid=[loss=a loss.x=1,2 seed=3]"], "loss.x", ()),
        (["grid=[loss=a trainer.epochs=1,2]", "grid=[loss=b]"], "loss + trainer.epochs", ("trainer.epochs",)),
        (["grid=[loss=a trainer.epochs=1,2]", "grid=[loss=b trainer.epochs=1,2]"], "loss + trainer.epochs", ()),
        (
            ["zip=[model=a,b trainer.batch_size=1,2 dataset=c,d]"],
            "model + trainer.batch_size + dataset",
            ("trainer.batch_size",),
        ),
    ],
)
def test_a_sweep_is_named_by_what_varies_and_knows_what_belongs_to_a_loss(typed, name, recipe):
    found = swept(*typed)
    assert found.name == name
    assert found.varied == tuple(name.replace(" × ", " + ").split(" + "))
    assert found.recipe == recipe
