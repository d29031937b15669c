"""All jobs of a sweep at once: composed, sorted into groups that can share a graph, trained stack by stack."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn, JobStatus, configure_log, run_job, setup_globals
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, open_dict, read_write

from runner.errors import InputError
from runner.launching.grouping import group_key
from runner.launching.hydra_files import HydraFiles
from runner.launching.job_configs import JobConfigLoader, JobConfigs, copy_task

if TYPE_CHECKING:
    from runner.launching.completion import Conclusions

log = logging.getLogger(__name__)


@dataclass
class Launched:
    """A job on its way.

    Attributes:
        number: of the job.
        config: composed, with Hydra's node.
        task: the run's config, without it.
        back: what Hydra gets of it in the end.
    """

    number: int
    config: DictConfig
    task: DictConfig
    back: JobReturn = field(default_factory=JobReturn)

    def ended(self, value: Any) -> None:
        """With its objective, or with the exception that ended it."""
        self.back.return_value = value
        self.back.status = JobStatus.FAILED if isinstance(value, Exception) else JobStatus.COMPLETED


class FusedSweep:
    """Launches the jobs of a sweep; for a search, batch after batch.

    Args:
        context, task, config: as a Hydra launcher gets them.
        max_stack: most runs in a stack; None lets memory decide.
    """

    def __init__(self, context: HydraContext, task: TaskFunction, config: DictConfig, max_stack: int | None) -> None:
        self.context, self.task, self.config, self.max_stack = context, task, config, max_stack
        self.loader = context.config_loader
        self._job_configs = JobConfigs(self.loader, config)
        self._files = HydraFiles()
        context.config_loader = JobConfigLoader(self.loader, self._job_configs)

    def launch(self, numbered: Iterable[tuple[int, Sequence[str]]]) -> list[JobReturn]:
        """Runs all jobs.

        Args:
            numbered: each job's number and overrides.

        Returns:
            In the order of the jobs, whatever order they were run in.

        Raises:
            InputError: a stack of less than one.
        """
        if self.max_stack is not None and self.max_stack < 1:
            raise InputError(f"hydra.launcher.max_stack must be at least 1, or null. Received: {self.max_stack}")
        setup_globals()
        configure_log(self.config.hydra.hydra_logging, self.config.hydra.verbose)
        Path(str(self.config.hydra.sweep.dir)).mkdir(parents=True, exist_ok=True)
        jobs = [self.composed(number, overrides) for number, overrides in numbered]
        log.info("Launching %s", "1 job" if len(jobs) == 1 else f"{len(jobs)} jobs")
        groups = self.grouped(jobs)
        alone = [members[0] for key, members in groups.items() if isinstance(key, int)]
        if len(alone) < len(groups):
            from runner.launching.completion import Conclusions

            with Conclusions() as conclusions:
                for key, members in groups.items():
                    if isinstance(key, str):
                        alone += self._run_group(members, conclusions)
        for job in sorted(alone, key=lambda job: job.number):
            self._run_alone(job)
        return [job.back for job in jobs]

    def grouped(self, jobs: Iterable[Launched]) -> dict[str | int, list[Launched]]:
        """Jobs that may share a graph, by what they have in common; those to be run alone by their number."""
        groups: dict[str | int, list[Launched]] = {}
        for job in jobs:
            groups.setdefault(group_key(job.config) or job.number, []).append(job)
        return groups

    def composed(self, number: int, overrides: Sequence[str]) -> Launched:
        """A job with its config, as Hydra would compose it."""
        config = self._job_configs.compose(overrides)
        with open_dict(config):
            config.hydra.job.id = config.hydra.job.num = number
        return Launched(number, config, copy_task(config))

    def _run_group(self, jobs: Sequence[Launched], conclusions: Conclusions) -> list[Launched]:
        """Trains jobs that can share a graph; returns those that cannot after all."""
        from runner.launching.stack_runner import StackRunner

        runner = StackRunner(self.max_stack, conclusions)
        for job in jobs:
            with self._at_job(job):
                runner.add(job)
        return runner.run()

    def _run_alone(self, job: Launched) -> None:
        job.back = run_job(
            hydra_context=self.context,
            task_function=self.task,
            config=job.config,
            job_dir_key="hydra.sweep.dir",
            job_subdir_key="hydra.sweep.subdir",
        )
        configure_log(self.config.hydra.hydra_logging, self.config.hydra.verbose)

    @contextlib.contextmanager
    def _at_job(self, job: Launched) -> Iterator[None]:
        """What `hydra.core.utils.run_job` sets up for a job, as far as our jobs need it."""
        config, instance = job.config, HydraConfig.instance()
        before = instance.cfg
        instance.cfg = config  # type: ignore[assignment]  # as HydraConfig.set_config, without its copy
        folder = os.path.join(str(config.hydra.sweep.dir), str(config.hydra.sweep.subdir))
        with read_write(config.hydra.runtime), open_dict(config.hydra.runtime):
            config.hydra.runtime.output_dir = os.path.abspath(folder)
        job.back.cfg, job.back.hydra_cfg = job.task, config
        job.back.overrides = list(config.hydra.overrides.task)
        job.back.task_name, job.back.working_dir = config.hydra.job.name, os.getcwd()
        if config.hydra.output_subdir is not None:
            self._files.write(config, Path(folder) / config.hydra.output_subdir)
        try:
            yield
        finally:
            instance.cfg = before
