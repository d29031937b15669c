"""Fresh processes, timed and watched from outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

BENCHMARKS = Path(__file__).parents[1]
ROOT = BENCHMARKS.parent


@dataclass(frozen=True)
class Ended:
    """A process that has ended well.

    Attributes:
        started, seconds: when it began (seconds since 1970), and how long it took, its interpreter's start included.
        memory: (time, bytes) of its resident set, if it was watched.
        output: what it wrote.
    """

    started: float
    seconds: float
    memory: list[tuple[float, int]]
    output: str


def run(arguments: Sequence[str], folder: Path, *, every: float | None = None, threads: int | None = None) -> Ended:
    """Runs Python with `arguments` in `folder` until it ends.

    Args:
        arguments: of the interpreter.
        folder: to work in.
        every: seconds between two looks at its memory; None does not look.
        threads: for an operation of TensorFlow; None leaves it to TensorFlow.

    Raises:
        RuntimeError: it failed; with the end of what it wrote.
    """
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(BENCHMARKS)]),
        "MLFLOW_DISABLE_TELEMETRY": "true",  # for all sides: nobody waits for a network that might not answer
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "COLUMNS": "200",
    }
    if threads is not None:
        environment |= {"TF_NUM_INTRAOP_THREADS": str(threads)}
    memory: list[tuple[float, int]] = []
    with tempfile.TemporaryFile("w+") as output:
        started, begun = time.time(), time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *arguments], cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            if every is not None:
                threading.Thread(target=_watch, args=(process, every, memory), daemon=True).start()
            code = process.wait()
        except BaseException:
            process.terminate()
            process.wait()
            raise
        seconds = time.perf_counter() - begun
        output.seek(0)
        text = output.read()
    if code:
        raise RuntimeError(f"{' '.join(arguments)} ended with {code}:\n{text[-3000:]}")
    return Ended(started, seconds, memory, text)


def answer(ended: Ended) -> Any:
    """What a script of ours printed as JSON on its last line."""
    return json.loads(ended.output.strip().splitlines()[-1])


def _watch(process: subprocess.Popen[bytes], every: float, memory: list[tuple[float, int]]) -> None:
    watched = psutil.Process(process.pid)
    while process.poll() is None:
        try:
            memory.append((time.time(), watched.memory_info().rss))
        except psutil.Error:  # it has just ended
            return
        time.sleep(every)
