"""Which process a run belongs to, and whether it still lives."""

from __future__ import annotations

import socket

import psutil

PROCESS_TAG = "process"  # the MLflow tag it is kept under


def this_process() -> str:
    """`host:pid:start`: numbers are given again after a restart, so the start counts too."""
    process = psutil.Process()
    return f"{socket.gethostname()}:{process.pid}:{process.create_time():.2f}"


def lives(identity: str) -> bool:
    """Whether the process of `this_process()` still runs; one of another machine, which nobody can ask, does not."""
    try:
        host, pid, start = identity.rsplit(":", 2)
        alive = abs(psutil.Process(int(pid)).create_time() - float(start)) < 1
    except (ValueError, psutil.NoSuchProcess):
        return False
    return alive and host == socket.gethostname()
