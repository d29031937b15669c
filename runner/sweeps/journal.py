"""The book of a sweep: two small files in its folder that all its jobs read and write, whatever launched them."""

from __future__ import annotations

import contextlib
import json
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

FOLDER = ".sweep"
ENDINGS = ("finished", "skipped", "failed", "refused", "killed", "not started")


@dataclass(frozen=True)
class Outcome:
    """What a finished run came to.

    Attributes:
        name: the run's name.
        objectives: the value of the config's objective, or of each where it is a list.
        run_id: in MLflow, or empty.
    """

    name: str
    objectives: tuple[float, ...]
    run_id: str

    @property
    def objective(self) -> float | tuple[float, ...]:
        """What a sweeper gets: a number, or a tuple where there are several objectives."""
        return self.objectives if len(self.objectives) > 1 else self.objectives[0]


@dataclass(frozen=True)
class Plan:
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
    """

    name: str
    total: int | None
    objectives: tuple[str, ...]
    began: float
    parent_id: str = ""
    varied: Sequence[str] = ()
    fail_fast: bool = False
    done: Mapping[str, Outcome] = field(default_factory=dict)


@dataclass(frozen=True)
class Entry:
    """One line of the book: something happened to a job.

    Attributes:
        job: its number.
        event: `started`, or one of ENDINGS.
        name: the run's name, or the job's overrides where it has none yet.
        at: seconds since 1970.
        objective: of a run that finished, the first if there are several; else NaN.
        reason: of one that did not, in one line.
        run_id: in MLflow, of a run that finished.
    """

    job: int
    event: str
    name: str
    at: float
    objective: float = math.nan
    reason: str = ""
    run_id: str = ""


class Ledger:
    """The book of the sweep in a folder.

    Args:
        sweep_folder: Hydra's folder of the sweep, which all jobs share.
    """

    def __init__(self, sweep_folder: Path) -> None:
        self._plan = sweep_folder / FOLDER / "plan.json"
        self._jobs = sweep_folder / FOLDER / "jobs.jsonl"
        self._read: tuple[int, dict[int, Entry]] = 0, {}  # how far, and the last entry of each job

    def begin(self, plan: Plan) -> None:
        """Starts the book anew."""
        self._plan.parent.mkdir(parents=True, exist_ok=True)
        self._read = 0, {}
        self._jobs.write_text("", encoding="utf-8")
        self._plan.write_text(json.dumps(asdict(plan)), encoding="utf-8")

    @property
    def plan(self) -> Plan:
        """What `begin` wrote."""
        said = json.loads(self._plan.read_text(encoding="utf-8"))
        return Plan(
            **{
                **said,
                "objectives": tuple(said["objectives"]),
                "varied": tuple(said["varied"]),
                "done": {
                    key: Outcome(**{**value, "objectives": tuple(value["objectives"])})
                    for key, value in said["done"].items()
                },
            }
        )

    def note(
        self, job: int, event: str, name: str, objective: float = math.nan, reason: str = "", run_id: str = ""
    ) -> None:
        """Adds a line. Short lines appended at once do not mix, however many processes write."""
        entry = Entry(job, event, name[:300], time.time(), objective, " ".join(reason.split())[:1000], run_id)
        with self._jobs.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(entry)) + "\n")

    def latest(self) -> list[Entry]:
        """The last entry of each job, by job. Only lines added since the last call are read."""
        position, last = self._read[0], dict(self._read[1])  # a copy: several threads may ask
        with self._jobs.open("rb") as file:
            file.seek(position)
            for line in file:
                if not line.endswith(b"\n"):  # another process is writing it
                    break
                position += len(line)
                entry = Entry(**json.loads(line))
                last[entry.job] = entry
        self._read = position, last
        return [last[job] for job in sorted(last)]

    @property
    def begun(self) -> int:
        """When `begin` was called, as a number that differs between any two calls."""
        return self._plan.stat().st_mtime_ns

    def forget(self) -> None:
        """Removes the book, and the folders it leaves empty."""
        for path in self._plan.parent.glob("*"):
            path.unlink()
        with contextlib.suppress(OSError):  # not empty: something else is in it
            self._plan.parent.rmdir()
            self._plan.parent.parent.rmdir()
