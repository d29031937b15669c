"""`init.weights=RUN_ID`: a run starts where another one has ended, alone and in a stack."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from commands import TINY

SMALL = (*TINY, "model.units=[8]", "figures=none", "comparison=none", "trainer.early_stopping=null")
STILL = ("trainer.epochs=1", "optimizer.learning_rate=1e-12")
"""One epoch in which nothing is learned."""


def logits(folder: Path) -> np.ndarray:
    return pd.read_parquet(folder / "predictions" / "test.parquet")["logit"].to_numpy()


@pytest.fixture(scope="module")
def first(module_command):
    """A run whose model was logged."""
    done = module_command(*SMALL, "seed=5")
    assert done.status == 0, done.err
    return done


def test_a_run_starts_where_another_has_ended_whatever_trains_it(module_command, module_folder, first):
    ended = logits(first.folder(module_folder))
    start = f"init.weights={first.run_id}"
    done = module_command("-m", *SMALL, *STILL, f"init.weights=null,{first.run_id}", "seed=0,1", "tracking.models=best")
    assert done.status == 0, done.err
    assert "trained one by one" not in done.out + done.err
    assert "INIT01" not in done.err
    (swept,) = re.findall("files of its runs: (.+)", done.out)
    made = (module_folder / swept).glob("*/run.json")
    folders = {json.loads(path.read_text())["name"]: path.parent for path in made}
    fingerprints = {json.loads((path / "run.json").read_text())["fingerprint"] for path in folders.values()}
    assert len(fingerprints) == len(folders) == 4
    for name, folder in folders.items():
        from_there = f"· weights={first.run_id[:8]}" in name
        assert np.allclose(logits(folder), ended, atol=1e-5) == from_there, name

    # From weights that a sweep has kept for its best runs' models, by `fit`.
    (kept,) = [folder for name, folder in folders.items() if "weights=" in name and "seed 1" in name]
    assert (kept / "weights.npz").is_file()
    again = module_command(*SMALL, *STILL, start, "trainer=fit", "tracking.models=none", "split.seed=1")
    assert again.status == 0, again.err
    assert "(INIT01)" in again.err  # it has learned rows of this test
    assert [code for code, _ in json.loads((again.folder(module_folder) / "checks.json").read_text())][-1] == "INIT01"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["init.weights=ID", "model.units=[9]"], ["init.weights=", "do not fit", "10×8 there and 10×9 here"]),
        (["init.weights=ID", "model.units=[8,8]"], ["init.weights=", "do not fit", "8×1 there and 8×8 here"]),
        (["init.weights=ID", "dataset.features=4"], ["do not fit", "there and 4×8 here"]),
        (["init.weights=nobody"], ["init.weights=nobody", "no run of that id"]),
        (["init.weights=ID", "tracking=none"], ["init.weights=", "tracking=none"]),
        (["-m", "seed=0,1", "init.weights=ID", "model.units=[9]"], ["init.weights=", "do not fit"]),
    ],
)
def test_weights_that_cannot_be_had_are_refused_in_one_line(module_command, first, arguments, named):
    words = [each.replace("ID", first.run_id) for each in arguments]
    done = module_command(*words[:1], *SMALL, *words[1:]) if words[0] == "-m" else module_command(*SMALL, *words)
    assert done.status == 2, done.err
    line = done.errors[-1]
    for text in named:
        assert text in line


def test_a_run_that_kept_no_weights_is_refused(module_command):
    done = module_command(*SMALL, *STILL, "tracking.models=none")
    assert done.status == 0, done.err
    refused = module_command(*SMALL, f"init.weights={done.run_id}")
    assert refused.status == 2
    assert "neither weights nor a model" in refused.errors[-1]
