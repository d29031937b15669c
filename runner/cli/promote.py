"""`runner promote`: the winner of a sweep in MLflow's model registry."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from runner import tracking
from runner.cli.store_options import add_store_options
from runner.writing import console
from runner.writing.wording import typed


def promote(arguments: Sequence[str]) -> int:
    """Registers the model of a sweep's best loss: as champion if it was shown to be better, else as challenger."""
    parser = argparse.ArgumentParser(prog="runner promote", description=promote.__doc__)
    parser.add_argument("sweep", metavar="SWEEP_ID", help="the MLflow run id of the sweep's parent run")
    parser.add_argument("--name", help="of the registered model (default: the dataset's)")
    parser.add_argument("--if-tied", action="store_true", help="a tie is enough to become the champion")
    parser.add_argument("--force", action="store_true", help="champion whatever the verdict; its description says so")
    made = parser.add_mutually_exclusive_group()
    refit = "its configuration trained on train and validation together, instead of the model of its best run"
    made.add_argument("--refit", action="store_const", const="refit", dest="made_by", help=refit)
    ensemble = "the mean logit of its seeds on one split, or of its folds, as one model"
    made.add_argument("--ensemble", choices=("seeds", "folds"), dest="made_by", help=ensemble)
    add_store_options(parser)
    options = parser.parse_args(arguments)

    from runner import deployment

    uri = tracking.store_uri(options.uri, options.outputs)
    done = deployment.promote(
        uri,
        options.sweep,
        options.name,
        made_by=options.made_by,
        if_tied=options.if_tied,
        force=options.force,
    )
    command = typed("runner", "predict", f"models:/{done.name}@{done.alias}", "FILE", "-o", "scores.parquet")
    console.show_promoted(f"{done.name} version {done.version}", done.alias, done.description, command)
    return 0
