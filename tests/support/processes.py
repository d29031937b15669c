"""A process that a test starts, watches and ends."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Self

PATIENCE = 300.0
"""Seconds after which a process is taken to hang: many times what a busy machine needs."""
LAST_WORDS = 10.0
"""Seconds in which what a process has printed is read after its end; a child that lives on might never close it."""


class Process:
    """A process in a group of its own, with what it and its children print read as it comes.

    Args:
        arguments: of the command.
        cwd: its folder.
        environment: what it gets besides this process's.
        terminal: whether it takes its output for a terminal.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        cwd: Path,
        environment: Mapping[str, str] | None = None,
        terminal: bool = False,
    ) -> None:
        self._output, theirs = os.openpty() if terminal else os.pipe()
        with _ctrl_c_is_heard():
            self._process = subprocess.Popen(
                list(arguments),
                cwd=cwd,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=theirs,
                stderr=theirs,
                start_new_session=True,
            )
        os.close(theirs)
        self.said = ""
        self.pid = self._process.pid
        self._ended = False
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()
        self._reader.join(LAST_WORDS)
        os.close(self._output)

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Waits until the process has printed it; gives the match."""

        def found() -> re.Match[str] | None:
            return re.search(pattern, self.said)

        with self._news:
            self._news.wait_for(lambda: found() or self._ended, PATIENCE)
        match = found()
        assert match, f"the process has not said {pattern!r}, but: {self.said}"
        return match

    def wait_until(self, condition: Callable[[], object]) -> None:
        """Waits for what can only be asked for, while the process runs."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert self._process.poll() is None, self.said
            assert time.monotonic() < deadline, self.said
            time.sleep(0.05)

    def end(self, number: int | None = None) -> int:
        """Sends its group a signal, if one is given; waits for its end and gives the exit status."""
        if number is not None:
            os.killpg(self.pid, number)
        status = self._process.wait(PATIENCE)
        self._reader.join(LAST_WORDS)
        return status

    def _read(self) -> None:
        while True:
            try:
                piece = os.read(self._output, 65536)
            except OSError:  # the last of those that write to a terminal has closed it
                piece = b""
            with self._news:
                self.said += piece.decode(errors="replace")
                self._ended = not piece
                self._news.notify_all()
            if not piece:
                return


@contextlib.contextmanager
def _ctrl_c_is_heard() -> Iterator[None]:
    """A shell's background job ignores Ctrl-C, and so would every process that the tests start from there."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
