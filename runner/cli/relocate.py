"""`runner relocate`: a store that was moved or copied, pointed at the place where it is now."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from runner import tracking
from runner.errors import InputError

SQLITE = "sqlite:///"


def relocate(arguments: Sequence[str]) -> int:
    """Points a store that was moved or copied at the place where it is now: its artifacts, models, folders of runs."""
    parser = argparse.ArgumentParser(prog="runner relocate", description=relocate.__doc__)
    parser.add_argument("--outputs", type=Path, default=Path("outputs"), help="folder of mlflow.db (default: outputs)")
    parser.add_argument("--uri", help="another store, sqlite:///...; default: mlflow.db in the outputs")
    options = parser.parse_args(arguments)
    if options.uri and not options.uri.startswith(SQLITE):
        raise InputError(f"--uri {options.uri}: only a store in a file is relocated, {SQLITE}...")
    store = Path(options.uri.removeprefix(SQLITE)) if options.uri else options.outputs / "mlflow.db"
    moved = tracking.relocate(store)
    for there, runs in moved.items():
        print(f"{store}: {runs} run{'' if runs == 1 else 's'} pointed from {there} to {store.absolute().parent}")
    if not moved:
        print(f"{store}: everything is in its place")
    return 0
