"""All jobs of a sweep at once: composed, sorted into groups that can share a stack, trained stack by stack."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from hydra.core.config_loader import ConfigLoader
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn, configure_log, run_job, setup_globals
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, open_dict, read_write

from runner.errors import InputError
from runner.launching.completion import CompletionQueue
from runner.launching.grouping import split_key, stack_key
from runner.launching.hydra_files import write_hydra_files
from runner.launching.job_configs import JobConfigLoader, JobConfigs, copy_task
from runner.launching.jobs import Jobs, LaunchedJob
from runner.launching.stack_runner import StackRunner
from runner.sweeps.output_folders import check_job_folders

log = logging.getLogger(__name__)

MOST_BYTES_OF_SPLITS = 1_000_000_000  # that wait to be trained together


@dataclass(frozen=True)
class LaunchRequest:
    """What a Hydra launcher is set up with.

    Attributes:
        context, task, config: as Hydra hands them to a launcher.
        loader: Hydra's own, of the context.
        max_stack: most runs in a stack; None lets memory decide.
    """

    context: HydraContext
    loader: ConfigLoader
    task: TaskFunction
    config: DictConfig
    max_stack: int | None

    def for_another_process(self) -> LaunchRequest:
        """The same with Hydra's own loader alone, which can be sent to another process."""
        return replace(self, context=HydraContext(callbacks=self.context.callbacks, config_loader=self.loader))


class JobLauncher:
    """Launches the jobs of a sweep; for a search, batch after batch.

    Args:
        request: what the launcher was set up with.
    """

    def __init__(self, request: LaunchRequest) -> None:
        self.request = request
        self._configs = JobConfigLoader(request.loader, JobConfigs(request.loader, request.config))
        request.context.config_loader = self._configs

    def launch(self, jobs: Jobs) -> list[JobReturn]:
        """Runs all jobs; returns their results in the order of `jobs`, whatever order they were run in.

        Raises:
            InputError: a stack of less than one.
        """
        max_stack, config = self.request.max_stack, self.request.config
        if max_stack is not None and max_stack < 1:
            raise InputError(f"hydra.launcher.max_stack must be at least 1, or null. Received: {max_stack}")
        setup_globals()
        configure_log(config.hydra.hydra_logging, config.hydra.verbose)
        Path(str(config.hydra.sweep.dir)).mkdir(parents=True, exist_ok=True)
        launched = [self.compose(number, overrides) for number, overrides in jobs]
        check_job_folders(self.folder(job) for job in launched)
        log.info("Launching %s", "1 job" if len(launched) == 1 else f"{len(launched)} jobs")
        groups = self.groups(launched)
        alone = [members[0] for key, members in groups.items() if isinstance(key, int)]
        if len(alone) < len(groups):
            with CompletionQueue() as queue:
                for key, members in groups.items():
                    if isinstance(key, str):
                        alone += self._run_group(members, queue)
        for job in sorted(alone, key=lambda job: job.number):
            self._run_alone(job)
        return [job.result for job in launched]

    def groups(self, jobs: Iterable[LaunchedJob]) -> dict[str | int, list[LaunchedJob]]:
        """Jobs that may share a stack, by what they have in common; those to be run alone by their number."""
        groups: dict[str | int, list[LaunchedJob]] = {}
        for job in jobs:
            groups.setdefault(stack_key(job.config) or job.number, []).append(job)
        return groups

    def compose(self, number: int, overrides: Sequence[str]) -> LaunchedJob:
        """A job with its config, as Hydra would compose it."""
        config = self._configs.take(overrides)
        with open_dict(config):
            config.hydra.job.id = config.hydra.job.num = number
        return LaunchedJob(number, config, copy_task(config))

    def folder(self, job: LaunchedJob) -> Path:
        """Of a job's run."""
        with _current_config(job.config):
            sweep = job.config.hydra.sweep
            return Path(str(sweep.dir)) / str(sweep.subdir)

    def _run_group(self, jobs: Sequence[LaunchedJob], queue: CompletionQueue) -> list[LaunchedJob]:
        """Trains jobs that can share stacks; returns those that cannot after all.

        Jobs of one split come together, so that it is made once. Splits of large data are not all in memory: those that
        fill it are trained before the next one is made.
        """
        alone: list[LaunchedJob] = []
        runner = StackRunner(self.request.max_stack, queue)
        by_split = sorted(((split_key(job.config), job) for job in jobs), key=itemgetter(0))
        for split, of_split in groupby(by_split, itemgetter(0)):
            if runner.bytes_of_splits > MOST_BYTES_OF_SPLITS:
                alone += runner.run()
                runner = StackRunner(self.request.max_stack, queue)
            for _, job in of_split:
                with self.hydra_at(job):
                    runner.add(job, split)
        return alone + runner.run()

    def _run_alone(self, job: LaunchedJob) -> None:
        request = self.request
        job.result = run_job(
            hydra_context=request.context,
            task_function=request.task,
            config=job.config,
            job_dir_key="hydra.sweep.dir",
            job_subdir_key="hydra.sweep.subdir",
        )
        configure_log(request.config.hydra.hydra_logging, request.config.hydra.verbose)

    @contextlib.contextmanager
    def hydra_at(self, job: LaunchedJob) -> Iterator[None]:
        """What `hydra.core.utils.run_job` sets up for a job, as far as our jobs need it."""
        config = job.config
        with _current_config(config):
            folder = os.path.join(str(config.hydra.sweep.dir), str(config.hydra.sweep.subdir))
            with read_write(config.hydra.runtime), open_dict(config.hydra.runtime):
                config.hydra.runtime.output_dir = os.path.abspath(folder)
            job.result.cfg, job.result.hydra_cfg = job.task, config
            job.result.overrides = list(config.hydra.overrides.task)
            job.result.task_name, job.result.working_dir = config.hydra.job.name, os.getcwd()
            if config.hydra.output_subdir is not None:
                write_hydra_files(config, Path(folder) / config.hydra.output_subdir)
            yield


@contextlib.contextmanager
def _current_config(config: DictConfig) -> Iterator[None]:
    """The config that `${hydra:...}` reads, as `HydraConfig.set_config` makes it, without its copy."""
    instance = HydraConfig.instance()
    before = instance.cfg
    instance.cfg = config  # type: ignore[assignment]
    try:
        yield
    finally:
        instance.cfg = before
