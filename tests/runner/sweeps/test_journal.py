"""The journal of a sweep, and what is read from it."""

from __future__ import annotations

import json
import math
import multiprocessing

import pytest

from runner.runs.outcome import Outcome
from runner.sweeps.journal import Event, JobRecord, Journal, SweepPlan
from runner.sweeps.progress import format_duration, progress
from runner.sweeps.sweep import failure_lines

PLAN = SweepPlan("loss × seed", 4, ("val/average_precision",), began=1000.0)


def fill(journal: Journal, job: int) -> None:
    for _ in range(50):
        journal.append(JobRecord(job, Event.STARTED, "x" * 300))
    journal.append(JobRecord(job, Event.FINISHED, f"run {job}", objective=0.5))


def test_the_journal_has_the_last_record_of_each_job(tmp_path):
    journal = Journal(tmp_path / "sweep")
    done = {"mark": Outcome("builtin · seed 0", (0.5, 0.2), "id")}
    plan = SweepPlan("loss", 2, ("val/f1", "val/ece"), 5.0, "parent", ("loss",), True, done)
    journal.begin(plan)
    journal.append(JobRecord(1, Event.STARTED, "loss=focal"))
    journal.append(JobRecord(0, Event.STARTED, "loss=builtin"))
    journal.append(JobRecord(1, Event.FAILED, "loss=focal", reason="two\nlines"))

    assert Journal(tmp_path / "sweep").plan == plan
    first, second = journal.latest()
    assert (first.job, first.event) == (0, Event.STARTED)
    assert (second.job, second.event, second.reason) == (1, Event.FAILED, "two lines")
    assert math.isnan(second.objective)


def test_a_line_that_was_never_finished_costs_no_other(tmp_path):
    """A process was killed within it, or the disk was full."""
    journal = Journal(tmp_path)
    journal.begin(PLAN)
    journal.append(JobRecord(0, Event.STARTED, "zero"))
    with (journal.folder / "jobs.jsonl").open("a") as file:
        file.write('{"job": 1, "eve')
    journal.append(JobRecord(2, Event.STARTED, "two"))

    assert [record.job for record in journal.latest()] == [0, 2]
    assert [record.job for record in Journal(tmp_path).latest()] == [0, 2]


def test_processes_that_append_at_once_do_not_mix_their_lines(tmp_path):
    journal = Journal(tmp_path)
    journal.begin(PLAN)
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=fill, args=(journal, job)) for job in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    lines = (tmp_path / ".sweep" / "jobs.jsonl").read_text().splitlines()
    assert len([json.loads(line) for line in lines]) == 4 * 51
    assert [record.name for record in journal.latest()] == [f"run {job}" for job in range(4)]


def test_a_line_that_is_still_being_written_is_read_the_next_time(tmp_path):
    journal = Journal(tmp_path)
    journal.begin(PLAN)
    journal.append(JobRecord(0, Event.STARTED, "first"))
    lines = tmp_path / ".sweep" / "jobs.jsonl"
    whole = lines.read_text().replace("first", "second")
    with lines.open("a") as file:
        file.write(whole[:20])
    assert [record.name for record in journal.latest()] == ["first"]
    with lines.open("a") as file:
        file.write(whole[20:])
    assert [record.name for record in journal.latest()] == ["second"]


def test_a_journal_that_is_removed_takes_nothing_of_the_user_along(tmp_path):
    (tmp_path / "thesis.txt").write_text("ten years")
    journal = Journal(tmp_path)
    journal.begin(PLAN)
    journal.append(JobRecord(0, Event.REFUSED, "loss=mine"))
    journal.remove()

    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
    assert not journal.exists


def test_progress_counts_what_is_done_and_estimates_what_is_left():
    records = [
        JobRecord(0, Event.SKIPPED, "before", 1000.0, 0.9),
        JobRecord(1, Event.FINISHED, "better", 1060.0, 0.95),
        JobRecord(2, Event.FAILED, "broken", 1100.0),
    ]
    now = progress(PLAN, records, now=1100.0)

    assert now.short == "2 of 4, 1 failed"
    assert now.seconds_left == pytest.approx(50.0)  # two jobs took 100 s, one is left
    assert now.best is records[1]
    assert str(now) == "2 of 4, 1 failed · 50 s left · best 0.9500 better"
    assert str(progress(PLAN, [JobRecord(0, Event.STARTED, "", 0.0)], now=1100.0)) == "0 of 4"


def test_the_best_is_the_lowest_where_lower_is_better():
    values = enumerate((0.3, 0.2, math.nan))
    records = [JobRecord(job, Event.FINISHED, str(job), 1.0, value) for job, value in values]
    best = progress(SweepPlan("", None, ("val/log_loss",), 0.0), records, now=2.0).best
    first_of_two = progress(SweepPlan("", None, ("val/log_loss", "val/f1"), 0.0), records, now=2.0).best

    assert best is first_of_two is records[1]


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "0 s"), (89, "89 s"), (600, "10 min"), (5400, "1 h 30 min"), (86400, "24 h 0 min")]
)
def test_durations_are_said_as_people_say_them(seconds, words):
    assert format_duration(seconds) == words


def test_failures_are_listed_with_their_reasons():
    failed = [
        JobRecord(3, Event.FAILED, "loss=mine", 0.0, reason="a bug"),
        JobRecord(5, Event.REFUSED, "seed=-1", 0.0, reason="no"),
    ]

    assert failure_lines(failed) == [
        "error: 1 failed, 1 refused",
        "  job 3 (loss=mine): a bug",
        "  job 5 (seed=-1): no",
    ]
