"""Entries of a journal: made of what is to be recorded, and written into a store. Each may be written twice."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mlflow.entities import Dataset, DatasetInput, InputTag, Metric

from runner.runs.process import is_alive
from runner.tracking import names
from runner.tracking.contact import Contact
from runner.tracking.pending import Entry, PendingRecord, PendingRun
from runner.tracking.recorder import StoreAway
from runner.tracking.run_store import ClientRunStore, CreatedRun, NewRun


def creation(run: NewRun, began: int) -> Entry:
    """The run is made.

    Args:
        run: with the tag `record`.
        began: milliseconds since 1970.
    """
    described = run.dataset.dataset
    dataset = {
        "name": described.name,
        "digest": described.digest,
        "source_type": described.source_type,
        "source": described.source,
        "schema": described.schema,
        "profile": described.profile,
    }
    contexts = {tag.key: tag.value for tag in run.dataset.tags}
    values = {"name": run.name, "tags": dict(run.tags), "params": dict(run.params)}
    return {"do": "create", **values, "dataset": dataset, "contexts": contexts, "began": began}


def values(metrics: Sequence[Metric], tags: Mapping[str, str]) -> Entry:
    """Metrics and tags are added; json has NaN and infinity too."""
    rows = [[each.key, each.value, each.timestamp, each.step] for each in metrics]
    return {"do": "write", "metrics": rows, "tags": dict(tags)}


def files(path: str, to: str) -> Entry:
    """A file of the folder, or the files of a folder in it, become artifacts.

    Args:
        path: within the run's folder.
        to: the folder of the artifacts; empty for the uppermost.
    """
    return {"do": "files", "path": path, "to": to}


def model() -> Entry:
    """The model that is saved in the run's folder is logged."""
    return {"do": "model"}


def ending(status: str, reason: str) -> Entry:
    """The run is over, now."""
    return {"do": "end", "status": status, "reason": reason, "at": int(time.time() * 1000)}


def replay(record: PendingRecord, store: ClientRunStore, contact: Contact) -> str:
    """Writes what the store has not got of a run; the journal, which is open, is gone then. Returns the run's id.

    Cut off at any place, it goes on where it was.

    Raises:
        StoreAway: the store does not answer; the journal has what it lacks.
        Exception: the store refuses it. The run is ended as FAILED, and what it lacks is set aside.
    """
    run, entries, done = record.read()
    if run is None:
        record.remove()
        return ""
    run_id = run.run_id
    try:
        for number, entry in enumerate(entries[done:], done + 1):
            with contact.asking():
                run_id = _write(entry, run, run_id, store, record.folder)
            record.mark(number, run_id)
        if run_id and not is_alive(run.process) and not any(entry["do"] == "end" for entry in entries):
            with contact.asking():
                store.end_if_running(run_id, "KILLED", names.DIED)
    except StoreAway:
        raise
    except Exception as problem:
        store.fail(run_id, problem)
        record.refuse()
        raise
    record.remove()
    return run_id


def _write(entry: Entry, run: PendingRun, run_id: str, store: ClientRunStore, folder: Path) -> str:
    """Writes one entry; returns the run's id."""
    kind = entry["do"]
    if kind == "create":
        return _create(entry, run, store)
    if kind == "write":
        store.write(run_id, [Metric(*row) for row in entry["metrics"]], entry["tags"])
    elif kind == "files":
        store.log_files(run_id, folder / entry["path"], entry["to"])
    elif kind == "model":
        store.log_saved_model(run_id, folder / names.MODEL)
    elif kind == "end":
        store.end(run_id, entry["status"], entry["reason"], entry["at"])
    return run_id


def _create(entry: Entry, run: PendingRun, store: ClientRunStore) -> str:
    """The run, which may be there already: the store may have made it, and not been able to say so."""
    described: Mapping[str, Any] = entry["dataset"]
    contexts = [InputTag(*each) for each in entry["contexts"].items()]
    new = NewRun(entry["name"], entry["tags"], entry["params"], DatasetInput(Dataset(**described), tags=contexts))
    made: CreatedRun = store.find(run.key) or store.begin(new, entry["began"])
    store.describe(made, new)
    return made.run_id
