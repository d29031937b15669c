"""Writes what waits in the folders of runs into the stores that lacked it; any number of times."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from runner.errors import InputError
from runner.tracking.contact import Contact
from runner.tracking.last_store import MASKED_PASSWORD
from runner.tracking.pending import HeldElsewhere, PendingRecord, pending_records
from runner.tracking.recorder import StoreAway
from runner.tracking.replay import replay
from runner.tracking.run_store import ClientRunStore
from runner.tracking.store import Store
from runner.writing.wording import first_line, without_password


@dataclass
class Synced:
    """What became of the journals in a folder.

    Attributes:
        written: folder and MLflow id of each run that the store has whole now.
        waiting: folders of those whose store does not answer.
        refused: folder and reason of those that the store does not take.
        held: folders of those that another process has open.
    """

    written: list[tuple[Path, str]] = field(default_factory=list)
    waiting: list[Path] = field(default_factory=list)
    refused: list[tuple[Path, str]] = field(default_factory=list)
    held: list[Path] = field(default_factory=list)


def sync(folder: Path, address: Callable[[str], str], contact: Callable[[str], Contact]) -> Synced:
    """Writes all that waits in a folder and below it.

    Args:
        folder: of a run, of a sweep, or of all outputs.
        address: of the store whose address a journal has, with its password masked: see `full_address`.
        contact: with the store of an address.

    Raises:
        InputError: by `address`.
    """
    synced = Synced()
    for record in pending_records(folder):
        try:
            record.open()
        except HeldElsewhere:
            synced.held.append(record.folder)
            continue
        try:
            _sync_one(record, address, contact, synced)
        finally:
            record.release()
    return synced


def _sync_one(
    record: PendingRecord, address: Callable[[str], str], contact: Callable[[str], Contact], synced: Synced
) -> None:
    run, _, _ = record.read()
    if run is None:  # a process was killed before the first line was whole
        record.remove()
        return
    uri = address(run.uri)
    try:
        run_id = replay(record, ClientRunStore(Store(uri, run.experiment_id, "")), contact(uri))
    except StoreAway:
        synced.waiting.append(record.folder)
    except Exception as problem:  # every kind of store fails in its own words
        synced.refused.append((record.folder, first_line(problem)))
    else:
        synced.written.append((record.folder, run_id))


def full_address(masked: str, given: str | None) -> str:
    """The address of the store that a journal names.

    Args:
        masked: as the journal has it.
        given: by the user, which wins.

    Raises:
        InputError: it has a password, which is written nowhere.
    """
    configured = os.environ.get("MLFLOW_TRACKING_URI", "")
    if given:
        return given
    if without_password(configured) == masked:
        return configured
    if MASKED_PASSWORD in masked:
        raise InputError(f"{masked}: passwords are written nowhere; give the whole address with --uri")
    return masked
