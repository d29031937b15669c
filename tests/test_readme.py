"""Every command and snippet of the README is run as it stands there."""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from processes import Process

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
COMMANDS = [line[2:] for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL) for line in block.splitlines()]
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
YAML = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
# The README's commands, made short by what stands behind them; `verify` has a test of its own.
BRIEF = ["trainer.epochs=1", "evaluation.bootstrap=0", "figures=none", "comparison.references=none"]
BRIEF_SEARCH = [*BRIEF, "hydra.sweeper.n_trials=2"]


@pytest.fixture
def stranger(tmp_path: Path, store: object) -> Path:
    """A folder as the README's reader has it: my.csv, new.csv, and the files the README tells to write."""
    rng = np.random.default_rng(0)
    fraud = rng.random(300) < 0.2
    table = pd.DataFrame(
        {
            "id": range(300),
            "customer": rng.integers(0, 100, 300),
            "amount": np.where(rng.random(300) < 0.1, np.nan, rng.normal(size=300) + fraud),
            "channel": pd.Series(rng.choice(["web", "shop"], 300)).where(rng.random(300) > 0.1),
            "fraud": np.where(fraud, "yes", "no"),
        }
    )
    table.to_csv(tmp_path / "my.csv", index=False)
    table.drop(columns="fraud").head(5).to_csv(tmp_path / "new.csv", index=False)
    for text in [*PYTHON, *YAML]:
        named = re.match(r"# (\S+\.(?:py|yaml))\n", text)
        if named:
            (tmp_path / named[1]).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / named[1]).write_text(text)
    return tmp_path


def test_the_readme_has_the_commands_this_file_knows_how_to_run():
    known = ("make run", "make test", "python -m runner")
    assert [line for line in COMMANDS if not line.startswith(known)] == []
    assert COMMANDS[:2] == ["make run", "make test"]
    assert len(COMMANDS) > 10


OF_A_RUN = [
    line
    for line in COMMANDS
    if line.startswith(tuple(f"python -m runner {each}" for each in ("predict", "promote", "serve", "monitor")))
]
RUNS = [
    line
    for line in COMMANDS
    if line.startswith("python -m runner") and line not in ("python -m runner verify", *OF_A_RUN)
]
SHOWN = {
    "--help": "hparams_search:",
    "--cfg": "_target_: losses.FocalLoss",
    "datasets": "dataset=page_blocks",
    "losses": "FocalLoss|focal ",
}
"""What a command shows that trains nothing."""


@pytest.mark.parametrize("line", RUNS)
def test_commands_run(command, stranger, line):
    arguments = shlex.split(line)[3:]
    shown = [pattern for word, pattern in SHOWN.items() if word in arguments]
    brief = [] if shown else ["tracking.models=none", *(BRIEF_SEARCH if "optuna" in line else BRIEF)]
    done = command(*arguments, *brief)

    assert done.status == 0, done.err
    if shown:
        assert re.search(shown[0], done.out)
    elif "-m" in arguments or "hparams_search" in line:
        (folder,) = re.findall("files of its runs: (.+)", done.out)
        made = list((stranger / folder).glob("*/metrics.json"))
        assert len(made) > 1
        assert f"{len(made)} of {len(made)}" in done.out
    else:
        assert (done.folder(stranger) / "metrics.json").exists()
        assert done.run_id


def test_the_scoring_snippet_scores(command, stranger, outputs):
    done = command("dataset=file", "dataset.path=my.csv", "dataset.target=fraud", "dataset.positive_label=yes", *BRIEF)
    (snippet,) = [text for text in PYTHON if "load_model" in text]
    scope: dict = {}
    try:
        exec(snippet.replace("RUN_ID", done.run_id).replace("sqlite:///outputs", f"sqlite:///{outputs}"), scope)
    finally:
        scope["mlflow"].set_tracking_uri("")

    assert list(scope["scores"].columns) == ["probability", "raw_probability", "label"]
    assert len(scope["scores"]) == 5
    (line,) = [line for line in OF_A_RUN if "RUN_ID" in line]
    scored = command(*shlex.split(line.replace("RUN_ID", done.run_id))[3:], "--outputs", str(outputs))
    assert scored.status == 0, scored.err
    from_file = pd.read_parquet(stranger / "scores.parquet")
    np.testing.assert_allclose(from_file["probability"], scope["scores"]["probability"], rtol=1e-6)


def test_from_sweep_to_champion(command, stranger, outputs):
    """Line by line; where the verdict on so few rows makes a challenger, the reader forces it, to go on."""
    section = README.partition("## From sweep to champion")[2].partition("\n## ")[0]
    sweep, promote, predict, serve, monitor = [
        shlex.split(line[2:])[3:] for line in section.splitlines() if line.startswith("$ ")
    ]
    done = command(*sweep, *BRIEF[:2])
    assert done.status == 0, done.err
    (sweep_id,) = re.findall(r"sweep id: (\w+)", done.out)
    there = ("--outputs", str(outputs))
    promote = [sweep_id if word == "SWEEP_ID" else word for word in promote]
    promoted = command(*promote, *there)
    assert promoted.status == 0, promoted.err
    if "version 1: challenger" in promoted.out:
        assert command(*promote, "--force", *there).status == 0
    scored = command(*predict, *there)
    assert scored.status == 0, scored.err
    assert "5 rows scored" in scored.out
    assert pd.read_parquet(stranger / "scores.parquet")["probability"].between(0, 1).all()
    with Process([sys.executable, "-m", "runner", *serve, *there], cwd=stranger) as server:
        address = server.wait_for(r"answers at (http://\S+)/invocations")[1]
        asked = {"data": (stranger / "new.csv").read_bytes(), "headers": {"Content-Type": "text/csv"}}
        with urllib.request.urlopen(urllib.request.Request(f"{address}/invocations", **asked), timeout=60) as answer:
            assert len(json.load(answer)["predictions"]) == 5
        assert server.end(signal.SIGINT) == 0, server.said
    watched = command(*monitor, *there)
    assert watched.status in (0, 3), watched.err  # as much as one epoch has taught
    assert "columns: holds" in watched.out
    assert (stranger / "monitor.html").exists()


@pytest.mark.parametrize("target", ["run", "ui", "test", "help"])
def test_make_has_the_targets(target):
    done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=True)
    expected = {"run": "python -m runner", "ui": "python -m runner ui", "test": "python -m pytest", "help": "grep"}

    assert expected[target] in done.stdout


def test_links_and_images_lead_somewhere():
    for target in re.findall(r"\]\(([^)]+)\)", README):
        assert (ROOT / target.partition("#")[0]).exists(), target


def test_the_documents_name_files_that_exist():
    for document in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for name in re.findall(r"`((?:runner|losses|tests|conf|docs)/[\w/.]+\.(?:py|yaml|md))`", document.read_text()):
            if "my_" not in name and "NAME" not in name and name != "conf/local/default.yaml":
                assert (ROOT / name).exists(), (document.name, name)
