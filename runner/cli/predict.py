"""`runner predict`: the rows of a file scored by a model."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from runner import tracking
from runner.cli.store_options import add_store_options
from runner.writing import console


def predict(arguments: Sequence[str]) -> int:
    """Scores a CSV or Parquet file of any length: probability, raw probability and label of each row."""
    parser = argparse.ArgumentParser(prog="runner predict", description=predict.__doc__)
    parser.add_argument("model", metavar="MODEL", help="a run's id, a run's folder, or models:/NAME@champion")
    parser.add_argument("file", metavar="FILE", type=Path, help="CSV (also packed) or Parquet, with a header")
    parser.add_argument("-o", "--output", type=Path, required=True, help="scores.parquet or scores.csv")
    on_error = "what becomes of rows that cannot be scored (default: fail)"
    parser.add_argument("--on-error", choices=("skip", "fail"), default="fail", help=on_error)
    shift = "share of positives among these rows, where it is another than in training"
    parser.add_argument("--prevalence", type=float, help=shift)
    contributions = "adds what each column contributes to the row's logit, against a typical row of training"
    parser.add_argument("--explain", action="store_true", help=contributions)
    add_store_options(parser)
    options = parser.parse_args(arguments)

    from runner import deployment

    deployment.check_files(options.file, options.output)
    model = deployment.find_model(options.model, tracking.store_uri(options.uri, options.outputs))
    asked = deployment.PredictOptions(options.on_error == "skip", options.prevalence, options.explain)
    found = deployment.predict_file(model, options.file, options.output, asked)
    console.show_predicted(options.output, found.rows, found.positives, list(map(str, found.skipped)), found.seconds)
    return 0
