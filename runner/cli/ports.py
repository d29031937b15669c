"""The port that a server of ours answers at: the one that was asked for, the usual one, or one that is free."""

from __future__ import annotations

import socket

from runner.errors import InputError


def chosen_port(host: str, wanted: int | None, usual: int) -> int:
    """The port to answer at; says so where it is neither the wanted nor the usual one.

    Args:
        host: the address to answer at.
        wanted: what the user asked for, or None.
        usual: taken where nothing was asked for, if it is free.

    Raises:
        InputError: the wanted one is in use, or the host is not one of this machine's addresses.
    """
    try:
        return _bound(host, usual if wanted is None else wanted)
    except (OSError, OverflowError) as problem:
        if wanted is not None:
            raise InputError(
                f"--port {wanted} cannot be used ({problem}): choose another, such as {wanted + 1}"
            ) from problem
    try:
        free = _bound(host, 0)
    except OSError as problem:
        raise InputError(f"--host {host} cannot be used ({problem})") from problem
    print(f"port {usual} is in use: {free} is taken instead")
    return free


def _bound(host: str, port: int) -> int:
    """The port, once it was found to be free; of 0 any. The server itself would end without telling."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server sets it
        probe.bind((host, port))
        return int(probe.getsockname()[1])
