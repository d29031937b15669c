"""What the terminal shows while a run trains."""

from __future__ import annotations

import io
import time

import rich.progress
from rich.console import Console
from rich.text import Text

from runner.writing import console

METRICS = {"train/loss": 0.51234, "val/log_loss": 0.41234, "val/average_precision": 0.61234}


def test_a_terminal_gets_one_bar_with_the_numbers_and_the_time_left(monkeypatch):
    screen = io.StringIO()
    monkeypatch.setattr(console, "console", Console(file=screen, force_terminal=True, width=80))
    with console.epoch_progress(4) as on_epoch:
        for epoch in range(1, 4):
            on_epoch(epoch, METRICS)
    text = screen.getvalue()

    assert "3/3" in text  # stopped early: the bar ends full
    for words in ("train loss 0.5123", "val log loss 0.4123", "AP 0.6123", "left"):
        assert words in text


def test_a_pipe_gets_the_first_and_last_epoch_as_lines(capsys):
    with console.epoch_progress(50) as on_epoch:
        for epoch in range(1, 51):
            on_epoch(epoch, METRICS)
    lines = capsys.readouterr().out.splitlines()

    assert [line.split()[1] for line in lines] == ["1/50", "50/50"]
    assert "val log loss 0.4123" in lines[0]


def test_training_that_stops_early_shows_its_last_epoch(capsys):
    with console.epoch_progress(50) as on_epoch:
        for epoch in range(1, 8):
            on_epoch(epoch, METRICS)

    assert [line.split()[1] for line in capsys.readouterr().out.splitlines()] == ["1/50", "7/50"]


def test_where_training_stands_is_never_cut(monkeypatch):
    """However many epochs there are, and however long they take."""
    screen = io.StringIO()
    monkeypatch.setattr(console, "console", Console(file=screen, force_terminal=True, width=80))
    monkeypatch.setattr(rich.progress.TimeRemainingColumn, "render", lambda *_: Text("50:13:19"))
    with console.epoch_progress(1_000_000) as on_epoch:
        on_epoch(12, METRICS)
        time.sleep(0.5)  # the bar is drawn ten times a second
    assert "12/1000000\x1b" in screen.getvalue()
    with console.stack_progress(100, 1_000_000) as on_stack:
        on_stack(13)
        time.sleep(0.5)
    assert "13/1000000\x1b" in screen.getvalue()
