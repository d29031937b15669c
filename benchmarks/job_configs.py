"""What a job of a fused sweep costs before it is a run: its config, and its `.hydra/*.yaml`; ours against Hydra's.

    python benchmarks/job_configs.py        # about two minutes; prints CPU milliseconds a job, and ratios

The jobs are those of a grid of 8 losses, 2 learning rates and seeds. Hydra's side is what its own launchers call for
each job: `load_sweep_config`, the task's config as a deepcopy without the `hydra` node, and three files by
`OmegaConf.to_yaml`. It is timed for every 20th job; ours for all jobs, what is done once for a sweep included.
"""

from __future__ import annotations

import copy
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# This tree's packages; `losses` is one, and not the benchmark in this file's folder, where Python looks first.
sys.path.insert(0, str(Path(__file__).parents[1]))

from hydra import initialize_config_dir
from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
from hydra.core.utils import setup_globals
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict
from rich.console import Console
from rich.table import Table

from runner.config import schemas
from runner.config.options import CONF
from runner.launching.hydra_files import write_hydra_files
from runner.launching.job_configs import JobConfigs, copy_task

LOSSES = ("focal", "dice", "tversky", "ldam", "weighted", "poly1", "asymmetric", "smoothed")
RATES = (0.1, 0.01)
SIZES = (100, 1000)
EVERY = 20  # of which Hydra's side is timed
STEPS = ("composing", "the task's config", "files")


class Side:
    """Means of CPU time of this thread, step by step."""

    def __init__(self) -> None:
        self._seconds: dict[str, list[float]] = {step: [] for step in STEPS}

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """What is done meanwhile counts for a step."""
        start = time.thread_time()
        yield
        self._seconds[step].append(time.thread_time() - start)

    def means(self) -> list[float]:
        """Milliseconds a job of each step, and of all together."""
        means = [1000 * sum(seconds) / len(seconds) for seconds in self._seconds.values()]
        return [*means, sum(means)]


def grid(jobs: int) -> list[list[str]]:
    """Overrides of each job."""
    seeds = -(-jobs // (len(LOSSES) * len(RATES)))
    return [
        [f"loss={loss}", f"optimizer.learning_rate={rate}", f"seed={seed}"]
        for loss in LOSSES
        for rate in RATES
        for seed in range(seeds)
    ][:jobs]


def numbered(config: DictConfig, number: int, folder: Path) -> None:
    """Sets what a launcher sets in a job's config."""
    with open_dict(config):
        config.hydra.job.id = config.hydra.job.num = number
        config.hydra.runtime.output_dir = str(folder / str(number))


def without_hydra(config: DictConfig) -> DictConfig:
    """As `hydra.core.utils.run_job` makes the task's config."""
    task = copy.deepcopy(config)
    with open_dict(task):
        del task["hydra"]
    return task


def save(config: DictConfig, task: DictConfig, folder: Path) -> None:
    """As `hydra.core.utils.run_job` writes a job's files."""
    folder.mkdir(parents=True)
    parts = {"config": task, "hydra": OmegaConf.masked_copy(config, "hydra"), "overrides": config.hydra.overrides.task}
    for name, part in parts.items():
        (folder / f"{name}.yaml").write_text(OmegaConf.to_yaml(part), encoding="utf-8")


def measure(loader: ConfigLoader, jobs: int, folder: Path) -> tuple[list[float], list[float]]:
    """Means of our side and of Hydra's; the files of both sides have to be equal."""
    sweep = loader.load_configuration("config", [f"hydra.sweep.dir={folder}"], run_mode=RunMode.MULTIRUN)
    configs, ours, hydra = JobConfigs(loader, sweep), Side(), Side()
    for number, overrides in enumerate(grid(jobs)):
        with ours.timed("composing"):
            config = configs.compose(overrides)
        numbered(config, number, folder)
        with ours.timed("the task's config"):
            copy_task(config)
        own = folder / "ours" / str(number)
        with ours.timed("files"):
            write_hydra_files(config, own)
        if number % EVERY:
            continue
        with hydra.timed("composing"):
            config = loader.load_sweep_config(sweep, overrides)
        numbered(config, number, folder)
        with hydra.timed("the task's config"):
            task = without_hydra(config)
        other = folder / "hydra" / str(number)
        with hydra.timed("files"):
            save(config, task, other)
        for name in ("config", "hydra", "overrides"):
            assert (own / f"{name}.yaml").read_bytes() == (other / f"{name}.yaml").read_bytes()
    return ours.means(), hydra.means()


def main() -> None:
    """Prints a table."""
    schemas.register()
    setup_globals()
    table = Table("jobs", "step", "ours, ms a job", "Hydra, ms a job", "Hydra / ours")
    with initialize_config_dir(str(CONF), version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()
        for jobs in SIZES:
            with tempfile.TemporaryDirectory() as folder:
                means = measure(loader, jobs, Path(folder))
            for step, ours, hydra in zip([*STEPS, "together"], *means, strict=True):
                table.add_row(str(jobs), step, f"{ours:.2f}", f"{hydra:.2f}", f"{hydra / ours:.1f}")
    Console().print(table)


if __name__ == "__main__":
    main()
