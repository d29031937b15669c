"""The parts of a sweep that need no training: its book, its progress, what recognises a finished run."""

from __future__ import annotations

import json
import math
import multiprocessing
import subprocess
import sys

import pytest
from omegaconf import OmegaConf

import runner
from runner.runs.fingerprint import fingerprint
from runner.runs.process import lives, this_process
from runner.sweeps.journal import Entry, Ledger, Outcome, Plan
from runner.sweeps.progress import in_words, progress
from runner.sweeps.sweep import failures_in_words

PLAN = Plan("loss × seed", 4, ("val/average_precision",), began=1000.0)
CONFIG = {"seed": 0, "loss": {"gamma": 2.0}, "paths": {"outputs": "here"}, "tracking": {"uri": None}, "sweep": {}}


def fill(ledger: Ledger, job: int) -> None:
    for _ in range(50):
        ledger.note(job, "started", "x" * 300)
    ledger.note(job, "finished", f"run {job}", 0.5)


def test_the_book_keeps_the_last_word_of_each_job(tmp_path):
    ledger = Ledger(tmp_path / "sweep")
    done = {"mark": Outcome("builtin · seed 0", (0.5, 0.2), "id")}
    plan = Plan("loss", 2, ("val/f1", "val/ece"), 5.0, "parent", ("loss",), True, done)
    ledger.begin(plan)
    ledger.note(1, "started", "loss=focal")
    ledger.note(0, "started", "loss=builtin")
    ledger.note(1, "failed", "loss=focal", reason="two\nlines")

    assert Ledger(tmp_path / "sweep").plan == plan
    first, second = ledger.latest()
    assert (first.job, first.event) == (0, "started")
    assert (second.job, second.event, second.reason) == (1, "failed", "two lines")
    assert math.isnan(second.objective)


def test_processes_that_write_at_once_do_not_mix_their_lines(tmp_path):
    ledger = Ledger(tmp_path)
    ledger.begin(PLAN)
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=fill, args=(ledger, job)) for job in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    lines = (tmp_path / ".sweep" / "jobs.jsonl").read_text().splitlines()
    assert len([json.loads(line) for line in lines]) == 4 * 51
    assert [entry.name for entry in ledger.latest()] == [f"run {job}" for job in range(4)]


def test_a_book_that_is_forgotten_takes_nothing_of_the_user_along(tmp_path):
    (tmp_path / "thesis.txt").write_text("ten years")
    ledger = Ledger(tmp_path)
    ledger.begin(PLAN)
    ledger.forget()

    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_progress_counts_what_is_done_and_estimates_what_is_left():
    entries = [
        Entry(0, "skipped", "before", 1000.0, 0.9),
        Entry(1, "finished", "better", 1060.0, 0.95),
        Entry(2, "failed", "broken", 1100.0),
    ]
    now = progress(PLAN, entries, now=1100.0)

    assert now.short == "2 of 4, 1 failed"
    assert now.seconds_left == pytest.approx(50.0)  # two jobs took 100 s, one is left
    assert now.best is entries[1]
    assert str(now) == "2 of 4, 1 failed · 50 s left · best 0.9500 better"
    assert str(progress(PLAN, [Entry(0, "started", "", 0.0)], now=1100.0)) == "0 of 4"


def test_the_best_is_the_lowest_where_lower_is_better():
    entries = [Entry(job, "finished", str(job), 1.0, value) for job, value in enumerate((0.3, 0.2, math.nan))]
    best = progress(Plan("", None, ("val/log_loss",), 0.0), entries, now=2.0).best
    first_of_two = progress(Plan("", None, ("val/log_loss", "val/f1"), 0.0), entries, now=2.0).best

    assert best is first_of_two is entries[1]


def test_a_sweeper_gets_a_number_or_one_for_each_objective():
    assert Outcome("a run", (0.5,), "").objective == 0.5
    assert Outcome("a run", (0.5, 0.2), "").objective == (0.5, 0.2)


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "0 s"), (89, "89 s"), (600, "10 min"), (5400, "1 h 30 min"), (86400, "24 h 0 min")]
)
def test_durations_are_said_as_people_say_them(seconds, words):
    assert in_words(seconds) == words


def test_a_fingerprint_is_of_what_is_computed_and_not_of_where(monkeypatch):
    mark = fingerprint(OmegaConf.create(CONFIG), "digest")

    assert mark == fingerprint(OmegaConf.create({**CONFIG, "paths": {"outputs": "there"}}), "digest")
    assert mark == fingerprint(OmegaConf.create({**CONFIG, "sweep": {"resume": True}}), "digest")
    assert mark != fingerprint(OmegaConf.create({**CONFIG, "seed": 1}), "digest")
    assert mark != fingerprint(OmegaConf.create({**CONFIG, "loss": {"gamma": 1.0}}), "digest")
    assert mark != fingerprint(OmegaConf.create(CONFIG), "other data")
    monkeypatch.setattr(runner, "__version__", "9.9")
    assert mark != fingerprint(OmegaConf.create(CONFIG), "digest")


def test_a_process_lives_until_it_ends():
    code = "from runner.sweeps.process import this_process; print(this_process(), flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=-1, stdout=-1, text=True) as process:
        identity = process.stdout.readline().strip()
        alive = lives(identity)
        process.kill()
        process.wait()

    assert alive
    assert not lives(identity)
    assert lives(this_process())
    assert not lives("")
    assert not lives("elsewhere:" + this_process().partition(":")[2])  # nobody can ask another machine
    host, pid, start = this_process().rsplit(":", 2)
    assert not lives(f"{host}:{pid}:{float(start) - 100}")  # the number was given again


def test_failures_are_listed_with_their_reasons():
    failed = [Entry(3, "failed", "loss=mine", 0.0, reason="a bug"), Entry(5, "refused", "seed=-1", 0.0, reason="no")]

    assert failures_in_words(failed) == [
        "error: 1 failed, 1 refused",
        "  job 3 (loss=mine): a bug",
        "  job 5 (seed=-1): no",
    ]
