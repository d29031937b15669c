"""Sweeps that are recorded already: which one goes on, what of it is done, what of it died."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner import tracking
from runner.errors import InputError
from runner.runs.outcome import Outcome
from runner.runs.process import is_alive, this_process
from runner.sweeps.slurm_queue import task_states
from runner.tracking import names
from runner.tracking.recorded_run import RecordedRun
from runner.tracking.tracker import Tracker

POLL_SECONDS = 0.5


@dataclass(frozen=True)
class SweepCommand:
    """How a sweep was started.

    Attributes:
        arguments: of the command line, without those about resuming.
        folder: in which it was started.
    """

    arguments: list[str]
    folder: str


def resumed_parent(tracker: Tracker, key: str, resume: Any) -> str:
    """The id of the parent run that goes on, made RUNNING again, its dead children closed.

    Args:
        tracker: where it is recorded.
        key: of the sweep's overrides.
        resume: `sweep.resume` of the config: true for the latest sweep of that key, or a parent's id.

    Raises:
        InputError: there is no such sweep, or it is still running.
    """
    found = tracker.find_run({names.SWEEP_KEY: key}) if resume is True else tracker.run(str(resume))
    if found is None:
        raise InputError(
            f"sweep.resume={resume}: the store has no sweep "
            + ("of this command; leave sweep.resume out to start one" if resume is True else "of that id")
        )
    if names.SWEEP_KEY not in found.tags:
        raise InputError(f"sweep.resume={resume}: that run is no sweep's parent")
    if found.status == "RUNNING" and is_alive(found.tags.get(names.PROCESS, "")):
        raise InputError(f"sweep.resume: the sweep {found.run_id} is still running; wait for it, or end it with Ctrl-C")
    refuse_queued(found)
    close_stale_children(tracker, found.run_id)
    tracker.reopen_run(found.run_id)
    tracker.set_tags(found.run_id, {names.PROCESS: this_process()})
    return found.run_id


def refuse_queued(parent: RecordedRun) -> None:
    """Refuses a sweep whose tasks are still in Slurm's queue: they go on without the process that launched them.

    Raises:
        InputError: names them, and how to end them.
    """
    job = parent.tags.get(names.SLURM_JOB)
    states = (task_states(job) or {}) if job else {}
    queued = [f"{task} {state.name}" for task, state in states.items() if not state.ended]
    if queued:
        few = ", ".join(queued[:3]) + (", ..." if len(queued) > 3 else "")
        raise InputError(
            f"sweep.resume: the sweep {parent.run_id} still has tasks in Slurm's queue ({few}): wait for them, or end "
            f"them with `scancel {job}`"
        )


def finished_outcomes(tracker: Tracker, parent_id: str, *, given_up: bool = False) -> dict[str, Outcome]:
    """What the finished children of a sweep came to, by fingerprint.

    Args:
        tracker: where they are recorded.
        parent_id: of the sweep.
        given_up: whether runs that were given up are done; of a search, another trial may be trained to its end.
    """
    found = {}
    for run in tracker.children(parent_id, "FINISHED"):
        mark, objectives = run.tags.get(names.FINGERPRINT), objectives_of(run)
        if mark and objectives and (given_up or not run.was_pruned):
            values = tuple(run.metrics.get(name, math.nan) for name in objectives)
            found[mark] = Outcome(run.name, values, run.run_id, pruned=run.was_pruned)
    return found


def objectives_of(run: RecordedRun) -> list[str]:
    """The metrics that a run returned to its sweeper.

    They are in a tag as JSON; runs of older versions have the printed config value alone, such as `['val/f1']`.
    """
    if names.OBJECTIVES in run.tags:
        return list(json.loads(run.tags[names.OBJECTIVES]))
    return re.findall(r"[\w/]+", run.params.get("objective", ""))


def close_stale_children(tracker: Tracker, parent_id: str, patience: float = 0.0) -> None:
    """Ends RUNNING children whose process is dead as KILLED; waits up to `patience` seconds for those alive."""
    deadline = time.monotonic() + patience
    mine = this_process()
    while True:
        running = tracker.children(parent_id, "RUNNING")
        # This process's own runs are closed by the code that recorded them, or never will be.
        others = {run.run_id for run in running if run.tags.get(names.PROCESS, "") != mine}
        alive = {run.run_id for run in running if run.run_id in others and is_alive(run.tags.get(names.PROCESS, ""))}
        if not alive or time.monotonic() > deadline:
            break
        time.sleep(POLL_SECONDS)
    for run in running:
        if run.run_id not in alive:
            tracking.end_as_killed(tracker, run.run_id)


def end_children_in(tracker: Tracker, parent_id: str, folders: Collection[Path]) -> None:
    """Ends RUNNING children as KILLED whose files are in certain folders: whoever calls knows that nobody runs them."""
    for run in tracker.children(parent_id, "RUNNING"):
        if Path(run.tags.get(names.FOLDER, "")) in folders:
            tracking.end_as_killed(tracker, run.run_id)


def command_of(uri: str, run_id: str) -> SweepCommand:
    """How a recorded sweep was started.

    Args:
        uri: of the MLflow store.
        run_id: of the sweep's parent run.

    Raises:
        InputError: the store has no such sweep.
    """
    _, parent = tracking.recorded_sweep(uri, run_id)
    arguments = json.loads(parent.tags[names.SWEEP_COMMAND])
    return SweepCommand(
        [word for word in arguments if not word.startswith("sweep.resume")], parent.tags[names.SWEEP_STARTED_IN]
    )
