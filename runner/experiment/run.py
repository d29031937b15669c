"""A run on its way: admitted, prepared, trained. Each step hands the next one a new record."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from runner import models, tracking, training
from runner.data import Dataset, Splits
from runner.experiment.initial_weights import InitialWeights
from runner.experiment.spec import RunSpec
from runner.runs.naming import RunIdentity
from runner.terms.findings import Finding


@dataclass(frozen=True)
class Seconds:
    """How long the steps of a run took.

    Attributes:
        by_step: seconds by step; each step adds its own.
    """

    by_step: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Adds the time of what is done inside."""
        started = time.perf_counter()
        yield
        self.by_step[step] = self.by_step.get(step, 0.0) + time.perf_counter() - started

    def __str__(self) -> str:
        return ", ".join(f"{step} {value:.2f}" for step, value in self.by_step.items())


@dataclass(frozen=True)
class Admitted:
    """A run whose config and data are not refused, and which no sweep has done already.

    Attributes:
        spec: as it was asked for.
        dataset, splits: perhaps shared with other runs; not to be changed.
        fingerprint: equal for runs that compute the same.
        seconds: by step.
        findings: what there is to look at in the data and the splits.
    """

    spec: RunSpec
    dataset: Dataset
    splits: Splits
    fingerprint: str
    seconds: Seconds
    findings: Sequence[Finding] = ()


@dataclass(frozen=True)
class Run:
    """A run that can be trained: nothing of it was refused.

    Attributes:
        spec, dataset, splits, seconds, findings: see `Admitted`.
        identity: its name, and what its record says of it.
        tracker: where it is recorded.
        loss: a keras.losses.Loss of its own, with the training part's priors.
        initial: the weights that it starts from; None: its seed's.
    """

    spec: RunSpec
    identity: RunIdentity
    dataset: Dataset
    splits: Splits
    tracker: tracking.Tracker
    loss: Any
    seconds: Seconds
    findings: Sequence[Finding] = ()
    initial: InitialWeights | None = None


@dataclass(frozen=True)
class Logits:
    """What the trained network says, with the weights of the best epoch.

    Attributes:
        validation, test: (n,) float64, in the order of the parts' rows.
    """

    validation: np.ndarray
    test: np.ndarray


@dataclass(frozen=True)
class TrainedRun:
    """A run that has been trained, alone or in a stack.

    Attributes:
        run: as it was prepared.
        training: its history and weights.
        logits: its predictions.
        network: called for the trained network, where the model is to be packed.
    """

    run: Run
    training: training.Training
    logits: Logits
    network: Callable[[], models.Network]
