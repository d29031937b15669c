"""The jobs of a sweep on their way through the launcher."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hydra.core.utils import JobReturn, JobStatus
from omegaconf import DictConfig

from runner.experiment.run import Run
from runner.sweeps.job import JobRun
from runner.tracking.recorder import Recorder

Jobs = Sequence[tuple[int, Sequence[str]]]
"""Each job's number and overrides."""


@dataclass
class LaunchedJob:
    """A job that the launcher has composed.

    Attributes:
        number: of the job.
        config: composed, with Hydra's node.
        task: the run's config, without it.
        result: what Hydra gets back of the job.
    """

    number: int
    config: DictConfig
    task: DictConfig
    result: JobReturn = field(default_factory=JobReturn)

    def ended(self, value: Any) -> None:
        """Sets the result: the job's objective, or the exception that ended it."""
        self.result.return_value = value
        self.result.status = JobStatus.FAILED if isinstance(value, Exception) else JobStatus.COMPLETED


@dataclass
class StackedRun:
    """A run that is trained in a stack.

    Attributes:
        launched: its job, as Hydra knows it.
        job: its job, as the sweep's journal knows it.
        split: see `runner.launching.grouping.split_key`.
        run: prepared.
        recorder: of its record, once that is open.
        repeated: whether it is done already, and is trained once more only because the stack of the others has it.
    """

    launched: LaunchedJob
    job: JobRun
    split: str
    run: Run
    recorder: Recorder | None = None
    repeated: bool = False


@dataclass(frozen=True)
class DoneJob:
    """A job whose run an earlier attempt of the sweep has finished.

    Attributes:
        launched, job, split: see `StackedRun`.
    """

    launched: LaunchedJob
    job: JobRun
    split: str
