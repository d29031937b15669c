"""The journal of a sweep: what its jobs share and what became of each, in two small files that any process may read.

It is made for jobs of one sweep, few lines each, on one file system that all of them see. It is no database: lines are
only appended, under a lock that the operating system releases when a process is killed.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock

from runner.runs.outcome import Outcome
from runner.writing.whole_files import write_text

FOLDER = ".sweep"
LOCK_SECONDS = 60.0
POLL_SECONDS = 0.002  # a line takes less to write


class Event(StrEnum):
    """What happened to a job. All but the first are endings."""

    STARTED = "started"
    FINISHED = "finished"
    SKIPPED = "skipped"
    FAILED = "failed"
    REFUSED = "refused"
    KILLED = "killed"
    NOT_STARTED = "not started"

    @property
    def is_failure(self) -> bool:
        """Whether the job was tried and came to nothing."""
        return self in (Event.FAILED, Event.REFUSED, Event.KILLED)


@dataclass(frozen=True)
class SweepPlan:
    """What all jobs of a sweep share.

    Attributes:
        name: what varies, in words.
        total: how many jobs there will be; None if only the sweeper knows.
        objectives: the metrics the runs return. Where one has to stand for all, it is the first.
        began: seconds since 1970.
        parent_id: the parent run in MLflow, or empty.
        varied: the keys that differ between jobs.
        fail_fast: whether no job starts after one has failed.
        done: finished runs of an earlier attempt, by fingerprint.
        is_search: whether a sweeper chooses the runs by what came of others.
        resumed: whether there was an earlier attempt, perhaps in the same folder.
        recipe: those of `varied` that belong to what is compared: see `runner.config.sweep_jobs.SweepJobs`.
    """

    name: str
    total: int | None
    objectives: tuple[str, ...]
    began: float
    parent_id: str = ""
    varied: Sequence[str] = ()
    fail_fast: bool = False
    done: Mapping[str, Outcome] = field(default_factory=dict)
    resumed: bool = False
    recipe: Sequence[str] = ()
    is_search: bool = False


@dataclass(frozen=True)
class JobRecord:
    """One line of the journal: something happened to a job.

    Attributes:
        job: its number.
        event: what happened.
        name: the run's name, or the job's overrides where it has none yet.
        at: seconds since 1970.
        objective: of a run that finished, the first if there are several; else NaN.
        reason: of one that did not, in one line.
        run_id: in MLflow, of a run that finished.
        epochs, pruned: see `Outcome`.
    """

    job: int
    event: Event
    name: str
    at: float = field(default_factory=time.time)
    objective: float = math.nan
    reason: str = ""
    run_id: str = ""
    epochs: int = 0
    pruned: bool = False


class Journal:
    """The journal of the sweep in a folder.

    Args:
        sweep_folder: Hydra's folder of the sweep, which all jobs share.
    """

    def __init__(self, sweep_folder: Path) -> None:
        self.folder = sweep_folder / FOLDER
        self._plan = self.folder / "plan.json"
        self._jobs = self.folder / "jobs.jsonl"
        self._offset = 0  # up to which the file was read
        self._latest: dict[int, JobRecord] = {}

    def begin(self, plan: SweepPlan) -> None:
        """Starts the journal anew."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._offset, self._latest = 0, {}
        write_text(self._jobs, "")
        write_text(self._plan, json.dumps(asdict(plan)))

    @property
    def exists(self) -> bool:
        """Whether the journal was begun and not removed."""
        return self.folder.exists()

    @property
    def plan(self) -> SweepPlan:
        """What `begin` wrote."""
        content = json.loads(self._plan.read_text(encoding="utf-8"))
        done = {
            key: Outcome(**{**value, "objectives": tuple(value["objectives"])})
            for key, value in content["done"].items()
        }
        lists = {name: tuple(content[name]) for name in ("objectives", "varied", "recipe")}
        return SweepPlan(**{**content, **lists, "done": done})

    def append(self, record: JobRecord) -> None:
        """Adds a line; processes that append at the same time wait for each other."""
        line = {**asdict(record), "name": record.name[:300], "reason": " ".join(record.reason.split())[:1000]}
        lock = FileLock(self.folder / "jobs.lock", timeout=LOCK_SECONDS, poll_interval=POLL_SECONDS)
        with lock, self._jobs.open("ab+") as file:
            if file.tell() and not _ends_line(file):  # a process was killed within one, or the disk was full
                file.write(b"\n")
            file.write(json.dumps(line).encode() + b"\n")

    def latest(self) -> list[JobRecord]:
        """The last record of each job, by job. Only lines added since the last call are read."""
        offset, latest = self._offset, dict(self._latest)  # a copy: several threads may ask
        with self._jobs.open("rb") as file:
            file.seek(offset)
            for line in file:
                if not line.endswith(b"\n"):  # another process is writing it
                    break
                offset += len(line)
                try:
                    content = json.loads(line)
                except ValueError:  # it was never finished
                    continue
                record = JobRecord(**{**content, "event": Event(content["event"])})
                latest[record.job] = record
        self._offset, self._latest = offset, latest
        return [latest[job] for job in sorted(latest)]

    @property
    def begun(self) -> int:
        """When `begin` was called, as a number that differs between any two calls."""
        return self._plan.stat().st_mtime_ns

    def remove(self) -> None:
        """Removes the journal, and the folders it leaves empty."""
        for path in self.folder.glob("*"):
            path.unlink()
        with contextlib.suppress(OSError):  # not empty: something else is in it
            self.folder.rmdir()
            self.folder.parent.rmdir()


def _ends_line(file: BinaryIO) -> bool:
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"
