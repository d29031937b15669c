"""Jobs' configs against Hydra's own composition of the same jobs: values, types, flags, order, errors."""

from __future__ import annotations

import copy
import itertools
from dataclasses import dataclass
from typing import Any

import pytest
from hydra import initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.core.utils import setup_globals
from hydra.types import RunMode
from omegaconf import II, DictConfig, Node, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from runner.config import schemas
from runner.config.options import CONF
from runner.launching.job_configs import JobConfigLoader, JobConfigs, copy_task

GROUPS = ("dataset", "loss", "model", "optimizer", "trainer", "evaluation", "tracking", "comparison", "paths", "debug")


@dataclass
class Aliased:
    """A key that stands for a part of Hydra's own node."""

    alias: dict[str, Any] = II("hydra.job")


def anatomy(value: Any, visited: dict[int, int] | None = None) -> Any:
    """All that a config is, as pickle sees it: kinds of nodes, types, flags, parents, contents in their order."""
    visited = {} if visited is None else visited
    if type(value).__module__.startswith("omegaconf."):
        if id(value) in visited:
            return "node", visited[id(value)]
        if isinstance(value, Node):  # which outlives this call, as what a node gives to pickle may not
            visited[id(value)] = len(visited)
        return type(value), [(name, anatomy(part, visited)) for name, part in sorted(value.__getstate__().items())]
    if isinstance(value, dict):
        return type(value), [(key, anatomy(part, visited)) for key, part in value.items()]
    if isinstance(value, list):
        return [anatomy(part, visited) for part in value]
    return type(value), value


def resolved(config: DictConfig) -> Any:
    """The config with its interpolations resolved, once a launcher has given it what only the running job has."""
    own = copy.deepcopy(config)
    with open_dict(own):
        own.hydra.job.id = own.hydra.job.num = 3
        own.hydra.runtime.output_dir = "folder"
    try:
        return OmegaConf.to_container(own, resolve=True)
    except OmegaConfBaseException as problem:
        return type(problem), str(problem)


def outcome(compose: Any, overrides: list[str]) -> Any:
    """What comes of composing: a config in all its parts, or an error with its cause."""
    try:
        config = compose(overrides)
    except Exception as problem:
        return type(problem), str(problem), type(problem.__cause__), str(problem.__cause__)
    return anatomy(config), resolved(config)


def texts(override: Override) -> list[str]:
    """What an override is in each of the jobs that it makes."""
    key = override.get_key_element()
    if override.is_sweep_override():
        return [f"{key}={value}" for value in override.sweep_string_iterator()]
    return [f"{key}={override.get_value_element_as_str()}"]


class Sweep:
    """A loader and a master config as a launcher has them; the jobs as Hydra's own sweeper makes them."""

    def __init__(self, *overrides: str, name: str = "config") -> None:
        setup_globals()
        self.loader = GlobalHydra.instance().config_loader()
        self.master = self.loader.load_configuration(name, list(overrides), run_mode=RunMode.MULTIRUN)
        str(self.master.hydra.sweep.dir)  # as a launcher does: the time in it is every job's from now on
        arguments = OverridesParser.create(self.loader).parse_overrides(list(self.master.hydra.overrides.task))
        self.jobs = [list(job) for job in itertools.product(*map(texts, arguments))]
        self.configs = JobConfigs(self.loader, self.master)

    def check(self, *jobs: list[str]) -> None:
        for job in jobs or self.jobs:
            hydra = outcome(lambda overrides: self.loader.load_sweep_config(self.master, overrides), job)
            assert outcome(self.configs.compose, job) == hydra, job


@pytest.fixture(scope="module")
def conf():
    schemas.register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        yield


@pytest.fixture(scope="module")
def default(conf) -> Sweep:
    """Of the default config: the tests below give it jobs of their own."""
    return Sweep()


@pytest.fixture
def never_hydra(monkeypatch):
    """Makes Hydra's way for a single job an error."""

    def use(sweep: Sweep, *jobs: list[str]) -> list[DictConfig]:
        with monkeypatch.context() as patch:
            patch.delattr(type(sweep.loader), "load_sweep_config")
            return [sweep.configs.compose(job) for job in jobs or sweep.jobs]

    return use


def options(group: str) -> list[str]:
    return [path.stem for path in sorted((CONF / group).glob("*.yaml"))]


@pytest.mark.parametrize(
    "overrides",
    [
        ["loss=builtin,focal", "seed=range(0,2)"],
        pytest.param(["seed=0,1", "loss=focal,dice", "model=*"], marks=pytest.mark.exhaustive),
    ],
)
def test_grids_of_groups_and_values(conf, overrides):
    names = ",".join(options("model"))
    Sweep(*[each.replace("*", names) if each == "model=*" else each for each in overrides]).check()


@pytest.mark.parametrize("group", GROUPS)
def test_options_of_every_group_with_a_value_after_it(default, group):
    default.check(*[[f"{group}={option}", "seed=7", "trainer.epochs=3"] for option in options(group)[:2]])


