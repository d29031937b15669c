"""Downloads that fail soon and say so, instead of hanging for minutes."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from runner.errors import InputError

TIMEOUT = 15.0
"""Seconds without a byte before a download is given up."""


@contextmanager
def download(what: str) -> Iterator[None]:
    """Around a library's download: an InputError that names what needed the network, where it fails."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(TIMEOUT)  # the libraries open addresses without a time limit of their own
    try:
        yield
    except (OSError, http.client.HTTPException) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(
            f"{what} needs a network the first time, and the download failed ({reason});"
            " connect, or choose a dataset that is installed: the command 'runner datasets' lists them"
        ) from error
    finally:
        socket.setdefaulttimeout(before)
