"""The options of commands that ask a store for what was recorded."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_store_options(parser: argparse.ArgumentParser) -> None:
    """Adds --outputs and --uri, as `runner.tracking.store_uri` takes them."""
    parser.add_argument("--outputs", type=Path, default=Path("outputs"), help="folder of mlflow.db (default: outputs)")
    parser.add_argument("--uri", help="another store; default: MLFLOW_TRACKING_URI, else outputs/mlflow.db")
