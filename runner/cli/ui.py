"""`runner ui`: the MLflow UI on the recorded runs."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from runner import tracking
from runner.cli.ports import chosen_port
from runner.errors import InputError
from runner.writing.wording import without_password

LOCAL = "127.0.0.1"
PORT = 5000
EVERY_INTERFACE = ("0.0.0.0", "::")


def ui(arguments: Sequence[str]) -> int:  # noqa: RET503 - execv does not return
    """Opens the MLflow UI on the store that the last run was recorded in, for this machine alone."""
    options = _options(arguments)
    uri, name = _store(options)
    if uri.startswith(("http:", "https:")):
        print(f"the runs are on a server already: open {uri} in a browser")
        return 0
    experiment = tracking.find_experiment(uri, name)
    if experiment is None and options.experiment:
        raise InputError(f"--experiment {name}: {without_password(uri)} has no experiment of that name")
    port = chosen_port(options.host, options.port, PORT)
    address = f"http://{LOCAL if options.host in EVERY_INTERFACE else options.host}:{port}"
    page = address
    if experiment is not None:
        view = tracking.LOSSES if experiment.has_dashboard else ""
        page = tracking.page(address, experiment.experiment_id, view, charts=True)
    print(f"MLflow UI on {without_password(uri)}: open {page} in a browser; Ctrl-C stops it", flush=True)
    if options.open:
        subprocess.Popen([sys.executable, "-m", "runner.cli.open_page", options.host, str(port), page])
    os.environ["MLFLOW_BACKEND_STORE_URI"] = uri  # and no argument, which every user of the machine can list
    server = ["mlflow", "ui", "--host", options.host, "--port", str(port)]
    server += ["--workers", "1"]  # one person looks; four take longer to start
    os.execv(sys.executable, [sys.executable, "-m", *server])


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="runner ui", description=ui.__doc__)
    parser.add_argument("--host", default=LOCAL, help=f"address to answer at (default: {LOCAL}, this machine alone)")
    parser.add_argument("--port", type=int, help=f"default: {PORT}, or a free one where that is in use")
    parser.add_argument("--outputs", type=Path, default=Path("outputs"), help="folder of the runs (default: outputs)")
    parser.add_argument(
        "--uri", help="another store; default: MLFLOW_TRACKING_URI, else the last run's, else outputs/mlflow.db"
    )
    parser.add_argument("--experiment", help="whose runs are shown first (default: the last run's)")
    parser.add_argument("--open", action="store_true", help="open the page in a browser")
    return parser.parse_args(arguments)


def _store(options: argparse.Namespace) -> tuple[str, str]:
    """The address of the store, and the name of the experiment."""
    last = tracking.last_store(options.outputs)
    if options.uri or os.environ.get("MLFLOW_TRACKING_URI") or last is None:
        uri = tracking.store_uri(options.uri, options.outputs)
        same = last is not None and last.uri == without_password(uri)
    elif last.lacks_password:
        raise InputError(
            f"the last run is in {last.uri}, whose password is kept nowhere: "
            "name the store with --uri or MLFLOW_TRACKING_URI"
        )
    else:
        uri, same = last.uri, True
    remembered = last.experiment if last is not None and same else tracking.EXPERIMENT
    return uri, options.experiment or remembered
