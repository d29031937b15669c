"""What a user can get wrong, and the one line that says so. Exit status 2, no traceback, nothing left behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import mlflow
import pytest
from commands import PLAIN, TINY
from composed import run_once

from runner.errors import InputError

ROWS = "".join(f"{i},{'red' if i % 3 else 'blue'},{i % 2}\n" for i in range(60))
FILES = {
    "good.csv": "size,colour,fraud\n" + ROWS,
    "empty.csv": "",
    "header.csv": "size,colour,fraud\n",
    "one_class.csv": "size,fraud\n" + "1,0\n" * 30,
    "three.csv": "size,fraud\n" + "1,0\n2,1\n3,2\n" * 10,
    "gaps.csv": "size,fraud\n" + "1,0\n2,1\n3,\n" * 10,
    "words.csv": "size,fraud\n" + "1,yes\n2,no\n" * 10,
    "infinite.csv": "size,fraud\n" + "inf,1\n2,0\n" * 10,
    "few.csv": "size,fraud\n" + "1,1\n" + "".join(f"{i},0\n" for i in range(40)),
    "weights.csv": "size,weight,fraud\n" + "".join(f"{i},{-1 if i == 5 else 1},{i % 2}\n" for i in range(40)),
}
TOO_FEW_POSITIVES = [
    *("dataset=synthetic", "dataset.rows=240", "dataset.prevalence=0.05"),
    *("trainer.stratified_batches=true", "trainer.batch_size=4"),
]
CASES = [
    # overrides, words that the line must contain
    (["dataset=file", "dataset.target=fraud", "dataset.path=nowhere.csv"], ["nowhere.csv", "dataset.path"]),
    (["dataset=file", "dataset.target=fraud", "dataset.path=empty.csv"], ["empty.csv", "empty"]),
    (["dataset=file", "dataset.target=fraud", "dataset.path=header.csv"], ["header.csv"]),
    (["dataset=file", "dataset.target=frod", "dataset.path=good.csv"], ["frod", "fraud"]),
    (["dataset=file", "dataset.target=fraud", "dataset.path=one_class.csv"], ["one_class.csv", "fraud"]),
    (["dataset=file", "dataset.target=fraud", "dataset.path=three.csv"], ["fraud", "positive_label"]),
    (["dataset=file", "dataset.target=fraud", "dataset.path=gaps.csv"], ["fraud", "10", "3"]),
    (["dataset=file", "dataset.target=fraud", "dataset.path=words.csv"], ["positive_label", "yes", "no"]),
    (["dataset=file", "dataset.target=fraud", "dataset.path=infinite.csv"], ["size", "infinite"]),
    (["dataset=file", "dataset.target=fraud", "dataset.path=few.csv"], ["1 positive"]),
    (
        ["dataset=file", "dataset.target=fraud", "dataset.path=weights.csv", "dataset.sample_weight=weight"],
        ["weight", "negative", "6"],
    ),
    (
        ["dataset=file", "dataset.target=fraud", "dataset.path=good.csv", "dataset.sample_weight=weight"],
        ["weight", "size"],
    ),
    (["dataset=file", "dataset.path=good.csv"], ["dataset.target"]),
    (["dataset=keel", "dataset.name=abalone"], ["abalone19"]),
    (["objective=val/savings"], ["objective=val/savings", "no costs", "dataset.cost_fn"]),
    (["loss=focl"], ["loss=focl", "loss=focal"]),
    (["losss=focal"], ["losss"]),
    (["trainer.epoch=3"], ["trainer.epoch", "trainer.epochs"]),
    (["loss.gamma=1"], ["loss.gamma", "label_smoothing"]),
    (["trainer.epochs=many"], ["trainer.epochs=many", "Integer"]),
    (["trainer.epochs=0"], ["trainer.epochs=0", "at least 1"]),
    (["trainer.batch_size=-1"], ["trainer.batch_size=-1"]),
    (["loss=focal", "loss.gamma=-1"], ["gamma", "Received: gamma=-1"]),
    (["loss=focal", "loss.gamma=big"], ["gamma", "Received: gamma=big"]),
    (["loss=focal", "loss.alpha_mode=half"], ["alpha_mode", "balanced"]),
    (["loss=smoothed", "loss.label_smoothing=1"], ["label_smoothing", "below 1"]),
    (["loss=weighted", "loss.positive_weight=0"], ["positive_weight", "above 0"]),
    (["loss=custom", "loss.formula=keras9"], ["formula", "keras2"]),
    (["loss._target_=losses.Focal"], ["losses.FocalLoss"]),
    (["loss._target_=nowhere.Loss"], ["nowhere.Loss"]),
    (["loss._target_=builtins.int", "~loss.from_logits", "~loss.label_smoothing"], ["SigmoidLoss"]),
    (["loss=custom", "+loss.temperature=2"], ["loss", "temperature"]),
    (["optimizer.learning_rate=0"], ["optimizer.learning_rate=0"]),
    (["model.dropout=1"], ["model.dropout=1"]),
    (["model.units=[64,0]"], ["model.units"]),
    (["model.activation=rleu"], ["model", "rleu"]),
    (["model=cnn"], ["model=cnn", "dataset=digits"]),
    (["split.test=0.5", "split.validation=0.5"], ["split.test=0.5", "split.validation=0.5"]),
    (['evaluation.guarantee="recall>0.9"'], ["evaluation.guarantee=recall>0.9", '"recall>=0.9"']),
    (["evaluation.top_k=2.5"], ["evaluation.top_k=2.5", "whole number"]),
    (["evaluation.threshold=best"], ["evaluation.threshold=best", "max_f1"]),
    (["objective=test/f1"], ["objective=test/f1", "val/f1"]),
    (["trainer.early_stopping.monitor=val/auc"], ["trainer.early_stopping.monitor", "val/roc_auc"]),
    (["trainer.early_stopping.mode=min"], ["trainer.early_stopping.mode=max"]),
    (["trainer.device=gpu"], ["trainer.device=gpu", "no GPU"]),
    (TOO_FEW_POSITIVES, ["8 positives", "36 batches", "trainer.batch_size=18"]),
    (["tracking=server"], ["tracking.uri"]),
    (["tracking=server", "tracking.uri=http://127.0.0.1:9"], ["http://127.0.0.1:9", "does not answer"]),
    (["tracking.uri=postgresql://someone:secret@127.0.0.1:9/runs"], ["127.0.0.1:9"]),
    (["tracking.uri=./mlruns"], ["./mlruns", "sqlite"]),
    (["tracking.uri=sqlite:////proc/nowhere/mlflow.db"], ["/proc/nowhere", "tracking.uri"]),
    (["+loss.reduction=sum"], ["loss.reduction=sum"]),
    (["tracking=server", "tracking.uri=http://bob:secret@127.0.0.1:9"], ["bob:***@127.0.0.1:9"]),
]


WHOLE = [
    # one command of each kind: the config, the data, the network, the store, Hydra, the words, the folder
    (["trainer.epochs=0"], ["trainer.epochs=0", "at least 1"]),
    (["dataset=file", "dataset.target=fraud", "dataset.path=words.csv"], ["positive_label", "yes", "no"]),
    (["model=cnn", "tracking=none"], ["model=cnn", "dataset=digits"]),
    (["tracking=server", "tracking.uri=http://bob:secret@127.0.0.1:9"], ["bob:***@127.0.0.1:9", "does not answer"]),
    (["loss=focl"], ["loss=focl", "loss=focal"]),
    (["loss=[1"], ["loss=[1"]),
    (["seed", "=", "3"], ["seed", "key=value"]),
    (["uii"], ["uii", "runner ui"]),
    (["--mulitrun", "seed=0,1"], ["--mulitrun", "'--multirun'"]),
    (["\u2014m", "seed=0,1"], ["type -m"]),
    (["\u2013multirun", "seed=0,1"], ["type --multirun"]),
    (["--confg=job"], ["--confg", "'--cfg'"]),
    (["-x", "seed=1"], ["-x", "not an option"]),
    (["hydra.job.chdir=true"], ["hydra.job.chdir=true", "leave it out"]),
    (["seed=${hydra:job.num}"], ["seed", "job.num"]),
    (["-m", "loss=glob(wieghted*)"], ["loss=glob(wieghted*)", "'weighted'"]),
    (["-m", "split.seed=range(5,0)"], ["split.seed=range(5,0)", "nothing to run"]),
    (["-m", "dataset.path=glob(*.csv)"], ["dataset.path=glob(*.csv)", "files(*.csv)"]),
    (["-m", "dataset.path=files(nowhere/*.csv)"], ["no file matches nowhere/*.csv"]),
    (["-m", "seed=0,1", "hydra.sweep.subdir=."], ["hydra.sweep.subdir=.", "${hydra.job.num}"]),
    (["-m", "seed=0,1", "hydra.sweep.subdir=${loss._target_}"], ["hydra.sweep.subdir", "several jobs"]),
    (["-m", "seed=0,1", "paths.outputs=out/${hydra:job.num}"], ["paths.outputs=out/${hydra:job.num}", "all jobs"]),
    (["zip=[loss=focal,dice seed=0,1]"], ["zip=[loss=focal,dice seed=0,1]", "add -m"]),
    (["-m", "zip=[loss=focal,dice seed=0,1,2]"], ["loss has 2", "seed has 3 values"]),
    (["-m", "zip=[loss=focal,dice seed=0,1"], ["closing bracket"]),
    (["-m", "grid=[]"], ["grid=[]", "is empty"]),
    (["-m", "seed=0,1", "grid=[loss=focal seed=3]"], ["seed is given twice", "seed=0,1", "seed=3"]),
    (["-m", "grid=[loss=focal,dcie]"], ["loss=dcie", "loss=dice"]),
    (["-m", "grid=[loss=focal loss.gama=1,2]"], ["loss.gama", "loss.gamma"]),
    (["-m", "zip=[dataset.path=files(nowhere/*.csv) seed=0,1]"], ["no file matches nowhere/*.csv"]),
    (["-m", "hydra/sweeper=optuna", "zip=[loss=focal,dice seed=0,1]"], ["zip=[", "hydra/sweeper=optuna"]),
    (["hparams_search=focal_optuna", "grid=[seed=1]"], ["grid=[seed=1]", "hydra/sweeper=optuna"]),
    (["losss=focal"], ["losss"]),
    (["loss=null"], ["NoneType", "--help"]),
    (["paths.outputs=/proc/nowhere"], ["/proc/nowhere", "paths.outputs"]),
]


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of FILES."""
    folder = tmp_path_factory.mktemp("tables")
    for name, text in FILES.items():
        (folder / name).write_text(text)
    return folder


