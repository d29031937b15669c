"""`runner monitor`: whether a model still holds on rows of today."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from runner import tracking
from runner.cli.store_options import add_store_options
from runner.writing import console

MOVED = 3
"""Exit status where the model should not be used as before."""


def monitor(arguments: Sequence[str]) -> int:
    """Holds rows of today against those of training. Exit status 0 where all is as it was, 3 where it is not."""
    parser = argparse.ArgumentParser(prog="runner monitor", description=monitor.__doc__)
    parser.add_argument("model", metavar="MODEL", help="a run's id, a run's folder, or models:/NAME@champion")
    parser.add_argument("file", metavar="FILE", type=Path, help="CSV (also packed) or Parquet, with a header")
    parser.add_argument("--labels", metavar="COLUMN", help="column with the class; blank where it is not known yet")
    parser.add_argument("--positive", metavar="VALUE", help="of that column (default: 1 and true)")
    report = "the report (default: monitor.html)"
    parser.add_argument("-o", "--output", type=Path, default=Path("monitor.html"), help=report)
    level = "how often a kind of check may raise a false alarm (default: 0.01)"
    parser.add_argument("--alpha", type=float, default=0.01, help=level)
    index = "population stability index from which a column that differs has moved (default: 0.1)"
    parser.add_argument("--psi", type=float, default=0.1, help=index)
    share = "by which share prevalence and calibration may be off (default: 0.2)"
    parser.add_argument("--tolerance", type=float, default=0.2, help=share)
    add_store_options(parser)
    options = parser.parse_args(arguments)

    from runner import deployment

    asked = deployment.MonitorOptions(options.labels, options.positive, options.alpha, options.psi, options.tolerance)
    deployment.check_monitoring(options.file, options.output, asked)
    uri = tracking.store_uri(options.uri, options.outputs)
    model = deployment.find_model(options.model, uri)
    done = deployment.monitor(model, options.file, options.output, asked, uri)
    lines = [check.line for check in done.checks]
    console.show_monitored(
        deployment.headline(done), f"{options.file}: {done.rows}", lines, options.output, done.run_id
    )
    return 0 if done.holds else MOVED
