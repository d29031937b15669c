"""How far a sweep is, in a line."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

from runner.metrics import sign
from runner.sweeps.journal import Event, JobRecord, SweepPlan
from runner.tracking import names


@dataclass(frozen=True)
class Progress:
    """Counts and estimates of a sweep under way.

    Attributes:
        done: jobs that ended well, or had in an earlier attempt.
        failed: jobs that failed, were refused or killed.
        running: jobs under way.
        total: all jobs, if known.
        seconds_left: from the pace so far, or None.
        best: the record of the best (first) objective so far, or None.
    """

    done: int
    failed: int
    running: int
    total: int | None
    seconds_left: float | None
    best: JobRecord | None

    @property
    def short(self) -> str:
        """`37 of 105, 1 failed`"""
        of = f" of {self.total}" if self.total else " done"
        return f"{self.done}{of}" + (f", {self.failed} failed" if self.failed else "")

    def __str__(self) -> str:
        parts = [self.short]
        if self.running > 1:
            parts.append(f"{self.running} running")
        if self.seconds_left:
            parts.append(f"{format_duration(self.seconds_left)} left")
        if self.best is not None:
            parts.append(f"best {self.best.objective:.4f} {self.best.name}")
        return " · ".join(parts)


def progress(plan: SweepPlan, records: Sequence[JobRecord], now: float) -> Progress:
    """Where the sweep stands.

    Args:
        plan: the sweep's.
        records: the last of each job.
        now: seconds since 1970.
    """
    finished = [each for each in records if each.event is Event.FINISHED]
    skipped = [each for each in records if each.event is Event.SKIPPED]
    running = sum(each.event is Event.STARTED for each in records)
    failed = sum(each.event.is_failure for each in records)
    done = len(finished) + len(skipped)
    left = None
    if plan.total and finished:
        # Those under way count as half done: a stack's runs all end together.
        halves = running / 2
        left = (now - plan.began) / (len(finished) + failed + halves) * (plan.total - done - failed - halves)
    whole = [each for each in (*finished, *skipped) if not each.pruned]
    comparable = [each for each in whole if math.isfinite(each.objective)]
    best = max(comparable, key=lambda each: sign(plan.objectives[0]) * each.objective, default=None)
    return Progress(done, failed, running, plan.total, left, best)


def progress_tags(plan: SweepPlan, records: Sequence[JobRecord], details: str = "") -> dict[str, str]:
    """What the parent run says of a sweep under way: its progress, and a note with more.

    Args:
        plan: the sweep's.
        records: the last of each job.
        details: Markdown below the progress.
    """
    now = progress(plan, records, time.time())
    note = f"**{plan.name}**: {now}" + (f"\n\n{details}" if details else "")
    return {names.SWEEP_PROGRESS: now.short, names.NOTE: note}


def format_duration(seconds: float) -> str:
    """`45 s`, `12 min`, `3 h 20 min`"""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
