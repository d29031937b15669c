"""Runs that a store takes for RUNNING, and whose process is dead: MLflow itself never ends them."""

from __future__ import annotations

import logging
from pathlib import Path

from runner.runs.process import is_dead_here
from runner.tracking import names
from runner.tracking.pending import PendingRecord
from runner.tracking.recorded_run import RecordedRun
from runner.tracking.recorder import StoreAway
from runner.tracking.tracker import Tracker
from runner.wording import first_line

log = logging.getLogger("runner.tracking")


def end_stale_runs(tracker: Tracker) -> list[RecordedRun]:
    """Ends runs and sweeps of processes of this machine that are dead, as KILLED; returns them.

    Those of other machines are left alone, for they cannot be asked; so are those of which something waits in their
    folder, for they may have ended well.

    Args:
        tracker: of the experiment that is looked through.
    """
    stale = [run for run in tracker.running() if is_dead_here(run.tags.get(names.PROCESS, "")) and not _waits(run)]
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


def end_as_killed(tracker: Tracker, run_id: str) -> None:
    """Ends a run whose process could not do it."""
    tracker.set_tags(run_id, {names.FAILURE: names.DIED, names.NOTE: f"**KILLED.** {names.DIED}"})
    tracker.end_run(run_id, "KILLED")
    tracker.remove_unfinished_model(run_id)


def _waits(run: RecordedRun) -> bool:
    return names.FOLDER in run.tags and PendingRecord(Path(run.tags[names.FOLDER])).exists
