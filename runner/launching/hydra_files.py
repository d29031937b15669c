"""A job's `.hydra/config.yaml`, `hydra.yaml` and `overrides.yaml`, byte for byte as Hydra writes them, but quickly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from runner.config.yaml_text import yaml_texts
from runner.writing.whole_files import write_text
from runner.writing.wording import without_password


def write_hydra_files(config: DictConfig, folder: Path) -> None:
    """Writes the three files that `hydra.core.utils.run_job` writes for a job, but for passwords in addresses.

    Args:
        config: the job's, with its `hydra` node, in which `hydra.runtime.output_dir` is set.
        folder: `hydra.runtime.output_dir` / `hydra.output_subdir`; made if it is not there.
    """
    task: Any = OmegaConf.to_container(config, enum_to_str=True)
    hydra = {"hydra": task.pop("hydra")}
    overrides = hydra["hydra"]["overrides"]["task"]
    folder.mkdir(parents=True, exist_ok=True)
    for name, part in (("config", task), ("hydra", hydra), ("overrides", overrides)):
        write_text(folder / f"{name}.yaml", without_password(yaml_texts().of(part)))
