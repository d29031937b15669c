"""`split.fold=all`: a job for each fold of each repeat, however many the config has."""

from __future__ import annotations

import pytest
from omegaconf import OmegaConf

from runner.config.sweep_jobs import sweep_jobs
from runner.errors import InputError

FOLDS = {"kfold": {"folds": 3, "repeats": 1}, "time": {"folds": 2}, "random": {"seed": 0}}


class Composer:
    """Jobs as Hydra composes them, of the split alone."""

    def __init__(self) -> None:
        self.composed: list[list[str]] = []

    def __call__(self, overrides):
        self.composed.append(list(overrides))
        given = dict(each.split("=") for each in overrides)
        split = dict(FOLDS[given.get("split", "kfold")])
        split |= {key.partition(".")[2]: int(value) for key, value in given.items() if key.startswith("split.")}
        return OmegaConf.create({"split": split})


def swept(*typed, params=None, compose=None):
    return sweep_jobs(params or {}, list(typed), compose=compose or Composer())


@pytest.mark.parametrize(
    ("typed", "expected", "varied"),
    [
        (["split.fold=all"], ["fold=0", "fold=1", "fold=2"], ("split.fold",)),
        (["split.fold=all", "split.folds=2"], ["fold=0 folds=2", "fold=1 folds=2"], ("split.fold",)),
        (
            ["split.fold=all", "split.repeats=2", "split.folds=2"],
            [f"fold={fold} repeats=2 folds=2 repeat={repeat}" for repeat in (0, 1) for fold in (0, 1)],
            ("split.fold", "split.repeat"),
        ),
        (
            ["split.fold=all", "split.repeats=2", "split.folds=2", "split.repeat=1"],
            ["fold=0 repeats=2 folds=2 repeat=1", "fold=1 repeats=2 folds=2 repeat=1"],
            ("split.fold",),
        ),
        (
            ["split=time", "split.fold='all'", "split.seed=0,1"],
            [f"split=time fold={fold} seed={seed}" for seed in (0, 1) for fold in (0, 1)],
            ("split.fold", "split.seed"),
        ),
        (
            ["split.folds=2,3", "split.fold=all"],
            ["folds=2 fold=0", "folds=2 fold=1"] + ["folds=3 fold=" + n for n in "012"],
            ("split.folds", "split.fold"),
        ),
        (["split.fold=1"], ["fold=1"], ()),
    ],
)
def test_the_jobs_of_all_folds(typed, expected, varied):
    found = swept(*typed)
    assert [" ".join(job).replace("split.", "") for job in found.jobs] == expected
    assert found.varied == varied


def test_losses_and_grids_are_each_combined_with_all_folds_and_composed_once():
    compose = Composer()
    found = swept("split.fold=all", params={"grid": ["loss=a,b", "loss=c loss.gamma=1,2"]}, compose=compose)
    assert len(found.jobs) == 3 * 4
    assert {tuple(job) for job in found.jobs} >= {("split.fold=2", "loss=c", "loss.gamma=2")}
    assert compose.composed == [[]]
    assert found.name.startswith("split.fold × ")


def test_a_config_may_ask_for_all_folds():
    assert len(swept("loss=a,b", params={"split.fold": "all"}).jobs) == 6
    assert len(swept("split.fold=1", params={"split.fold": "all"}).jobs) == 1


@pytest.mark.parametrize(
    ("typed", "params", "named"),
    [
        (["split=random", "split.fold=all"], {}, ["split.fold=all", "no folds", "split=kfold"]),
        ([], {"zip": "split.fold=all loss=a"}, ["zip=[split.fold=all loss=a]", "outside of the zip"]),
    ],
)
def test_all_folds_are_refused_where_there_are_none_or_no_room(typed, params, named):
    with pytest.raises(InputError) as refused:
        swept(*typed, params=params)
    for text in named:
        assert text in str(refused.value)
