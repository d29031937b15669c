"""The runs and sweeps that are disturbed, and how a command is run, killed, sent signals, cut off from its reader."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from mlflow_server import MlflowServer, mlflow_server  # noqa: E402

SECONDS = 600.0
SMALL = ("dataset=synthetic", "dataset.rows=400", "dataset.prevalence=0.2", "evaluation.bootstrap=50")


@dataclass(frozen=True)
class Work:
    """A command that is disturbed.

    Attributes:
        name: in words.
        words: of the command.
        runs: that it makes, the parent not counted.
        exact: whether its metrics are the same whenever it was disturbed; a search's depend on what was tried before.
    """

    name: str
    words: tuple[str, ...]
    runs: int
    exact: bool = True


_SWEPT = ("-m", *SMALL, "loss=builtin,focal", "split.seed=0,1,2", "trainer.epochs=4", "comparison.references=none")
SWEEPS = (
    Work("fused", _SWEPT, 6),
    Work("fused, two processes", (*_SWEPT, "hydra.launcher.n_jobs=2"), 6),
    Work("basic", (*_SWEPT, "hydra/launcher=basic"), 6),
    Work("joblib", (*_SWEPT, "hydra/launcher=joblib", "hydra.launcher.n_jobs=2"), 6),
    Work(
        "optuna",
        (
            "-m",
            *SMALL,
            "trainer.epochs=4",
            "hydra/sweeper=optuna",
            "hydra.sweeper.n_trials=6",
            "loss=focal",
            "loss.gamma=interval(0.5,4)",
        ),
        6,
        exact=False,
    ),
)
SINGLE = Work("one run", (*SMALL, "trainer.epochs=4"), 1)
LONG = Work("one long run", (*SMALL, "trainer.epochs=1500", "trainer.early_stopping=null"), 1)
ENDLESS = Work("one run", (*SMALL, "trainer.epochs=1000000", "trainer.early_stopping=null"), 1)


@dataclass(frozen=True)
class Done:
    """A command that has ended.

    Attributes:
        status: of its exit.
        said: on standard output and error.
        seconds: that it took.
    """

    status: int
    said: str
    seconds: float


def first(work: Work) -> list[str]:
    """The command itself."""
    return [sys.executable, "-m", "runner", *work.words]


def again(work: Work, folder: Path) -> list[str]:
    """The command that goes on with it; the command itself where it had not come so far as to have a parent."""
    from chaos_sides.audit import parents

    return [*first(work), "sweep.resume=true"] if parents(folder) else first(work)


def finished(
    words: Sequence[str],
    folder: Path,
    *,
    kill_after: float | None = None,
    signals_after: tuple[str, Sequence[int]] | None = None,
    read_lines: int | None = None,
    disturbed: Callable[[], None] | None = None,
) -> Done:
    """Runs a command in a folder until it ends.

    Args:
        words: of the command.
        folder: it is started in.
        kill_after: seconds after which its whole group is killed.
        signals_after: text after which it is sent these signals, a moment later, half a second apart.
        read_lines: of its output; then nobody reads on.
        disturbed: called in a thread when it trains.
    """
    folder.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    process = subprocess.Popen(
        list(words),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if read_lines is not None else subprocess.STDOUT,
        start_new_session=True,
        text=True,
    )
    assert process.stdout is not None
    watch = threading.Timer(SECONDS if kill_after is None else kill_after, lambda: _send(process, signal.SIGKILL))
    watch.start()
    said: list[str] = []
    sent = False
    try:
        for line in process.stdout:
            said.append(line)
            if disturbed is not None and not sent and re.search("epoch|training|runs|recorded", line):
                sent = True
                threading.Thread(target=disturbed, daemon=True).start()
            if signals_after is not None and not sent and re.search(signals_after[0], line):
                sent = True
                threading.Thread(target=_send_all, args=(process, signals_after[1]), daemon=True).start()
            if read_lines is not None and len(said) >= read_lines:
                process.stdout.close()
                break
        if read_lines is not None and process.stderr is not None:
            said += process.stderr.readlines()
        process.wait(SECONDS)
    finally:
        watch.cancel()
        _send(process, signal.SIGKILL)  # what it has left running would go on
        process.wait()
    return Done(process.returncode, "".join(said), time.monotonic() - begun)


def at_once(commands: Sequence[Sequence[str]], folder: Path) -> list[Done]:
    """Runs commands in one folder at the same time."""
    ended: list[Done | None] = [None] * len(commands)

    def run(number: int) -> None:
        ended[number] = finished(commands[number], folder)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(commands))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [done for done in ended if done is not None]


@contextmanager
def server(folder: Path) -> Iterator[MlflowServer]:
    """An MLflow server over SQLite."""
    with mlflow_server(folder) as running:
        yield running


def take_away(running: MlflowServer, seconds: float) -> None:
    """Kills the server, and starts it again later."""
    running.kill()
    time.sleep(seconds)
    running.start()


def megabytes(work: Work, folder: Path) -> int:
    """What a command writes, measured by running it undisturbed, once."""
    calm = folder / f"size {work.name}"
    if not calm.exists():
        done = finished(first(work), calm)
        assert done.status == 0, done.said
    total = sum(path.stat().st_size for path in calm.rglob("*") if path.is_file())
    return max(1, round(total / 2**20))


def _send_all(process: subprocess.Popen[str], numbers: Sequence[int]) -> None:
    time.sleep(1.0)
    for number in numbers:
        _send(process, number)
        time.sleep(0.5)


def _send(process: subprocess.Popen[str], number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
