"""How jobs that run at the same time share a machine: its cores among them, its GPUs one each in turn."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from filelock import FileLock

from runner.runs.process import is_alive, this_process
from runner.writing.whole_files import write_text


def share_machine(launcher: Any, folder: Path) -> None:
    """Sets what TensorFlow reads when it starts in this process; later calls in the same process change nothing.

    Args:
        launcher: Hydra's config of it; `n_jobs` is the number of jobs at once, -1 one a core.
        folder: of the sweep's journal, which all its jobs share.
    """
    at_once, cores = launcher.get("n_jobs") or 1, os.cpu_count() or 1
    at_once = cores if at_once < 0 else min(at_once, cores)
    if at_once == 1:
        return
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ.setdefault(name, str(max(1, cores // at_once)))
    gpus = visible_gpus()
    if len(gpus) > 1:
        os.environ["CUDA_VISIBLE_DEVICES"] = claim(gpus, folder / "gpus.json")


def visible_gpus() -> list[str]:
    """The GPUs this process may use, as CUDA_VISIBLE_DEVICES names them; asks the driver where that is not set."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is not None:
        return [each.strip() for each in named.split(",") if each.strip() not in ("", "-1")]
    if shutil.which("nvidia-smi") is None:
        return []
    try:
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=20, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    return [str(number) for number, _ in enumerate(listed.strip().splitlines())]


def claim(gpus: Sequence[str], claims_file: Path) -> str:
    """The GPU that the fewest living processes of the sweep have claimed; this process's own, if it has one.

    Args:
        gpus: to choose from.
        claims_file: of the sweep; made if missing.
    """
    mine = this_process()
    with FileLock(f"{claims_file}.lock"):
        claims = json.loads(claims_file.read_text(encoding="utf-8")) if claims_file.exists() else {}
        claims = {process: gpu for process, gpu in claims.items() if is_alive(process)}
        taken = list(claims.values())
        claims.setdefault(mine, min(gpus, key=taken.count))
        write_text(claims_file, json.dumps(claims))
    return str(claims[mine])
