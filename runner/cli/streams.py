"""Standard output and error that a closed pager, or a terminal without our characters, cannot end a run by."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO


class PatientStream:
    """A text stream that writes nowhere once nobody reads it: `| head` has had enough, the terminal is closed.

    Args:
        stream: with a file descriptor.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Writes the text, where anybody reads it; returns its length."""
        try:
            self._stream.write(text)
        except OSError:
            self._write_nowhere()
        return len(text)

    def flush(self) -> None:
        """Writes what is held back."""
        try:
            self._stream.flush()
        except OSError:
            self._write_nowhere()

    def _write_nowhere(self) -> None:
        """From here on, also for children and for Python's own flush at the end."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def patient_streams() -> Iterator[None]:
    """A block in which nothing that is printed ends the program; what an encoding lacks is shown as `?`."""
    before, loud = (sys.stdout, sys.stderr), logging.raiseExceptions
    logging.raiseExceptions = False  # a log file that cannot be written: a traceback for each line
    for stream in before:
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    sys.stdout, sys.stderr = (PatientStream(stream) for stream in before)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stdout, sys.stderr = before
        logging.raiseExceptions = loud
