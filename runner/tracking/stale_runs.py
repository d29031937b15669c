"""Runs that a store takes for RUNNING, and whose process is dead: MLflow itself never ends them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from runner.runs.process import host_of, is_dead_here, this_process
from runner.tracking import names
from runner.tracking.pending import PendingRecord
from runner.tracking.recorded_run import RecordedRun
from runner.tracking.recorder import StoreAway
from runner.tracking.tracker import Tracker
from runner.writing.wording import first_line

log = logging.getLogger("runner.tracking")

SILENT_SECONDS = 600.0
"""After which an open run is told of whose heartbeat, once a minute, has stopped."""


def end_stale_runs(tracker: Tracker, running: Sequence[RecordedRun] | None = None) -> list[RecordedRun]:
    """Ends runs and sweeps of processes of this machine that are dead, as KILLED; returns them.

    Those of other machines are left alone, for they cannot be asked; so are those of which something waits in their
    folder, for they may have ended well.

    Args:
        tracker: of the experiment that is looked through.
        running: its open runs, where they are known already.
    """
    found = tracker.running() if running is None else running
    stale = [run for run in found if is_dead_here(run.tags.get(names.PROCESS, "")) and not _waits(run)]
    for run in stale:
        end_as_killed(tracker, run.run_id)
    return stale


def end_stale_runs_if_possible(tracker: Tracker) -> None:
    """The same on the way to something else, which a store that refuses does not end."""
    try:
        for run in end_stale_runs(tracker):
            log.info("%s (%s) ended as KILLED: %s", run.name, run.run_id, names.DIED)
    except StoreAway:  # which the run itself tells of
        pass
    except Exception as problem:  # every kind of store fails in its own words
        log.warning("runs of dead processes stay RUNNING: %s", first_line(problem))


def heartbeat() -> str:
    """Now, as the value of the tag `heartbeat`."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def silent_runs(running: Sequence[RecordedRun]) -> list[RecordedRun]:
    """Open runs of other machines that have not been heard of for a while: their processes may be dead.

    A run without a heartbeat is known by its start. Sweeps have none, and are left out.

    Args:
        running: the open runs of an experiment.
    """
    return [run for run in running if _is_elsewhere(run) and _seconds_silent(run) > SILENT_SECONDS]


def _is_elsewhere(run: RecordedRun) -> bool:
    host = host_of(run.tags.get(names.PROCESS, ""))
    return bool(host) and host != host_of(this_process()) and names.SWEEP_KEY not in run.tags


def _seconds_silent(run: RecordedRun) -> float:
    now = datetime.now(UTC)
    try:
        return (now - datetime.fromisoformat(run.tags[names.HEARTBEAT])).total_seconds()
    except (KeyError, ValueError):
        return now.timestamp() - run.started / 1000


def end_as_killed(tracker: Tracker, run_id: str) -> None:
    """Ends a run whose process could not do it."""
    tracker.set_tags(run_id, {names.FAILURE: names.DIED, names.NOTE: f"**KILLED.** {names.DIED}"})
    tracker.end_run(run_id, "KILLED")
    tracker.remove_unfinished_model(run_id)


def _waits(run: RecordedRun) -> bool:
    return names.FOLDER in run.tags and PendingRecord(Path(run.tags[names.FOLDER])).exists
