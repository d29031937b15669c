"""Folders of runs and sweeps: never one that is in use, nor one for several jobs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from runner.errors import InputError
from runner.runs.folder import RunFolder
from runner.sweeps.journal import Journal

TELLS_JOBS_APART = ("hydra.job.num", "hydra:job.num", "hydra.job.id", "hydra:job.id", "override_dirname")
"""What, in `hydra.sweep.subdir`, differs between any two jobs of a sweep."""


def check_run_folder(config: DictConfig) -> None:
    """Refuses a folder for a single run where something stands that the run would overwrite.

    Args:
        config: composed, with its `hydra` node.

    Raises:
        InputError: names the folder and what is there.
    """
    refuse_chdir(config)
    _refuse_taken(Path(str(config.hydra.run.dir)), "hydra.run.dir")


def check_sweep_folder(config: DictConfig, jobs: int | None, *, resumed: bool) -> None:
    """Refuses a folder of an earlier sweep, and one folder for several jobs.

    Args:
        config: composed for the sweep, with its `hydra` node.
        jobs: how many there will be; None where nobody knows.
        resumed: whether the sweep goes on, perhaps in the folder that it began in.

    Raises:
        InputError: names the folder, or the setting.
    """
    refuse_chdir(config)
    node: Any = OmegaConf.to_container(config.hydra.sweep, resolve=False)
    outputs: Any = OmegaConf.to_container(config.paths, resolve=False)
    for setting, value in (("hydra.sweep.dir", node["dir"]), ("paths.outputs", outputs["outputs"])):
        if any(each in str(value) for each in TELLS_JOBS_APART):
            raise InputError(f"{setting}={value}: all jobs of a sweep share it, so it cannot depend on the job")
    folder = Path(str(config.hydra.sweep.dir))
    if Journal(folder).exists and not resumed:
        raise InputError(
            f"hydra.sweep.dir={folder} holds a sweep already: choose another folder, or go on with that sweep by "
            "sweep.resume=true"
        )
    subdir = str(node["subdir"])
    if jobs != 1 and "${" not in subdir:
        raise InputError(
            f"hydra.sweep.subdir={subdir} is one folder for all jobs, whose files would overwrite each other: "
            "leave it out, or let it contain ${hydra.job.num}"
        )


def check_job_folders(folders: Iterable[Path]) -> None:
    """Refuses jobs of one sweep that share a folder.

    Raises:
        InputError: names the folder.
    """
    seen: set[Path] = set()
    for folder in folders:
        if folder in seen:
            raise InputError(
                f"hydra.sweep.subdir gives several jobs the folder {folder}, where their files would overwrite each "
                "other: let it contain ${hydra.job.num}"
            )
        seen.add(folder)


def check_job_folder(folder: Path, *, resumed: bool) -> None:
    """Refuses a job's folder that is in use, unless the sweep goes on.

    Raises:
        InputError: names the folder and what is there.
    """
    if not resumed:
        _refuse_taken(folder, "hydra.sweep.dir")


def refuse_chdir(config: DictConfig) -> None:
    """Refuses `hydra.job.chdir`: every relative path of a config would lead elsewhere in each job.

    Raises:
        InputError: it is on.
    """
    if config.hydra.job.chdir:
        raise InputError(
            "hydra.job.chdir=true: each run would read and write relative to a folder of its own, and keep a store "
            "there; leave it out, a run's files are in its own folder anyway"
        )


def _refuse_taken(folder: Path, setting: str) -> None:
    entry = RunFolder(folder).taken
    if entry is not None:
        raise InputError(
            f"{setting}={folder} holds {entry} already, which this run would overwrite: choose an empty folder, or "
            f"leave {setting} out"
        )