@pytest.mark.exhaustive
@pytest.mark.parametrize("group", GROUPS)
def test_all_options_of_every_group_with_a_value_after_it(default, group):
    default.check(*[[f"{group}={option}", "seed=7", "trainer.epochs=3"] for option in options(group)[2:]])


@pytest.mark.parametrize("group", ["experiment", "hparams_search"])
def test_whole_configurations_that_override_other_groups(conf, group):
    for option in options(group)[:2]:
        sweep = Sweep(f"{group}={option}")
        sweep.check([f"{group}={option}", "seed=1"], [f"{group}={option}", "loss=focal", "trainer.batch_size=64"])


@pytest.mark.parametrize(
    "overrides",
    [
        ["seed=3", "loss.from_logits=false", "trainer.batch_size=64", "optimizer.learning_rate=1e-4"],
        ["loss=focal", "loss.gamma=1", "loss.gamma=2.5", "loss.alpha_mode='balanced'"],
        ["loss.gamma=2.0", "loss=focal"],  # a value before the choice it belongs to
        ["model.units=[16,8]", "model.dropout=0", 'model.activation="re lu"', "trainer.early_stopping=null"],
        ["tracking.uri=null", "tracking.experiment_name='a, b=c'", "dataset=keel", "dataset.name=yeast6"],
        ["dataset=file", "dataset.target=y", "dataset.drop=[a,'b c']"],  # dataset.path stays missing
        ["+loss.k=1", "loss.k=2", "++loss.k=3", "++loss.j=[1,{a:b}]", "+own.deep.key=1"],
        ["loss=custom", "~loss.formula"],
        ["loss=custom", "loss.formula=clipped", "~loss.formula=clipped", "+loss.formula=keras2"],
        ["loss._target_=my_package.MyLoss", "loss.from_logits=true", "loss={from_logits:false}"],
        ["split.seed=${seed}", "seed=4", "paths.outputs=${oc.env:HOME}/runs", "tracking.experiment_name=${now:%Y}"],
        ["seed=???", "objective=val/mcc", "trainer.early_stopping={patience:3}"],
        ["~tracking", "loss=weighted"],
        ["~model=mlp"],
        ["+optimizer@other=sgd", "other.momentum=0.5"],
        ["experiment=[article,fraud_like]", "trainer.epochs=1"],
        [],
    ],
)
def test_overrides_of_every_kind_take_the_quick_way(default, never_hydra, overrides):
    default.check(overrides)

    assert len(never_hydra(default, overrides)) == 1


@pytest.mark.parametrize(
    "overrides",
    [
        ["seed=3", "hydra.job.name=other"],
        ["hydra/job_logging=default", "seed=3"],
        ["hydra.job.config.override_dirname.exclude_keys=[seed]", "seed=3", "loss=focal"],
        ["hydra.job.env_set={A:b}", "seed=1"],
        ["+alias=${hydra.job}", "++alias.config_name=x"],
    ],
)
def test_what_concerns_hydra_s_own_node_is_as_hydra_has_it(default, overrides):
    default.check(overrides)


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["loss.gama=1"], "Could not override 'loss.gama'"),
        (["nothing=1", "seed=1"], "Could not override 'nothing'"),
        (["loss=fokal"], "Could not find 'loss/fokal'"),
        (["seed=one"], "Error merging override seed=one"),
        (["model.units=[a]"], "Error merging override"),
        (["trainer.epochs=2", "trainer.epochs=null"], "Error merging override trainer.epochs=null"),
        (["+seed=1"], "Could not append to config"),
        (["~loss.nothing"], "Could not delete from config"),
        (["~loss.from_logits=false"], "The value of"),
        (["~nothing"], "Could not delete"),
        (["seed.deeper=1"], "Error merging override seed.deeper=1"),
        (["loss=null"], "must be a string"),
        (["++loss=focal"], "force-add of config groups"),
        (["seed=1,2"], "Ambiguous value"),
        (["seed=range(0,2)"], "requires --multirun"),
        (["seed@there=1"], "looks like a config group"),
        (["seed=[1"], "no viable alternative"),
        (["seed"], "missing EQUAL"),
    ],
)
def test_errors_have_hydra_s_words(default, overrides, words):
    hydra = outcome(lambda given: default.loader.load_sweep_config(default.master, given), overrides)

    assert outcome(default.configs.compose, overrides) == hydra
    assert words in hydra[1]


def test_overrides_of_hydra_and_of_the_sweep_reach_every_job(conf, never_hydra):
    sweep = Sweep(
        "hydra/launcher=joblib", "hydra.job.config.override_dirname.exclude_keys=[seed]", "seed=1,2", "+note=x"
    )
    sweep.check()
    first, second = never_hydra(sweep)

    assert first.hydra.job.override_dirname == second.hydra.job.override_dirname == "+note=x"
    assert (first.seed, second.seed) == (1, 2)


