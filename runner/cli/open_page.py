"""`python -m runner.cli.open_page HOST PORT PAGE`: opens a page in a browser once its server answers."""

from __future__ import annotations

import contextlib
import socket
import sys
import time
import webbrowser

PATIENCE = 120.0  # seconds; a server takes its time on a busy machine
PAUSE = 0.25


def open_page(host: str, port: int, page: str) -> bool:
    """Whether the server came to answer in time, and a browser took the page."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=PAUSE):
            return webbrowser.open(page)
        time.sleep(PAUSE)
    return False


if __name__ == "__main__":
    open_page(sys.argv[1], int(sys.argv[2]), sys.argv[3])
