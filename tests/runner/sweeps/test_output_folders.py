"""Folders in use are refused before anything is written; what a user has there stays as it is."""

from __future__ import annotations

import pytest
from commands import PLAIN, TINY

QUICK = (*TINY, *PLAIN, "model=logistic", "tracking=none", "evaluation.bootstrap=0")


@pytest.mark.parametrize("entry", ["config.yaml", "model", "metrics.json", "figures", "predictions"])
@pytest.mark.parametrize("folder", [".", "used"])
def test_a_run_does_not_overwrite_what_is_there(command, tmp_path, folder, entry):
    place = tmp_path / folder
    place.mkdir(exist_ok=True)
    if "." in entry:
        (place / entry).write_text("mine")
    else:
        (place / entry).mkdir()
    before = sorted(tmp_path.rglob("*"))
    done = command(*QUICK, f"hydra.run.dir={folder}")

    assert done.status == 2
    assert done.err.startswith(f"error: hydra.run.dir={folder} holds {entry} already")
    assert sorted(tmp_path.rglob("*")) == before


def test_a_folder_with_other_things_in_it_will_do(command, tmp_path):
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "notes.txt").write_text("mine")
    assert command(*QUICK, "hydra.run.dir=used").status == 0
    assert command(*QUICK, "hydra.run.dir=used").status == 2


def test_a_sweep_s_folder_is_used_once_or_gone_on_with(command, tmp_path, store):
    sweep = ("-m", *TINY, *PLAIN, "model=logistic", "seed=0,1", "hydra.sweep.dir=sweep", "paths.outputs=outputs")
    assert command(*sweep).status == 0
    again = command(*sweep)
    assert again.status == 2
    assert "hydra.sweep.dir=sweep holds a sweep already" in again.err
    resumed = command(*sweep, "sweep.resume=true")
    assert resumed.status == 0, resumed.err
    assert resumed.out.count("(done before)") == 2


def test_jobs_that_come_to_share_a_folder_are_refused_by_any_launcher(command):
    shared = ("seed=0,1", "hydra.sweep.subdir=${loss._target_}", "hydra/launcher=basic")
    done = command("-m", *QUICK, *shared)
    assert done.status == 2
    assert "job 1 (seed=1)" in done.err
    assert "holds config.yaml already" in done.err
