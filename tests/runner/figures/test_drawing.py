"""Figures that another process draws: the same ones, and no process is left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import psutil
import pytest

from runner import figures

COUNTS = {"tn": 90, "fp": 3, "fn": 2, "tp": 5}
DRAW = partial(figures.confusion_matrix, COUNTS, threshold=0.5, subtitle="a run")


def drawing_processes() -> list[psutil.Process]:
    """Those that this process has begun and that have not ended."""
    found = []
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):  # ended meanwhile
            if "spawn_main" in " ".join(child.cmdline()):
                found.append(child)
    return found


def test_another_process_draws_what_this_one_would(tmp_path):
    with figures.DrawingProcess() as drawing:
        done = [drawing.save(DRAW, tmp_path / f"{number}.png") for number in range(2)]
    figures.save(DRAW(), tmp_path / "here.png")

    assert [each.result() for each in done] == [None, None]
    assert (tmp_path / "0.png").read_bytes() == (tmp_path / "here.png").read_bytes()
    assert drawing_processes() == []


def test_a_figure_that_cannot_be_drawn_is_its_own_error(tmp_path):
    with figures.DrawingProcess() as drawing:
        wrong = drawing.save(partial(figures.confusion_matrix, {}, threshold=0.5, subtitle=""), tmp_path / "wrong.png")
        right = drawing.save(DRAW, tmp_path / "right.png")
    with pytest.raises(KeyError):
        wrong.result()
    assert right.result() is None


def test_ctrl_c_does_not_wait_for_figures(tmp_path):
    def interrupted() -> None:
        with figures.DrawingProcess() as drawing:
            for number in range(500):
                drawing.save(DRAW, tmp_path / f"{number}.png")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert len(list(tmp_path.glob("*.png"))) < 500
    deadline = time.monotonic() + 60
    while drawing_processes() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert drawing_processes() == []


def test_a_process_that_is_killed_leaves_no_other(tmp_path):
    script = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_drawing import DRAW, figures
with figures.DrawingProcess() as drawing:
    drawing.save(DRAW, Path(sys.argv[1]) / "first.png").result()
    print(next(iter(drawing._process._processes)), flush=True)
    time.sleep(600)
"""
    arguments = [sys.executable, "-c", script, str(tmp_path), str(Path(__file__).parent)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        assert psutil.pid_exists(child)
        os.kill(process.pid, signal.SIGKILL)
    for _ in range(100):
        if not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE:
            return
        time.sleep(0.1)
    pytest.fail("it is still there")
