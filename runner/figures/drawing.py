"""Figures drawn by another process, while this one does something else."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from types import TracebackType

from matplotlib.figure import Figure

from runner.figures.style import save

Draw = Callable[[], Figure]
"""Makes a figure; a `functools.partial` of a function of this package, whose arguments can be sent to a process."""


class DrawingProcess:
    """A context: leaving it waits until all is drawn, or gives up what is not, where an error leaves it."""

    def __init__(self) -> None:
        self._process = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), initializer=_follow_parent)

    def __enter__(self) -> DrawingProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, at: TracebackType | None
    ) -> None:
        self._process.shutdown(wait=problem is None, cancel_futures=problem is not None)

    def save(self, draw: Draw, path: Path) -> Future[None]:
        """Has a figure drawn into a file, whose folder must exist; returns at once."""
        return self._process.submit(_save, draw, path)


def _save(draw: Draw, path: Path) -> None:
    save(draw(), path)


def _follow_parent() -> None:
    """Ctrl-C is for the process that waits; when that is gone, however it ended, nobody needs what is drawn here."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def end_with_parent() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=end_with_parent, daemon=True).start()
