"""`runner resume` and `runner compare`: sweeps that are recorded already."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from runner import reports, sweeps, tracking
from runner.cli.store_options import add_store_options
from runner.cli.train import train
from runner.config.schemas import ENSEMBLES
from runner.errors import InputError
from runner.reports.settings import ComparisonSettings


def resume(arguments: Sequence[str]) -> int:
    """Goes on with a sweep that was ended before its time: runs what is missing, and nothing twice."""
    parser = argparse.ArgumentParser(prog="runner resume", description=resume.__doc__)
    parser.add_argument("sweep", metavar="SWEEP_ID", help="the MLflow run id of the sweep's parent run")
    add_store_options(parser)
    options = parser.parse_args(arguments)
    command = sweeps.command_of(tracking.store_uri(options.uri, options.outputs), options.sweep)
    if Path(command.folder) != Path.cwd():
        raise InputError(f"the sweep {options.sweep} was started in {command.folder}: resume it from there")
    return train([*command.arguments, f"sweep.resume={options.sweep}"])


def compare(arguments: Sequence[str]) -> int:
    """Compares the losses of one or several sweeps: which wins, by how much, and whether that can be trusted."""
    parser = argparse.ArgumentParser(prog="runner compare", description=compare.__doc__)
    parser.add_argument("sweeps", nargs="+", metavar="SWEEP_ID", help="the MLflow run id of a sweep's parent run")
    parser.add_argument("--baseline", default="builtin", help="the loss the others are compared with")
    parser.add_argument("--metric", default="test/average_precision")
    parser.add_argument("--rope", type=float, default=0.005, help="differences up to this do not matter")
    parser.add_argument("--alpha", type=float, default=0.05, help="0.05 for 95%% intervals")
    allowed = "a setting, such as trainer.epochs, in which the runs may differ besides the loss; may be given again"
    parser.add_argument("--allow", action="append", default=[], metavar="KEY", help=allowed)
    kinds = "mean logits of a loss's seeds; of all runs, selected on validation; or none; may be given again"
    parser.add_argument("--ensembles", action="append", choices=[*ENSEMBLES, "none"], help=kinds)
    add_store_options(parser)
    options = parser.parse_args(arguments)
    ensembles = [kind for kind in options.ensembles or ENSEMBLES[:1] if kind != "none"]
    settings = ComparisonSettings(
        options.baseline, options.metric, options.rope, options.alpha, options.allow, ensembles
    )
    uri = tracking.store_uri(options.uri, options.outputs)
    reports.compare_sweeps(uri, options.sweeps, settings, options.outputs)
    return 0
