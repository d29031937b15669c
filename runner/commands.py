"""The sub-commands: `runner ui`, `runner datasets`, `runner losses`, `runner verify`, `runner resume`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path

from runner.errors import InputError
from runner.loss_pages import losses
from runner.verification.page import verify


def ui(arguments: Sequence[str]) -> int:  # noqa: RET503 - execv does not return
    """Opens the MLflow UI on the store that runs write to, for this machine alone."""
    parser = argparse.ArgumentParser(prog="runner ui", description=ui.__doc__)
    parser.add_argument("--port", type=int, default=5000)
    parser.add_argument("--outputs", type=Path, default=Path("outputs"), help="folder of mlflow.db (default: outputs)")
    parser.add_argument("--uri", help="another store; default: MLFLOW_TRACKING_URI, else outputs/mlflow.db")
    options = parser.parse_args(arguments)
    from runner.tracking.store import open_store, store_uri, without_password
    from runner.tracking.view import runs_page

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


def datasets(arguments: Sequence[str]) -> int:
    """Lists the datasets with rows, features, prevalence and duplicates; NAMEs narrow the list."""
    parser = argparse.ArgumentParser(prog="runner datasets", description=datasets.__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="part of a name")
    options = parser.parse_args(arguments)
    from rich.console import Console
    from rich.live import Live
    from rich.table import Table

    from runner.data.catalogue import datasets_table

    console = Console(width=None if sys.stdout.isatty() else 160)
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("choose with", no_wrap=True)
    for name in ("rows", "features", "positives", "prevalence", "duplicates"):
        table.add_column(name, justify="right")
    table.add_column("note")
    found = datasets_table(options.names)
    first = next(found, None)
    if first is None:
        raise InputError(f"no dataset has {' or '.join(options.names)} in its name: `runner datasets` lists all")
    with Live(table, console=console, vertical_overflow="visible", refresh_per_second=4):
        for row in chain([first], found):
            numbers = [f"{n}" if n is not None else "" for n in (row.rows, row.features, row.positives)]
            share = "" if row.prevalence is None else f"{row.prevalence:.2%}"
            twins = "" if row.duplicates is None else str(row.duplicates)
            table.add_row(row.option, *numbers, share, twins, row.note)
    return 0


def resume(arguments: Sequence[str]) -> int:
    """Goes on with a sweep that was ended before its time: runs what is missing, and nothing twice."""
    parser = argparse.ArgumentParser(prog="runner resume", description=resume.__doc__)
    parser.add_argument("sweep", metavar="SWEEP_ID", help="the MLflow run id of the sweep's parent run")
    parser.add_argument("--outputs", type=Path, default=Path("outputs"), help="folder of mlflow.db (default: outputs)")
    parser.add_argument("--uri", help="another store; default: MLFLOW_TRACKING_URI, else outputs/mlflow.db")
    options = parser.parse_args(arguments)
    from runner.sweeps.sweep import command_of
    from runner.tracking.store import store_uri
    from runner.training_command import train

    command, folder = command_of(store_uri(options.uri, options.outputs), options.sweep)
    if Path(folder) != Path.cwd():
        raise InputError(f"the sweep {options.sweep} was started in {folder}: resume it from there")
    sys.argv = [sys.argv[0], *command, f"sweep.resume={options.sweep}"]
    return train()


def compare(arguments: Sequence[str]) -> int:
    """Compares the losses of one or several sweeps: which wins, by how much, and whether that can be trusted."""
    parser = argparse.ArgumentParser(prog="runner compare", description=compare.__doc__)
    parser.add_argument("sweeps", nargs="+", metavar="SWEEP_ID", help="the MLflow run id of a sweep's parent run")
    parser.add_argument("--baseline", default="builtin", help="the loss the others are compared with")
    parser.add_argument("--metric", default="test/average_precision")
    parser.add_argument("--rope", type=float, default=0.005, help="differences up to this do not matter")
    parser.add_argument("--alpha", type=float, default=0.05, help="0.05 for 95%% intervals")
    parser.add_argument("--outputs", type=Path, default=Path("outputs"), help="folder of mlflow.db (default: outputs)")
    parser.add_argument("--uri", help="another store; default: MLFLOW_TRACKING_URI, else outputs/mlflow.db")
    options = parser.parse_args(arguments)
    from runner.sweeps.reporting import report_on
    from runner.sweeps.settings import Settings
    from runner.tracking.store import store_uri

    settings = Settings(options.baseline, options.metric, options.rope, options.alpha)
    report_on(store_uri(options.uri, options.outputs), options.sweeps, settings, options.outputs)
    return 0


COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "ui": ui,
    "datasets": datasets,
    "losses": losses,
    "verify": verify,
    "resume": resume,
    "compare": compare,
}