def complete(overrides: list[str], outputs: Path) -> list[str]:
    """With what the case leaves open: a small dataset, and a folder of its own for what a run writes."""
    tiny = [part for part in TINY if not part.startswith("dataset")]
    base = tiny if any(part.startswith("dataset") for part in overrides) else TINY
    own = [] if any(part.startswith("paths.") for part in overrides) else [f"paths.outputs={outputs}"]
    return [*base, *own, *overrides]


def left_in(outputs: Path) -> list[Path]:
    """The files there, but for an empty store."""
    files = [path for path in outputs.rglob("*") if path.is_file()]
    of_store = (".mlflow.lock", ".last_store.json")
    return [path for path in files if path.name not in of_store and not path.name.startswith("mlflow.db")]


@pytest.mark.parametrize(("overrides", "words"), CASES, ids=[" ".join(case[0]) for case in CASES])
def test_bad_input_is_refused_in_one_line(tables, tmp_path: Path, monkeypatch, overrides, words):
    monkeypatch.chdir(tables)
    recorded = [] if any(part.startswith("tracking") for part in overrides) else ["tracking=none"]
    with pytest.raises(InputError) as refused:
        run_once(*complete(overrides, tmp_path / "outputs"), *recorded, folder=tmp_path / "run")
    line = str(refused.value)

    assert len(line.splitlines()) == 1
    for word in words:
        assert word in line
    assert "secret" not in line
    assert left_in(tmp_path) == []


