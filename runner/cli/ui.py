"""`runner ui`: the MLflow UI on the recorded runs."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from runner.wording import without_password


def ui(arguments: Sequence[str]) -> int:  # noqa: RET503 - execv does not return
    """Opens the MLflow UI on the store that runs write to, for this machine alone."""
    parser = argparse.ArgumentParser(prog="runner ui", description=ui.__doc__)
    parser.add_argument("--port", type=int, default=5000)
    parser.add_argument("--outputs", type=Path, default=Path("outputs"), help="folder of mlflow.db (default: outputs)")
    parser.add_argument("--uri", help="another store; default: MLFLOW_TRACKING_URI, else outputs/mlflow.db")
    options = parser.parse_args(arguments)

    from runner.tracking.runs_view import runs_page
    from runner.tracking.store import open_store, store_uri

    uri = store_uri(options.uri, options.outputs)
    if uri.startswith(("http:", "https:")):
        print(f"the runs are on a server already: open {uri} in a browser")
        return 0
    # A UI on no store at all is confusing; an empty one is not.
    experiment = open_store(uri, "imbalance-runner", options.outputs).experiment_id
    page = runs_page(f"http://127.0.0.1:{options.port}", experiment)
    print(f"MLflow UI on {without_password(uri)}: open {page} in a browser; Ctrl-C stops it", flush=True)
    server = ["mlflow", "ui", "--backend-store-uri", uri, "--host", "127.0.0.1", "--port", str(options.port)]
    server += ["--workers", "1"]  # one person looks; four take longer to start
    os.execv(sys.executable, [sys.executable, "-m", *server])
