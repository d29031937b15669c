"""Figures drawn by another process, while this one does something else."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import TracebackType

from matplotlib.figure import Figure

from runner.figures.style import save

Draw = Callable[[], Figure]
"""Makes a figure; a `functools.partial` of a function of this package, whose arguments can be sent to a process."""


class DrawingProcess:
    """A context: leaving it waits until all is drawn, or gives up what is not, where an error leaves it."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._until_closed, self._wanted = context.Pipe(duplex=False)
        arguments = (self._until_closed,)
        self._process = ProcessPoolExecutor(1, context, initializer=_follow_parent, initargs=arguments)

    def __enter__(self) -> DrawingProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, at: TracebackType | None
    ) -> None:
        self._process.shutdown(wait=problem is None, cancel_futures=problem is not None)
        # Python 3.11 may leave a process alive whose futures were cancelled; this ends it, whatever it is doing.
        self._wanted.close()
        self._until_closed.close()

    def save(self, draw: Draw, path: Path) -> Future[None]:
        """Has a figure drawn into a file, whose folder must exist; returns at once."""
        return self._process.submit(_save, draw, path)


def _save(draw: Draw, path: Path) -> None:
    save(draw(), path)


def _follow_parent(until_closed: Connection) -> None:
    """Ctrl-C is for the process that waits; when that is gone or has given up, nobody needs what is drawn here."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def end_when_unwanted() -> None:
        wait([parent.sentinel, until_closed])
        os._exit(1)

    threading.Thread(target=end_when_unwanted, daemon=True).start()