@pytest.mark.parametrize(("overrides", "words"), WHOLE, ids=[" ".join(case[0]) for case in WHOLE])
def test_a_command_ends_with_status_2_and_that_line(command, tmp_path: Path, overrides, words):
    (tmp_path / "words.csv").write_text(FILES["words.csv"])
    done = command(*complete(overrides, Path("outputs")))

    assert done.status == 2, done.err
    lines = [line for line in done.err.strip().splitlines() if not line.startswith("WARNING: ")]
    assert len(lines) == 1, done.err
    assert lines[0].startswith("error: ")
    for word in words:
        assert word in lines[0]
    assert "secret" not in done.err
    assert left_in(tmp_path / "outputs") == []


def test_no_run_is_left_behind_by_a_refusal(command, outputs):
    command(*TINY, *PLAIN)
    client = mlflow.MlflowClient(f"sqlite:///{outputs / 'mlflow.db'}")
    before = len(client.search_runs(["1"]))
    for overrides in (["loss=focal", "loss.gamma=-1"], ["model=cnn"], ["trainer.device=gpu"]):
        assert command(*TINY, *overrides).status == 2

    assert len(client.search_runs(["1"])) == before


def test_a_sweep_goes_on_after_a_refused_job(command):
    done = command("-m", *TINY, "loss=focal", "loss.gamma=-1,1", "tracking=none", *PLAIN)

    assert done.status == 2
    assert "error: job 0" in done.err
    assert "Received: gamma=-1" in done.err
    assert "focal gamma=1 · seed 0 · synthetic" in done.out


