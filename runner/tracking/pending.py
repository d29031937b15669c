"""What a store has not got of a run yet: a journal in the run's folder, which outlives the process. No MLflow here.

One JSON object a line: first what it is about, then entries in their order, and between them marks of how many entries
the store has by now. Lines are only appended; one that a killed process left half written counts as not there.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

Entry = Mapping[str, Any]

PASSED_OVER = {"model", "figures", "predictions", "artifacts", ".hydra", ".sweep", "comparison"}
"""Folders in which no run lies."""


class HeldElsewhere(Exception):
    """Another process has the journal open: it still records the run, or writes the journal itself."""


@dataclass(frozen=True)
class PendingRun:
    """Which run a journal is about.

    Attributes:
        uri: of the store; a password in it is masked.
        experiment_id: in the store.
        key: the value of the run's tag `record`, by which a run is found whose creation was not confirmed.
        process: which recorded it: see `runner.runs.process`.
        run_id: in the store; empty before the run is created there.
    """

    uri: str
    experiment_id: str
    key: str
    process: str
    run_id: str = ""


class PendingRecord:
    """The journal of one run; one process at a time has it open.

    Args:
        folder: of the run.
    """

    FILE = "pending.jsonl"
    REFUSED = "refused.jsonl"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file, self._lock = folder / self.FILE, FileLock(folder / "pending.lock")

    @property
    def is_open(self) -> bool:
        """Whether this process has it open."""
        return bool(self._lock.is_locked)

    @property
    def exists(self) -> bool:
        """Whether anything waits, or did when a process was killed."""
        return self._file.exists()

    def begin(self, run: PendingRun) -> None:
        """Opens a journal that is new; one of another run, an earlier one in the same folder, is lost.

        Raises:
            HeldElsewhere: another process has it open.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._hold()
        self._file.write_text(json.dumps(asdict(run)) + "\n", encoding="utf-8")

    def open(self) -> None:
        """Opens a journal that is there.

        Raises:
            HeldElsewhere: another process has it open.
        """
        self._hold()
        content = self._file.read_bytes() if self.exists else b""
        if content and not content.endswith(b"\n"):  # a process was killed within a line: the next one is its own
            self._append("")

    def append(self, entries: Iterable[Entry]) -> None:
        """Adds entries; they are in the file when it returns."""
        self._append("".join(json.dumps(entry) + "\n" for entry in entries), end="")

    def mark(self, done: int, run_id: str) -> None:
        """Notes that the store has the first `done` entries, in a run of that id."""
        self._append(json.dumps({"done": done, "run_id": run_id}))

    def read(self) -> tuple[PendingRun | None, list[Entry], int]:
        """The run, all entries, and how many of them the store has; no run where the file has none."""
        run: PendingRun | None = None
        entries: list[Entry] = []
        done = 0
        for content in self._lines():
            if run is None:
                run = PendingRun(**content)
            elif "done" in content:
                done, run = content["done"], replace(run, run_id=content["run_id"])
            else:
                entries.append(content)
        return run, entries, done

    def remove(self) -> None:
        """The store has all: nothing is left of the journal."""
        self._file.unlink(missing_ok=True)
        self.release()

    def refuse(self) -> None:
        """The store will never take the rest: kept under another name, and not tried again."""
        self._file.replace(self.folder / self.REFUSED)
        self.release()

    def release(self) -> None:
        """Lets other processes open the journal."""
        if self.is_open:
            Path(self._lock.lock_file).unlink(missing_ok=True)
            self._lock.release()

    def _hold(self) -> None:
        if self.is_open:
            return
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise HeldElsewhere(f"{self.folder} is being recorded by another process") from None

    def _append(self, text: str, end: str = "\n") -> None:
        with self._file.open("a", encoding="utf-8") as file:
            file.write(text + end)

    def _lines(self) -> Iterator[dict[str, Any]]:
        if not self.exists:
            return
        for line in self._file.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                content = json.loads(line)
            except ValueError:
                continue
            if isinstance(content, dict):
                yield content


def pending_records(folder: Path) -> list[PendingRecord]:
    """The journals in a folder and all below it, those of runs before that of the sweep they belong to."""
    found = []
    for path, folders, files in os.walk(folder):
        if PendingRecord.FILE in files:
            found.append(Path(path))
        folders[:] = sorted(set(folders) - PASSED_OVER)
    return [PendingRecord(each) for each in sorted(found, key=lambda path: (-len(path.parts), path))]
