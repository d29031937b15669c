"""Which process a run belongs to, and whether that process still runs."""

from __future__ import annotations

import socket

import psutil


def this_process() -> str:
    """`host:pid:start`: process numbers are given again after a restart, so the start time counts too."""
    process = psutil.Process()
    return f"{socket.gethostname()}:{process.pid}:{process.create_time():.2f}"


def is_alive(identity: str) -> bool:
    """Whether the process of `this_process()` still runs; one of another host, which cannot be asked, does not."""
    try:
        host, pid, start = identity.rsplit(":", 2)
        alive = abs(psutil.Process(int(pid)).create_time() - float(start)) < 1
    except (ValueError, psutil.NoSuchProcess):
        return False
    return alive and host == socket.gethostname()


def host_of(identity: str) -> str:
    """The host of `this_process()`; empty where it is no such text."""
    return identity.rpartition(":")[0].rpartition(":")[0]


def is_dead_here(identity: str) -> bool:
    """Whether the process of `this_process()` ran on this host, and does not any more."""
    return host_of(identity) == socket.gethostname() and not is_alive(identity)
