"""`runner resume` and `runner compare`: sweeps that are recorded already."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from runner.errors import InputError


def resume(arguments: Sequence[str]) -> int:
    """Goes on with a sweep that was ended before its time: runs what is missing, and nothing twice."""
    parser = argparse.ArgumentParser(prog="runner resume", description=resume.__doc__)
    parser.add_argument("sweep", metavar="SWEEP_ID", help="the MLflow run id of the sweep's parent run")
    parser.add_argument("--outputs", type=Path, default=Path("outputs"), help="folder of mlflow.db (default: outputs)")
    parser.add_argument("--uri", help="another store; default: MLFLOW_TRACKING_URI, else outputs/mlflow.db")
    options = parser.parse_args(arguments)
    from runner.cli.train import train
    from runner.sweeps.sweep import command_of
    from runner.tracking.store import store_uri

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
    from runner import reports
    from runner.tracking.store import store_uri

    settings = reports.ComparisonSettings(options.baseline, options.metric, options.rope, options.alpha)
    reports.compare_sweeps(store_uri(options.uri, options.outputs), options.sweeps, settings, options.outputs)
    return 0
