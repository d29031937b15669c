"""Whether every run ends accounted for: sweeps and runs under kill -9, signals, a full disk, a server that is away.

    python benchmarks/chaos.py                         # everything; root fills disks of its own
    python benchmarks/chaos.py kill --kills 20 --seed 3
    python benchmarks/chaos.py signals pipe full away together

After each disturbance the sweep is resumed until it is done, and store and folders are looked through: every run
FINISHED once, nothing RUNNING, artifacts and models complete, metrics equal to the undisturbed sweep's bit by bit.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from chaos_sides import audit, commands
from chaos_sides.disks import SmallDisk
from rich.console import Console
from rich.table import Table

MOST_RESUMES = 12


@dataclass
class Trial:
    """One disturbance and what came of it.

    Attributes:
        name: what was done.
        attempts: commands that it took.
        wrong: what was not as promised.
    """

    name: str
    attempts: int = 1
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Settings:
    """What is asked for.

    Attributes:
        folder: where everything goes.
        sweeps: that are disturbed.
        kills: of each launcher.
        seed: of the moments.
        away: seconds that a server is away.
    """

    folder: Path
    sweeps: Sequence[commands.Work]
    kills: int
    seed: int
    away: Sequence[float]


def until_done(trial: Trial, work: commands.Work, folder: Path) -> str:
    """Resumes a sweep until it ends well; returns what was said on the way."""
    said = ""
    for _ in range(MOST_RESUMES):
        done = commands.finished(commands.again(work, folder), folder)
        trial.attempts += 1
        said += done.said
        if done.status == 0:
            return said
    trial.wrong.append(f"not done after {MOST_RESUMES} attempts: {said[-500:]}")
    return said


def kill(settings: Settings) -> Iterator[Trial]:
    """kill -9 of the whole process group at a random moment, again and again until a command gets through."""
    moments = random.Random(settings.seed)
    for work in settings.sweeps:
        calm = settings.folder / f"calm {work.name}"
        took = commands.finished(commands.first(work), calm).seconds
        expected = audit.metrics_of(calm)
        for number in range(settings.kills):
            folder = settings.folder / f"kill {work.name} {number}"
            trial = Trial(f"kill -9, {work.name}", attempts=0)
            said, status = "", 1
            while status != 0 and trial.attempts < MOST_RESUMES:
                words = commands.again(work, folder) if trial.attempts else commands.first(work)
                last = trial.attempts >= 2  # so that it comes to an end
                done = commands.finished(words, folder, kill_after=None if last else moments.uniform(0.2, 1.1) * took)
                trial.attempts += 1
                said, status = said + done.said, done.status
            trial.wrong += audit.wrong(folder, work.runs)
            if work.exact:
                trial.wrong += audit.differences(expected, audit.metrics_of(folder))
            trial.wrong += audit.tracebacks(said)
            yield trial


def signals(settings: Settings) -> Iterator[Trial]:
    """What ends a run or a sweep from outside, once and again, at three moments."""
    sent = {
        "SIGHUP": [signal.SIGHUP],
        "SIGTERM": [signal.SIGTERM],
        "Ctrl-C twice": [signal.SIGINT] * 2,
        "Ctrl-C five times": [signal.SIGINT] * 5,
    }
    for name, numbers in sent.items():
        for work, at in ((commands.ENDLESS, r"\d+ ?/ ?1000000|epoch"), (settings.sweeps[0], r"fused|runs|stack")):
            folder = settings.folder / f"{name} {work.name}"
            trial = Trial(f"{name}, {work.name}")
            done = commands.finished(commands.first(work), folder, signals_after=(at, numbers))
            trial.wrong += audit.tracebacks(done.said) + audit.open_runs(folder)
            if work is not commands.ENDLESS and done.status != 0:
                until_done(trial, work, folder)
                trial.wrong += audit.wrong(folder, work.runs)
            yield trial


def pipe(settings: Settings) -> Iterator[Trial]:
    """`| head -1`: nobody reads on."""
    for work in settings.sweeps:
        folder = settings.folder / f"head {work.name}"
        trial = Trial(f"| head -1, {work.name}")
        done = commands.finished(commands.first(work), folder, read_lines=1)
        trial.wrong += [] if done.status == 0 else [f"exit status {done.status}"]
        trial.wrong += audit.wrong(folder, work.runs) + audit.tracebacks(done.said)
        yield trial


def full(settings: Settings) -> Iterator[Trial]:
    """A disk that has no room left from some moment on; then there is room again."""
    for work in (commands.SINGLE, *settings.sweeps):
        for share in (0.02, 0.3, 0.6, 0.9):
            trial = Trial(f"disk full at {share:.0%}, {work.name}")
            with SmallDisk(settings.folder / "disk", commands.megabytes(work, settings.folder), share) as disk:
                done = commands.finished(commands.first(work), disk.path)
                if done.status == 0:
                    trial.name += " (it had room)"
                else:
                    trial.wrong += audit.tracebacks(done.said) + audit.says_disk(done.said)
                disk.make_room()
                if work is commands.SINGLE:
                    trial.wrong += audit.torn_files(disk.path, audit.unfinished(disk.path))
                else:
                    until_done(trial, work, disk.path)
                    trial.wrong += audit.wrong(disk.path, work.runs)
            yield trial


def away(settings: Settings) -> Iterator[Trial]:
    """A server that is killed in the middle and started again."""
    for seconds in settings.away:
        for work in (commands.LONG, settings.sweeps[0]):
            folder = settings.folder / f"away {seconds:g} {work.name}"
            trial = Trial(f"server away {seconds:g} s, {work.name}")
            with commands.server(folder / "server") as running:
                done = commands.finished(
                    [*commands.first(work), f"tracking.uri={running.uri}"],
                    folder,
                    disturbed=lambda running=running, seconds=seconds: commands.take_away(running, seconds),
                )
                trial.wrong += [] if done.status == 0 else [f"exit status {done.status}: {done.said[-300:]}"]
                trial.wrong += audit.wrong(folder, work.runs, running.uri) + audit.tracebacks(done.said)
            yield trial


def together(settings: Settings) -> Iterator[Trial]:
    """Four sweeps at once on a store that is not there yet; one command twice in the same second."""
    work = settings.sweeps[0]
    for name, seeds in (("four sweeps on one fresh store", range(4)), ("the same command twice", (0, 0))):
        folder = settings.folder / name
        trial = Trial(name)
        ended = commands.at_once([[*commands.first(work), f"seed={seed}"] for seed in seeds], folder)
        for done in ended:
            trial.wrong += audit.tracebacks(done.said)
            if done.status != 0:
                trial.wrong.append(f"exit status {done.status}: {done.said[-300:]}")
        trial.wrong += audit.wrong(folder, work.runs * len(seeds), sweeps=len(seeds))
        yield trial


SECTIONS: dict[str, Callable[[Settings], Iterator[Trial]]] = {
    "kill": kill,
    "signals": signals,
    "pipe": pipe,
    "full": full,
    "away": away,
    "together": together,
}


def main() -> None:
    """Disturbs, and prints a line as each trial is over, and the table at the end."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sections", nargs="*", metavar="section", help=f"of {', '.join(SECTIONS)}; none: all")
    kinds = [work.name for work in commands.SWEEPS]
    parser.add_argument("--sweep", action="append", choices=kinds, help="repeatable; without it all of them")
    parser.add_argument("--kills", type=int, default=20, help="of each launcher")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--away", type=float, nargs="+", default=[20.0, 60.0], help="seconds")
    parser.add_argument("--folder", type=Path, help="where everything is left; else a temporary one")
    arguments = parser.parse_args()
    folder = arguments.folder or Path(tempfile.mkdtemp(prefix="chaos"))
    sweeps = [work for work in commands.SWEEPS if not arguments.sweep or work.name in arguments.sweep]
    settings = Settings(folder.absolute(), sweeps, arguments.kills, arguments.seed, arguments.away)
    table = Table("what", "attempts", "wrong")
    for section in arguments.sections or SECTIONS:
        for trial in SECTIONS[section](settings):
            words = "; ".join(trial.wrong) or "nothing"
            print(f"{time.strftime('%H:%M:%S')} {trial.name}: {trial.attempts} attempts; wrong: {words}", flush=True)
            table.add_row(trial.name, str(trial.attempts), words)
    Console().print(table)
    if arguments.folder is None:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
