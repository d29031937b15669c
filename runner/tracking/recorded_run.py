"""A run as the store has it, without MLflow's own classes: what other rooms read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from runner.tracking import names


@dataclass(frozen=True)
class RecordedRun:
    """A run that was recorded.

    Attributes:
        run_id: in MLflow, or empty where nothing but the run's folder is kept.
        name: the run's name.
        status: FINISHED, FAILED, KILLED or RUNNING.
        started: milliseconds since 1970.
        artifact_uri: where its files are.
        experiment_id: of the MLflow experiment.
        params, metrics, tags: as they were written; of a metric the last value.
    """

    run_id: str
    name: str
    status: str
    started: int = 0
    artifact_uri: str = ""
    experiment_id: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_reference(self) -> bool:
        """Whether it is no network, but what networks are measured against."""
        return names.REFERENCE in self.tags

    @property
    def was_pruned(self) -> bool:
        """Whether a search gave it up before its last epoch."""
        return names.PRUNED in self.tags

    @property
    def finished(self) -> bool:
        """Whether it ended well."""
        return self.status == "FINISHED"
