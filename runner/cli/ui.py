"""`runner ui`: the MLflow UI on the recorded runs."""

from __future__ import annotations

import argparse
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from runner import tracking
from runner.errors import InputError
from runner.wording import without_password


def ui(arguments: Sequence[str]) -> int:  # noqa: RET503 - execv does not return
    """Opens the MLflow UI on the store that runs write to, for this machine alone."""
    parser = argparse.ArgumentParser(prog="runner ui", description=ui.__doc__)
    parser.add_argument("--port", type=int, default=5000)
    parser.add_argument("--outputs", type=Path, default=Path("outputs"), help="folder of mlflow.db (default: outputs)")
    parser.add_argument("--uri", help="another store; default: MLFLOW_TRACKING_URI, else outputs/mlflow.db")
    parser.add_argument("--experiment", default=tracking.EXPERIMENT, help="whose runs are shown first")
    options = parser.parse_args(arguments)
    uri = tracking.store_uri(options.uri, options.outputs)
    if uri.startswith(("http:", "https:")):
        print(f"the runs are on a server already: open {uri} in a browser")
        return 0
    experiment = tracking.find_experiment(uri, options.experiment)
    if experiment is None and options.experiment != tracking.EXPERIMENT:
        raise InputError(f"--experiment {options.experiment}: {without_password(uri)} has no experiment of that name")
    _refuse_taken_port(options.port)
    address = f"http://127.0.0.1:{options.port}"
    page = address if experiment is None else tracking.runs_page(address, experiment)
    print(f"MLflow UI on {without_password(uri)}: open {page} in a browser; Ctrl-C stops it", flush=True)
    server = ["mlflow", "ui", "--backend-store-uri", uri, "--host", "127.0.0.1", "--port", str(options.port)]
    server += ["--workers", "1"]  # one person looks; four take longer to start
    os.execv(sys.executable, [sys.executable, "-m", *server])


def _refuse_taken_port(port: int) -> None:
    """The server would end without an exit status that tells."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server sets it
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as problem:
            raise InputError(
                f"--port {port} cannot be used ({problem}): choose another, such as {port + 1}"
            ) from problem