def test_a_traceback_on_demand(command, monkeypatch):
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    with pytest.raises(InputError):
        command("trainer.epochs=0")


def test_a_refusal_removes_nothing_of_the_user_s(command, tmp_path):
    """`hydra.run.dir=.` is a habit of many: the run's folder is then full of other things."""
    (tmp_path / "thesis.txt").write_text("ten years")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "code.py").write_text("1")
    for where in (["hydra.run.dir=."], ["-m", "hydra.sweep.dir=.", "hydra.sweep.subdir=src"]):
        assert command(*where, *TINY, "trainer.epochs=0").status == 2

    assert (tmp_path / "thesis.txt").read_text() == "ten years"
    assert (tmp_path / "src" / "code.py").read_text() == "1"
    assert not (tmp_path / ".hydra").exists()


def test_a_sweep_tells_of_a_job_that_crashed_and_ends_with_status_1(command, tmp_path):
    (tmp_path / "buggy.py").write_text(
        "import losses\n\nclass Loss(losses.CustomLoss):\n"
        "    def __init__(self, k=1, **arguments):\n        super().__init__(**arguments)\n"
        "        if k == 2:\n            raise RuntimeError('a bug of mine')\n"
    )
    own = ("loss=custom", "loss._target_=buggy.Loss", "~loss.formula", "+loss.k=1,2")
    done = command("-m", *TINY, *own, "tracking=none", *PLAIN)

    assert done.status == 1
    assert "a bug of mine" in done.err
    assert done.err.strip().splitlines()[-2:] == ["error: 1 failed", "  job 1 (+loss.k=2): RuntimeError: a bug of mine"]


@pytest.mark.parametrize(
    "name", ["losses.py", "keras.py", "yaml.py", "pandas/__init__.py", "hydra_plugins/__init__.py"]
)
def test_a_user_s_file_is_not_taken_for_a_package(tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("raise SystemExit('run instead of the product')")
    done = subprocess.run(
        [sys.executable, "-m", "runner", "--help"], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert done.returncode == 2
    assert done.stderr == (
        f"error: {tmp_path / name} hides the package {name.removesuffix('.py').partition('/')[0]}: "
        "rename it, or start elsewhere\n"
    )
