"""`runner doctor`: whether all that runs stand on is as it should be, each thing that is not with its way out."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from packaging.requirements import Requirement

from runner import tracking
from runner.errors import InputError
from runner.runs.process import host_of
from runner.tracking import names
from runner.tracking.store import sqlite_file
from runner.writing.console import short_path
from runner.writing.wording import typed, without_password

PROJECT = "imbalance-runner"
LEAST_FREE = 1_000_000_000
"""Bytes below which a disk counts as full: a sweep with models needs about that."""


@dataclass(frozen=True)
class Answer:
    """The answer to one question.

    Attributes:
        about: what was looked at.
        text: what was found, and if it is a problem, the way out.
        is_problem: whether runs would suffer from it.
    """

    about: str
    text: str
    is_problem: bool = False


def doctor(arguments: Sequence[str]) -> int:
    """Checks store, artifacts, disk, packages, GPU and what waits, and ends runs of killed processes."""
    parser = argparse.ArgumentParser(prog="runner doctor", description=doctor.__doc__)
    parser.add_argument("--outputs", type=Path, default=Path("outputs"), help="folder of the runs (default: outputs)")
    parser.add_argument(
        "--uri", help="the store; default: MLFLOW_TRACKING_URI, else the last run's, else outputs/mlflow.db"
    )
    parser.add_argument("--experiment", help="default: the last run's")
    options = parser.parse_args(arguments)
    worst = 0
    for each in _answers(options.outputs, options.uri, options.experiment):
        print(f"{'PROBLEM' if each.is_problem else 'ok':<8} {each.about:<10} {each.text}", flush=True)
        worst = max(worst, int(each.is_problem))
    return worst


def _answers(outputs: Path, uri: str | None, experiment: str | None) -> Iterator[Answer]:
    yield from _versions()
    yield _disk(outputs)
    yield _pending(outputs)
    yield from _store(outputs, uri, experiment)
    yield _gpu()


def _versions() -> Iterator[Answer]:
    """The installed packages against what this project declares."""
    try:
        declared = [Requirement(line) for line in requires(PROJECT) or ()]
    except PackageNotFoundError:  # run from a clone that is not installed
        declared = []
    wrong = []
    for each in declared:
        if each.marker is not None and not each.marker.evaluate({"extra": ""}):
            continue
        try:
            installed = version(each.name)
        except PackageNotFoundError:
            wrong.append(f"{each.name} is missing")
            continue
        if not each.specifier.contains(installed, prereleases=True):
            wrong.append(f"{each.name} {installed} is not {each.specifier}")
    if wrong:
        yield Answer("packages", f"{', '.join(wrong)}: `{typed('pip', 'install', '-e', '.')}` in the clone", True)
    main = ", ".join(f"{name} {version(name)}" for name in ("tensorflow", "keras", "mlflow", "hydra-core"))
    yield Answer("versions", f"Python {platform.python_version()}, {main}")


def _disk(outputs: Path) -> Answer:
    """The free space where runs go."""
    there = next(path for path in (outputs.absolute(), *outputs.absolute().parents) if path.exists())
    free = shutil.disk_usage(there).free
    text = f"{free / 1e9:.1f} GB free for {short_path(outputs.absolute())}"
    if free < LEAST_FREE:
        return Answer("disk", f"{text}: make room, or choose another folder with paths.outputs=...", True)
    if not os.access(there, os.W_OK):
        return Answer("disk", f"{there} cannot be written: choose another folder with paths.outputs=...", True)
    return Answer("disk", text)


def _pending(outputs: Path) -> Answer:
    """Runs that a server has not got yet."""
    waiting = len(tracking.pending_records(outputs))
    if waiting:
        runs = "1 run waits" if waiting == 1 else f"{waiting} runs wait"
        return Answer(
            "waiting", f"{runs} for a server: `{typed('runner', 'sync', short_path(outputs.absolute()))}`", True
        )
    return Answer("waiting", "nothing waits to be recorded")


def _store(outputs: Path, uri: str | None, experiment: str | None) -> Iterator[Answer]:
    """The store, its place for artifacts, and its open runs."""
    last = tracking.last_store(outputs)
    if uri is None and not os.environ.get("MLFLOW_TRACKING_URI") and last is not None and not last.lacks_password:
        uri = last.uri
    name = experiment or (last.experiment if last is not None else tracking.EXPERIMENT)
    address = tracking.store_uri(uri, outputs)
    file = sqlite_file(address)
    if file is not None and not file.exists():
        yield Answer("store", f"{short_path(file)} is not there yet: the first run makes it")
        return
    if advice := tracking.other_revision(address):
        yield Answer("store", advice, True)
        return
    try:
        store = tracking.open_store(address, name, outputs)
    except InputError as problem:
        yield Answer("store", str(problem), True)
        return
    yield Answer("store", f"{without_password(address)} answers, and takes artifacts of the experiment {name}")
    tracker = tracking.MlflowTracker(store)
    running = tracker.running()
    ended = tracking.end_stale_runs(tracker, running)
    left = [run for run in running if run not in ended]
    if ended:
        which = ", ".join(run.run_id for run in ended[:10]) + (" ..." if len(ended) > 10 else "")
        yield Answer("open runs", f"{len(ended)} of killed processes ended as KILLED: {which}")
    if silent := tracking.silent_runs(left):
        hosts = " and ".join(sorted({host_of(run.tags[names.PROCESS]) for run in silent}))
        which = ", ".join(run.run_id for run in silent[:10]) + (" ..." if len(silent) > 10 else "")
        way_out = f"`runner doctor` on {hosts} ends those of dead processes"
        yield Answer("open runs", f"{len(silent)} not heard of for ten minutes: {way_out}: {which}", True)
    still = f"{len(left)} still open, under way or of other machines"
    yield Answer("open runs", still if left else "none left open")


def _gpu() -> Answer:
    """What TensorFlow would train on."""
    from runner.training.runtime import tf

    gpus = [device.name for device in tf.config.list_physical_devices("GPU")]
    return Answer(
        "GPU", f"TensorFlow sees {', '.join(gpus)}" if gpus else "none that TensorFlow sees: runs train on the CPU"
    )
