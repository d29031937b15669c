"""Runs on a server, which may not answer for a while: what it has not got waits in a journal in each run's folder."""

from __future__ import annotations

import logging
import os
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mlflow.entities import Metric

from runner.runs.process import this_process
from runner.tracking import names, replay
from runner.tracking.contact import Contact
from runner.tracking.pending import Entry, PendingRecord, PendingRun
from runner.tracking.recorder import ModelPackage, StoreAway
from runner.tracking.run_store import ClientRunStore, CreatedRun, NewRun
from runner.tracking.store import Store
from runner.writing.wording import first_line, without_password

log = logging.getLogger("runner.tracking")


@dataclass
class _Recorded:
    """A run that is being recorded.

    Attributes:
        key: see `PendingRun`.
        folder: its own; without one nothing can wait.
        run_id: MLflow's; empty before it is created.
        pending: its journal, where something waits.
    """

    key: str
    folder: Path | None
    run_id: str = ""
    pending: PendingRecord | None = None


class JournaledRunStore:
    """Asks a server through MLflow's client; while it is away, and until it has all, entries go to the journals.

    Args:
        store: the server's.
        contact: with the server.
    """

    def __init__(self, store: Store, contact: Contact) -> None:
        self._direct, self._store, self._contact = ClientRunStore(store), store, contact
        self._runs: dict[str, _Recorded] = {}  # by MLflow's id, or the key of one that waits to be created

    def keep(self, run_id: str, folder: Path) -> None:
        """Has what cannot be written of a run that is there already wait in a folder."""
        self._runs[run_id] = _Recorded(uuid.uuid4().hex, folder, run_id)

    def keeps(self, run_id: str) -> bool:
        """Whether a run was created here, or is kept."""
        return run_id in self._runs

    def create(self, run: NewRun) -> CreatedRun:
        """See `RunStore`; of a server that is away the run has its id later."""
        key = uuid.uuid4().hex
        new = replace(run, tags={**run.tags, names.RECORD: key})
        own = _Recorded(key, run.folder)
        made: list[CreatedRun] = []

        def create() -> None:
            made.append(self._direct.begin(new))
            self._direct.describe(made[0], new)

        try:
            self._write(own, create, lambda: [replay.creation(new, int(time.time() * 1000))])
        except BaseException as problem:
            if made:
                self._direct.fail(made[0].run_id, problem)
            raise
        created = made[0] if made and own.pending is None else CreatedRun(key, "")
        own.run_id = "" if own.pending is not None else created.run_id
        self._runs[created.run_id] = own
        return created

    def write(self, run_id: str, metrics: Sequence[Metric], tags: Mapping[str, str]) -> None:
        """See `RunStore`."""
        own = self._runs[run_id]
        self._write(own, lambda: self._direct.write(own.run_id, metrics, tags), lambda: [replay.values(metrics, tags)])

    def log_artifacts(self, run: CreatedRun, paths: Sequence[Path]) -> None:
        """See `RunStore`."""
        for path in paths:
            self.log_files(run.run_id, path, path.name if path.is_dir() else "")

    def log_files(self, run_id: str, path: Path, to: str) -> None:
        """Copies a file, or the files of a folder, to a folder of the artifacts; nothing where it is not there."""
        own = self._runs[run_id]

        def entries() -> list[Entry]:
            whole = path.absolute()
            within = own.folder is not None and whole.is_relative_to(own.folder)
            return [replay.files(os.path.relpath(whole, own.folder) if within else str(whole), to)]

        if path.exists():
            self._write(own, lambda: self._direct.log_files(own.run_id, path, to), entries)

    def log_model(self, run: CreatedRun, package: ModelPackage) -> None:
        """See `RunStore`."""
        own = self._runs[run.run_id]
        self._write(own, lambda: self._direct.log_model(CreatedRun(own.run_id, ""), package), lambda: [replay.model()])

    def known_id(self, run_id: str) -> str:
        """See `RunStore`."""
        return self._runs[run_id].run_id

    def end(self, run_id: str, status: str, reason: str = "") -> None:
        """See `RunStore`."""
        own = self._runs[run_id]
        self._write(own, lambda: self._direct.end(own.run_id, status, reason), lambda: [replay.ending(status, reason)])

    def commit(self) -> Mapping[str, Exception]:
        """See `RunStore`; where it is time to try again, what waits is written."""
        return self._catch_up() if self._contact.due else {}

    def close(self) -> None:
        """See `RunStore`."""
        self.let_go()

    def let_go(self) -> None:
        """What waits may be written by others from here on; more may come to wait later."""
        for own in self._runs.values():
            if own.pending is not None:
                own.pending.release()

    def _catch_up(self) -> dict[str, Exception]:
        """Writes what waits, as far as the server answers; returns the errors of runs that it refuses."""
        errors: dict[str, Exception] = {}
        for key, own in self._runs.items():
            _look_again(own)
            if own.pending is None:
                continue
            try:
                own.run_id = replay.replay(own.pending, self._direct, self._contact) or own.run_id
            except StoreAway:
                break
            except Exception as problem:
                errors[key] = problem
                log.warning("%s: the store refuses what waited: %s", own.folder, first_line(problem))
            own.pending = None
        return errors

    def _write(self, own: _Recorded, ask: Callable[[], None], entries: Callable[[], list[Entry]]) -> None:
        """Asks the server at once, or has the journal keep the entries."""
        _look_again(own)
        if own.pending is None and self._contact.due:
            try:
                with self._contact.asking():
                    ask()
                return
            except StoreAway:
                if own.folder is None:
                    raise
        if own.folder is None:
            raise StoreAway(f"{self._contact.name} does not answer")
        if own.pending is None:
            pending = PendingRecord(own.folder)
            uri = without_password(self._store.uri)
            pending.begin(PendingRun(uri, self._store.experiment_id, own.key, this_process(), own.run_id))
            own.pending = pending
        own.pending.append(entries())


def _look_again(own: _Recorded) -> None:
    """Opens a journal that was let go, unless others have written all of it since."""
    if own.pending is not None and not own.pending.is_open:
        if own.pending.exists:
            own.pending.open()
        else:
            own.pending = None
