"""A sweep without a record, and what its runs left in their folders; for the benchmarks that measure training."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

PLAIN = ("tracking=none", "figures=none", "comparison=none", "evaluation.bootstrap=0")


def swept_runs(folder: Path, *overrides: str) -> Iterator[tuple[dict[str, str], dict[str, Any], dict[str, float]]]:
    """(chosen options, config, metrics) of each run of `python -m runner -m` with these overrides.

    Args:
        folder: for its outputs; of this sweep alone.
    """
    for run, config, metrics in swept_folders(folder, *overrides):
        yield json.loads((run / "run.json").read_text())["choices"], config, metrics


def swept_folders(folder: Path, *overrides: str) -> Iterator[tuple[Path, dict[str, Any], dict[str, float]]]:
    """(folder, config, metrics) of each run; see `swept_runs`."""
    command = [sys.executable, "-m", "runner", "-m", *overrides, *PLAIN, f"paths.outputs={folder}"]
    subprocess.run(command, check=True, capture_output=True)
    for metrics_file in folder.rglob("metrics.json"):
        config = yaml.safe_load((metrics_file.parent / "config.yaml").read_text())
        yield metrics_file.parent, config, json.loads(metrics_file.read_text())
