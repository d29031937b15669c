"""Requests a second, and how long they take, of `runner serve` with the default network: 1, 8 and 64 clients.

    python benchmarks/serving.py               # about a minute: page-blocks, one row a request, then 100

Server and clients share this machine. Each client is a thread of one process beside the server that keeps its
connection and asks again as soon as it has its answer, so that with 64 clients a request waits for 63 others. The load
of the machine by others is printed with the table.
"""

from __future__ import annotations

import argparse
import http.client
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from swept_runs import swept_runs

CLIENTS = (1, 8, 64)
ROWS = (1, 100)


def main() -> None:
    """Prints the table."""
    sys.path.remove(str(Path(__file__).parent))  # whose losses.py would be taken for the package
    from runner.data.sources import load_page_blocks

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0, help="of each measurement")
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        list(swept_runs(folder, "dataset=page_blocks", "trainer.epochs=2", "tracking.models=all"))
        load = os.getloadavg()[0]
        table = Table(box=None, title=f"{os.cpu_count()} cores, load before {load:.1f}")
        for heading in ("rows a request", "clients", "requests a second", "median ms", "p99 ms"):
            table.add_column(heading, justify="right")
        features = load_page_blocks().features
        with served(next(folder.rglob("MLmodel")).parent) as port:
            for rows in ROWS:
                body = features.head(rows).to_csv(index=False).encode()
                for clients in CLIENTS:
                    taken = asked(port, body, clients, seconds)
                    milliseconds = 1000 * np.quantile(taken, [0.5, 0.99])
                    speed = f"{len(taken) / seconds:,.0f}"
                    table.add_row(str(rows), str(clients), speed, *(f"{each:.1f}" for each in milliseconds))
        Console().print(table)


@contextmanager
def served(model: Path) -> Iterator[int]:
    """The port of a server in a process of its own."""
    command = [sys.executable, "-m", "runner", "serve", str(model), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = re.search(r"answers at http://[\d.]+:(\d+)/", process.stdout.readline())
        assert found, "the server has not started"
        yield int(found[1])
        process.terminate()


def asked(port: int, body: bytes, clients: int, seconds: float) -> list[float]:
    """Seconds that each request took that was answered in time."""
    taken: list[float] = []
    end = time.perf_counter() + seconds

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        while (start := time.perf_counter()) < end:
            connection.request("POST", "/invocations", body, {"Content-Type": "text/csv"})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200, answer.status
            taken.append(time.perf_counter() - start)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return taken


if __name__ == "__main__":
    main()
