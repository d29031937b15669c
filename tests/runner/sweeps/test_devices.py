"""Jobs that run at once share cores and GPUs. The GPUs here are names: no device is needed to share them out."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from runner.runs.process import this_process
from runner.sweeps.devices import claim, share_machine, visible_gpus

CLAIM = """
import sys
from pathlib import Path
from runner.sweeps.devices import claim
print(claim(["0", "1"], Path(sys.argv[1])), flush=True)
input()
"""


@pytest.mark.parametrize(
    ("named", "gpus"), [("0,1", ["0", "1"]), ("", []), ("-1", []), ("GPU-a, GPU-b", ["GPU-a", "GPU-b"])]
)
def test_visible_gpus_are_those_the_environment_names(monkeypatch, named, gpus):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", named)

    assert visible_gpus() == gpus


def test_processes_claim_gpus_in_turn_and_the_dead_give_theirs_back(tmp_path):
    claims = tmp_path / "gpus.json"
    started = [
        subprocess.Popen([sys.executable, "-c", CLAIM, claims], stdin=-1, stdout=-1, text=True) for _ in range(2)
    ]
    taken = []
    for process in started:
        assert process.stdout is not None
        taken.append(process.stdout.readline().strip())
    for process in started:
        process.communicate("")
    claims.write_text(json.dumps({**json.loads(claims.read_text()), this_process(): "1"}))

    assert sorted(taken) == ["0", "1"]
    assert claim(["0", "1"], claims) == "1"  # its own, again
    assert list(json.loads(claims.read_text())) == [this_process()]


@pytest.mark.parametrize(("jobs", "threads"), [(2, 4), (8, 1), (-1, 1), (100, 1), (1, None), (None, None)])
def test_cores_are_divided_between_jobs_at_once(monkeypatch, tmp_path, jobs, threads):
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "")
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS")
    monkeypatch.setenv("TF_NUM_INTEROP_THREADS", "")
    monkeypatch.delenv("TF_NUM_INTEROP_THREADS")
    share_machine({"n_jobs": jobs}, tmp_path)
    said = os.environ.get("TF_NUM_INTRAOP_THREADS")

    assert said == (None if threads is None else str(threads))
