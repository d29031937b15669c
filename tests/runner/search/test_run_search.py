"""A whole search with a launcher that trains nothing: what is refused, run, recorded and said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import optuna
import pandas as pd
import pytest
from hydra.core.utils import JobReturn, JobStatus
from hydra.errors import ConfigCompositionException
from hydra.plugins.launcher import Launcher
from hydra.types import RunMode

from runner import search
from runner.config.options import CONF
from runner.errors import InputError
from runner.search.space import parse_space
from runner.sweeps.journal import Event, JobRecord
from runner.sweeps.sweep import Sweep

SEARCHES = sorted(path.stem for path in CONF.glob("hparams_search/*_optuna.yaml"))
FOCAL = ("loss=focal", "loss.gamma=interval(0,5)")


@dataclass
class Recorded:
    """A sweep that keeps what it is told in memory, as its own tracker and journal."""

    folder: Path
    plan: SimpleNamespace
    notes: list[str] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    metrics: list[tuple[str, float, int]] = field(default_factory=list)
    artifacts: list[tuple[str, str]] = field(default_factory=list)
    records: list = field(default_factory=list)

    @property
    def tracker(self):
        return self

    @property
    def journal(self):
        return self

    def write_progress(self, details=""):
        self.notes.append(details)

    def set_tags(self, run_id, tags):
        assert run_id == self.plan.parent_id
        self.tags |= tags

    def log_metric(self, run_id, name, value, step):
        self.metrics.append((name, value, step))

    def log_artifacts(self, run_id, folder, path):
        self.artifacts += [(path, file.name) for file in folder.iterdir()]

    def append(self, record):
        self.records.append(record)

    def latest(self):
        return self.records


class FormulaLauncher:
    """Instead of training, computes what a job comes to from its overrides, and writes its line into the journal.

    Args:
        sweep: whose journal gets the lines.
        objective: from loss.gamma; an exception is a job that fails, None one that is lost without a line.
    """

    def __init__(self, sweep: Recorded, objective: Callable[[float], object]) -> None:
        self.sweep, self.objective = sweep, objective
        self.launched: list[tuple[int, list[str]]] = []

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> list[JobReturn]:
        returns = []
        for number, overrides in enumerate(job_overrides, start=initial_job_idx):
            self.launched.append((number, list(overrides)))
            gamma = next((float(each.partition("=")[2]) for each in overrides if each.startswith("loss.gamma=")), 0.0)
            value = self.objective(gamma)
            failed = value is None or isinstance(value, Exception)
            if value is not None:
                record = JobRecord(number, Event.FINISHED, f"run {number}", run_id=f"id{number}")
                self.sweep.records.append(record)
            done = JobReturn(status=JobStatus.FAILED if failed else JobStatus.COMPLETED)
            done.return_value = RuntimeError() if failed else value
            returns.append(done)
        return returns


@pytest.fixture
def storage(tmp_path) -> str:
    """Where a study is kept beyond its search."""
    return f"sqlite:///{tmp_path / 'optuna.db'}"


@pytest.fixture
def searched(composed, loader, tmp_path, monkeypatch):
    """Runs a search with these overrides, whose jobs come to `objective` of loss.gamma; its sweep and launcher."""
    monkeypatch.setattr("sys.argv", ["runner", "-m", *FOCAL])

    def run(objective, *overrides, objectives=("val/f1",), fail_fast=False, storage="null"):
        plan = SimpleNamespace(name="a sweep", parent_id="parent", objectives=objectives, fail_fast=fail_fast)
        sweep = Recorded(tmp_path, plan)
        launcher = FormulaLauncher(sweep, objective)
        common = "hydra/sweeper=optuna", f"hydra.sweeper.storage={storage}", f"paths.outputs={tmp_path}"
        config = composed(*common, *(each for each in overrides if "interval" not in each))
        given = [each for each in overrides if not each.startswith("hydra")]
        search.run_search(cast(Sweep, sweep), config, given, loader, cast(Launcher, launcher))
        return sweep, launcher

    return run


def one(gamma: float) -> float:
    return 1 - (gamma - 2) ** 2 / 10


def two(gamma: float) -> tuple[float, float]:
    return one(gamma), (gamma - 4) ** 2 / 10


@pytest.mark.parametrize("option", SEARCHES)
def test_every_search_that_is_shipped_stays_in_its_loss_s_range(composed, loader, tmp_path, option):
    named = f"hparams_search={option}"
    config = composed(named, "hydra.sweeper.n_trials=2", "hydra.sweeper.storage=null", f"paths.outputs={tmp_path}")
    plan = SimpleNamespace(name=option, parent_id="", objectives=("val/average_precision",), fail_fast=False)
    launcher = FormulaLauncher(sweep := Recorded(tmp_path, plan), lambda gamma: RuntimeError())
    search.run_search(cast(Sweep, sweep), config, [named], loader, cast(Launcher, launcher))

    assert config.hydra.mode == RunMode.MULTIRUN
    assert len(launcher.launched) == 2
    assert all(named in overrides for _, overrides in launcher.launched)
    assert len(parse_space(config.hydra.sweeper.params, [named]).searched) >= 2
    text = (CONF / "hparams_search" / f"{option}.yaml").read_text()
    assert named in text
    assert f"{composed(named).hydra.sweeper.n_trials} trials" in text


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (("loss=focal", "loss.gamma=interval(-1,5)"), r"reaches what is refused: .*gamma=-1"),
        (("loss=focal",), "there is nothing to search"),
        ((*FOCAL, "hydra.sweeper.n_trials=0"), "n_trials must be at least 1. Received: 0"),
        ((*FOCAL, "hydra.sweeper.n_jobs=0"), "n_jobs must be at least 1. Received: 0"),
        ((*FOCAL, "hydra.sweeper.direction=minimize"), "the worst val/f1: use maximize"),
        ((*FOCAL, "+hydra.sweeper.params.objective=val/f1"), "objective is what a search looks for"),
    ],
)
def test_a_search_that_is_refused_runs_and_records_nothing(searched, tmp_path, overrides, words):
    def trained(gamma: float) -> float:
        raise AssertionError("a job was launched")

    with pytest.raises(InputError, match=words):
        searched(trained, *overrides)
    assert list(tmp_path.iterdir()) == []


def test_the_parent_is_told_the_best_trial_after_each_trial_and_gets_table_and_figures(searched, capsys):
    sweep, launcher = searched(one, *FOCAL, "hydra.sweeper.n_trials=4")
    values = [one(float(overrides[-1].partition("=")[2])) for _, overrides in launcher.launched]

    assert [number for number, _ in launcher.launched] == [0, 1, 2, 3]
    bests = [max(values[: i + 1]) for i in range(4)]
    assert sweep.metrics[:4] == [("best/val/f1", pytest.approx(best), i + 1) for i, best in enumerate(bests)]
    assert set(sweep.notes) == {""}
    number = values.index(max(values))
    assert sweep.tags["best.trial"] == str(number)
    assert sweep.tags["best.run_id"] == f"id{number}"
    assert sweep.tags["best.overrides"] == launcher.launched[number][1][-1]
    assert sweep.tags["search.study"] == "parent"
    assert sweep.tags["search.storage"] == "memory"
    assert ("search", "trials.csv") in sweep.artifacts
    assert ("search", "history.png") in sweep.artifacts
    table = pd.read_csv(sweep.folder / "search" / "trials.csv")
    assert list(table["value"]) == pytest.approx(values)
    shown = capsys.readouterr().out
    assert f"best of 4 trials: val/f1 {max(values):.4f}  run {number}" in shown
    assert f"run it again: runner loss=focal {launcher.launched[number][1][-1]}" in shown
    assert "no figure of what matters: fewer than two keys are in all trials" in shown


def test_the_parent_s_note_has_the_pareto_front_of_several_objectives(searched, capsys):
    sweep, _ = searched(two, *FOCAL, "hydra.sweeper.n_trials=5", objectives=("val/f1", "val/ece"))
    table = pd.read_csv(sweep.folder / "search" / "best_trials.csv")

    assert sweep.notes[0].startswith("Pareto front, 1 of 1 trials")
    assert f"Pareto front, {len(table)} of 5 trials" in sweep.notes[-1]
    assert sweep.tags["best.trials"].split() == [str(number) for number in table["trial"]]
    assert "best.trial" not in sweep.tags
    last = {name: value for name, value, _ in sweep.metrics}
    assert last["best/val/f1"] == pytest.approx(table["val/f1"].max())
    assert last["best/val/ece"] == pytest.approx(table["val/ece"].min())
    assert {name for _, name in sweep.artifacts} == {
        "trials.csv",
        "best_trials.csv",
        "front.png",
        "history_f1.png",
        "history_ece.png",
    }
    shown = capsys.readouterr().out
    assert f"Pareto front: {len(table)} of 5 trials" in shown
    assert shown.count("no figure of what matters") == 1
    assert f"run the first again: {table['command'][0]}" in shown


def test_a_search_that_found_nothing_says_nothing(searched, capsys):
    sweep, launcher = searched(lambda gamma: RuntimeError(), *FOCAL, "hydra.sweeper.n_trials=2")

    assert len(launcher.launched) == 2
    assert sweep.notes == ["", ""]
    assert sweep.metrics == sweep.artifacts == []
    assert set(sweep.tags) == {"search.study", "search.storage"}
    assert capsys.readouterr().out == ""


def test_a_job_that_is_lost_before_it_wrote_a_line_is_a_trial_that_failed(searched, storage):
    searched(lambda gamma: None, *FOCAL, "hydra.sweeper.n_trials=1", storage=storage)

    (trial,) = optuna.load_study(study_name="parent", storage=storage).trials
    assert trial.state.name == "FAIL"


def test_with_fail_fast_no_trial_is_asked_for_after_a_failure(searched):
    values = iter([0.5, RuntimeError(), 0.5, 0.5])
    _, launcher = searched(lambda gamma: next(values), *FOCAL, "hydra.sweeper.n_trials=4", fail_fast=True)

    assert len(launcher.launched) == 2


def test_trials_are_asked_for_as_many_at_once_as_n_jobs_says_and_no_more_than_are_missing(searched):
    sweep, launcher = searched(one, *FOCAL, "hydra.sweeper.n_trials=5", "hydra.sweeper.n_jobs=2")

    assert [number for number, _ in launcher.launched] == [0, 1, 2, 3, 4]
    assert [step for _, _, step in sweep.metrics[:3]] == [2, 4, 5]


def test_a_search_that_goes_on_skips_what_is_done_and_says_so(searched, storage, capsys):
    first, _ = searched(one, *FOCAL, "hydra.sweeper.n_trials=2", storage=storage)
    capsys.readouterr()
    again, launcher = searched(one, *FOCAL, "hydra.sweeper.n_trials=3", storage=storage)

    assert [number for number, _ in launcher.launched] == [2]
    skipped = [record for record in again.records if getattr(record, "event", "") == "skipped"]
    assert [(record.job, record.name, record.run_id) for record in skipped] == [
        (0, "run 0", "id0"),
        (1, "run 1", "id1"),
    ]
    assert skipped[0].objective == pytest.approx(first.metrics[0][1])
    assert "2 of 3 trials are done already" in capsys.readouterr().out


def test_a_trial_whose_config_cannot_be_composed_ends_the_search_and_is_not_left_running(searched, storage):
    def broken(gamma: float) -> float:
        raise ConfigCompositionException("no such option")

    with pytest.raises(ConfigCompositionException):
        searched(broken, *FOCAL, "hydra.sweeper.n_jobs=2", storage=storage)

    study = optuna.load_study(study_name="parent", storage=storage)
    assert [trial.state.name for trial in study.trials] == ["FAIL", "FAIL"]