def test_jobs_share_nothing(conf, never_hydra):
    sweep = Sweep("seed=1,1", "model.units=[8]")
    first, second = never_hydra(sweep)
    before = anatomy(second)
    first.model.units.append(4)
    first.hydra.overrides.task.append("more=1")
    OmegaConf.set_struct(first.loss, False)
    first.loss.more = 1

    assert anatomy(second) == before == anatomy(sweep.configs.compose(sweep.jobs[1]))


def test_folder_and_environment_are_those_of_the_moment(conf, tmp_path, monkeypatch):
    monkeypatch.setenv("COPIED", "first")
    sweep = Sweep("hydra.job.env_copy=[COPIED]", "seed=1,2")
    sweep.check()
    monkeypatch.setenv("COPIED", "second")
    sweep.check()
    sweep = Sweep("seed=1,2")
    sweep.check()
    monkeypatch.chdir(tmp_path)
    sweep.check()


def test_a_user_s_own_configs_in_another_place(tmp_path, never_hydra, monkeypatch):
    monkeypatch.setattr(GlobalHydra.instance(), "hydra", None)
    primary, other = tmp_path / "primary", tmp_path / "other"
    for folder in (primary / "net", other / "extra" / "sub"):
        folder.mkdir(parents=True)
    (primary / "one.yaml").write_text(
        "defaults:\n  - aliased@own\n  - _self_\n  - net: small\n  - extra@at: null\n  - net@second: ${net}\n"
        f"hydra:\n  searchpath: ['file://{other}']\n  job: {{config: {{override_dirname: {{kv_sep: '${{sep}}'}}}}}}\n"
        "sep: '-'\nneeded: ???\nsum: ${net.a} and ${hydra.job.name}\nitems: [{k: 1}, [2, 3], x]\nnone: null\n"
    )
    (primary / "net" / "small.yaml").write_text("a: 1\n1: number\nb: {c: '${needed}'}\n")
    (primary / "net" / "big.yaml").write_text("a: 2\n")
    (other / "extra" / "sub" / "far.yaml").write_text("far: 1\n")
    (other / "extra" / "more.yaml").write_text("# @package _global_\nneeded: given\nnet: {a: 7}\n")
    ConfigStore.instance().store(name="aliased", node=Aliased)
    with initialize_config_dir(str(primary), version_base="1.3", job_name="own"):
        sweep = Sweep(name="one")
        jobs = [
            ["net=small", "sep=_"],
            ["net=big", "net.a=3", "needed=x"],
            ["extra@at=more", "net.a=5"],
            ["+extra=more", "needed=after", "sum=${net.a}"],
            ["net@second=big", "second.a=4", "sep=${needed}", "needed='='"],
            ["items.1=[4]", "items.2=y"],
            ["none=[1,2]", "items=[]"],
            ["+extra/sub=far"],
        ]
        sweep.check(*jobs, ["extra=more"], ["items.0.k=2"], ["items.9=1"], ["needed.deep=1"], ["sum.a=1"])
        sweep.check(["own.alias.name=x", "net=big"], ["own.alias.config_name=x"])

        assert len(never_hydra(sweep, *jobs)) == len(jobs)


def test_the_task_s_config_is_as_hydra_hands_it_to_a_task(default):
    config = default.configs.compose(["loss=focal", "tracking.experiment_name=${now:%f}", "seed=${loss.gamma}"])
    moment = config.tracking.experiment_name
    hydra = copy.deepcopy(config)
    with open_dict(hydra):
        del hydra["hydra"]
    task = copy_task(config)

    assert anatomy(task) == anatomy(hydra)
    assert task.tracking.experiment_name == moment
    assert "hydra" in config


def test_a_sweeper_s_loader_composes_jobs_quickly_and_does_all_else_as_hydra_does(default, monkeypatch):
    loader, hydra = JobConfigLoader(default.loader, default.configs), default.loader
    job = ["loss=focal", "seed=3"]
    expected = outcome(lambda given: hydra.load_sweep_config(default.master, given), job)
    with monkeypatch.context() as patch:
        patch.delattr(type(hydra), "load_sweep_config")
        assert outcome(lambda given: loader.load_sweep_config(default.master, given), job) == expected

    given = ("config", job, RunMode.MULTIRUN)
    assert OmegaConf.to_yaml(loader.load_configuration(*given)) == OmegaConf.to_yaml(hydra.load_configuration(*given))
    assert loader.compute_defaults_list(*given).defaults == hydra.compute_defaults_list(*given).defaults
    assert loader.list_groups("hydra") == hydra.list_groups("hydra")
    assert loader.get_group_options("loss") == hydra.get_group_options("loss") != []
    assert loader.get_search_path() is hydra.get_search_path()
    assert loader.get_sources() is hydra.get_sources()


def test_what_a_sweeper_has_composed_is_the_launcher_s_once(default, monkeypatch):
    loader = JobConfigLoader(default.loader, default.configs)
    job = ["loss=focal", "seed=3"]
    checked = loader.load_sweep_config(default.master, job)

    assert loader.take(job) is checked
    again = loader.take(job)
    assert again is not checked
    assert OmegaConf.to_yaml(again) == OmegaConf.to_yaml(checked)
