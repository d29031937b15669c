"""The command line around runs: help, sub-commands, speed of answers."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from commands import PLAIN, TINY
from omegaconf import OmegaConf
from processes import Process

from losses.catalogue import CATALOGUE, FAMILIES

ROOT = Path(__file__).resolve().parent.parent
HEAVY = ("tensorflow", "keras", "mlflow", "matplotlib", "sklearn")
LOSSES = {path.stem: OmegaConf.load(path)._target_ for path in sorted((ROOT / "conf" / "loss").glob("*.yaml"))}
WHOLE_BATCH = {f"losses.{name}" for name, entry in CATALOGUE.items() if entry.whole_batch}
SPY = "import sys; sys.argv = ['runner', *sys.argv[1:]]; from runner.__main__ import main; status = main(); " + (
    f"print('LOADED', [name for name in {HEAVY} if name in sys.modules]); sys.exit(status)"
)


def test_help_shows_every_option_of_every_group(command):
    done = command("--help")

    assert done.status == 0
    for path in (ROOT / "conf").glob("*/*.yaml"):
        if path.parent.name not in ("paths", "local"):
            assert re.search(rf"^  {path.stem} +\S", done.out, re.MULTILINE), path
    assert done.out.count("  runner ") >= 3


@pytest.mark.parametrize("arguments", [["--help"], ["trainer.epochs=0"], ["loss=focal", "loss.gamma=-1"], ["loss=x"]])
def test_answers_that_need_no_framework_load_none(tmp_path, arguments):
    done = subprocess.run(
        [sys.executable, "-c", SPY, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert "LOADED []" in done.stdout, done.stdout + done.stderr


def test_the_config_can_be_shown_without_training(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "runner", "loss=focal", "--cfg", "job"], cwd=tmp_path, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr
    assert "_target_: losses.FocalLoss" in done.stdout
    assert not (tmp_path / "outputs").exists()


def test_datasets_are_listed_with_their_numbers(command):
    done = command("datasets", "page_blocks0", "breast")

    assert done.status == 0, done.err
    assert re.search(r"dataset=breast_cancer\s+569\s+30\s+212\s+37\.26%\s+0", done.out)
    assert re.search(r"dataset=keel dataset.name=page_blocks0\s+5472\s+10\s+559\s+10\.22%", done.out)


def test_losses_are_listed_with_their_hyperparameters(command):
    done = command("losses")

    assert done.status == 0, done.err
    for path in (ROOT / "conf" / "loss").glob("*.yaml"):
        assert re.search(rf"^{path.stem} ", done.out, re.MULTILINE), path
    places = [re.search(rf"^{family} *$", done.out, re.MULTILINE) for family in FAMILIES]
    assert [place.start() for place in places if place] == sorted(place.start() for place in places if place)
    assert all(places)
    assert "gamma_neg=4.0" in done.out


def test_one_loss_is_shown_with_its_figure_and_minimisers(command, tmp_path):
    done = command("losses", "focal", "gamma=2", "--outputs", "here")

    assert done.status == 0, done.err
    assert "Lin et al. 2017" in done.out
    assert re.search(r"eta 0.01 +p\* 0.1536", done.out)  # Charoenphakdee et al. 2021
    assert re.search(r"eta 0.1 +p\* 0.3058", done.out)
    assert (tmp_path / "here" / "losses" / "focal.png").stat().st_size > 10_000


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_can_be_shown(command, tmp_path, name):
    """With where a row's prediction is led to, or, of a loss of the whole batch, with why no row's is."""
    done = command("losses", name, "--outputs", "here")
    minimisers = [float(value) for value in re.findall(r"^  eta [\d.]+ +p\* ([\d.]+)$", done.out, re.MULTILINE)]

    assert (done.status, done.err) == (0, "")
    assert (tmp_path / "here" / "losses" / f"{name}.png").stat().st_size > 10_000
    without_lines = " ".join(done.out.split())
    if LOSSES[name] in WHOLE_BATCH:
        assert "there is no p* of one" in without_lines
        assert minimisers == []
    else:
        assert "there is no p* of one" not in without_lines
        assert len(minimisers) == 3
        assert minimisers == sorted(minimisers)
        assert 0 <= minimisers[0] < minimisers[-1] <= 1


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["focl"], "focal"),
        (["focal", "gamma=-1"], "Received: gamma=-1"),
        (["focal", "gama=1"], "gama"),
        (["focal", "gamma=["], "gamma=["),
    ],
)
def test_a_loss_that_cannot_be_shown_is_refused(command, arguments, word):
    done = command("losses", *arguments)

    assert done.status == 2
    assert len(done.err.strip().splitlines()) == 1
    assert word in done.err


def test_a_dataset_name_nobody_has_is_refused(command):
    done = command("datasets", "nonesuch")

    assert done.status == 2
    assert done.err.startswith("error: ")
    assert "nonesuch" in done.err


@pytest.mark.slow
def test_the_ui_serves_the_store_on_this_machine_alone(command, outputs, tmp_path):
    run_id = command(*TINY, *PLAIN).run_id
    local = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # whatever proxy the environment names
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = ["ui", "--port", str(port), "--outputs", str(outputs)]
    address = f"http://127.0.0.1:{port}"
    with Process([sys.executable, "-m", "runner", *arguments], cwd=tmp_path) as process:
        process.wait_for("Uvicorn running on")
        page = local.open(address, timeout=30).read().decode()
        answer = local.open(f"{address}/api/2.0/mlflow/runs/get?run_id={run_id}", timeout=30).read()
        assert "<title>MLflow</title>" in page
        assert run_id in answer.decode()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "outputs/mlflow.db is not there"),
        (["--outputs", "my res"], "my res/mlflow.db is not there"),
        (["--uri", "sqlite:///none.db"], "none.db is not there"),
        (["--uri", "localhost:5000"], "http://localhost:5000"),
    ],
)
def test_the_ui_of_no_store_is_refused_and_makes_none(command, tmp_path, arguments, words):
    done = command("ui", *arguments)
    assert done.status == 2
    assert words in done.err
    assert list(tmp_path.iterdir()) == []


def test_the_ui_tells_of_a_taken_port_and_of_an_experiment_that_is_not_there(command, store):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = command("ui", "--port", str(port))
    assert done.status == 2
    assert f"--port {port} cannot be used" in done.err
    done = command("ui", "--experiment", "nobody's")
    assert done.status == 2
    assert "no experiment of that name" in done.err


@pytest.mark.slow
def test_no_arguments_at_all_train_the_default_experiment(tmp_path):
    done = subprocess.run([sys.executable, "-m", "runner"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "builtin · seed 0 · page_blocks" in done.stdout
    assert "look at it: runner ui" in done.stdout


def test_a_run_prints_the_command_that_shows_it(command, tmp_path):
    done = command(*TINY, *PLAIN, "model=logistic", "paths.outputs=my res", "tracking.experiment_name=mine")
    assert "look at it: runner ui --outputs 'my res' --experiment mine\n" in done.out
