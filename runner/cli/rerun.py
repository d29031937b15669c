"""`runner rerun`: a run again, from the configuration that it was recorded with."""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from runner import tracking
from runner.cli.store_options import add_store_options
from runner.cli.train import train
from runner.config.options import GROUPS
from runner.errors import InputError
from runner.writing.wording import hydra_value


def rerun(arguments: Sequence[str]) -> int:
    """Repeats a run from its recorded configuration, with other values for the keys that are given (seed=3)."""
    parser = argparse.ArgumentParser(prog="runner rerun", description=rerun.__doc__)
    parser.add_argument("run", metavar="RUN_ID", help="the MLflow run id, as the run printed it")
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help="values that differ, such as loss.gamma=1")
    add_store_options(parser)
    options = parser.parse_intermixed_args(arguments)
    for word in options.overrides:
        _refuse_choice(word)
    given = {word.lstrip("+~").partition("=")[0] for word in options.overrides}
    recorded = tracking.recorded_config(tracking.store_uri(options.uri, options.outputs), options.run)
    own = {
        "paths.outputs": str(options.outputs),
        "tracking.uri": options.uri or os.environ.get("MLFLOW_TRACKING_URI"),
        "hydra.run.dir": "${paths.outputs}/runs/${now:%Y-%m-%d}/${now:%H-%M-%S-%f}",
        "hydra.job.name": "runner",
    }
    words = [f"{key}={hydra_value(value)}" for key, value in own.items() if key not in given and value is not None]
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(recorded, Path(folder) / "config.yaml")
        return train(["--config-path", folder, "--config-name", "config", *words, *options.overrides])


def _refuse_choice(word: str) -> None:
    """Refuses `loss=focal`: the recorded configuration has values, and no options to choose another of.

    Raises:
        InputError: names the group.
    """
    key = word.lstrip("+~").partition("=")[0]
    if key in GROUPS:
        raise InputError(
            f"{word}: a recorded configuration has no options to choose among; change values, as {key}.KEY=..., or "
            "start a run of its own"
        )
