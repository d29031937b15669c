"""`init.weights=RUN_ID`: a run starts from the weights that another one has come to."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from runner import models, tracking
from runner.config.experiment_config import ExperimentConfig
from runner.data import Dataset
from runner.errors import InputError
from runner.runs.folder import RunFolder
from runner.runs.naming import flat_params
from runner.terms import findings
from runner.tracking import names
from runner.tracking.recorded_run import RecordedRun
from runner.writing.wording import first_line, without_password

log = logging.getLogger(findings.LOGGER)

NO_MATTER = ("split", "split.repeats")
"""Parameters of a split on which no row depends: the option's name, whose values are there, and a count."""


@dataclass(frozen=True, eq=False)
class InitialWeights:
    """What a run starts from.

    Attributes:
        run_id, name: of the run that came to it.
        values: the network's weights, in Keras's order.
    """

    run_id: str
    name: str
    values: Sequence[np.ndarray]

    def check(self, weights: Sequence[np.ndarray]) -> None:
        """Refuses weights that are not of a network like this one.

        Args:
            weights: of the network that is to start from them, in Keras's order.

        Raises:
            InputError: their number or their shapes differ.
        """
        there, here = [each.shape for each in self.values], [each.shape for each in weights]
        if there == here:
            return
        differing = [(one, other) for one, other in zip(there, here, strict=False) if one != other]
        said = (
            f"{_shape(differing[0][0])} there and {_shape(differing[0][1])} here"
            if differing
            else f"{len(there)} arrays there and {len(here)} here"
        )
        raise InputError(
            f"init.weights={self.run_id}: the weights of {self.name} do not fit this network: {said}; model, "
            "preprocessing and the dataset's columns have to be that run's"
        )


def initial_weights(config: ExperimentConfig, dataset: Dataset) -> InitialWeights | None:
    """The weights that a run's config starts from; None where it starts from its seed alone.

    Warns where the other run was trained on another split of the same rows (INIT01).

    Args:
        config: of the run.
        dataset: of the run.

    Raises:
        InputError: there is no such run, or it has left no weights.
    """
    run_id = config.init.weights
    if run_id is None:
        return None
    if config.tracking.backend == "none":
        raise InputError(f"init.weights={run_id}: with tracking=none there is no store to find the run in")
    uri = tracking.configured_uri(config.tracking, Path(config.paths.outputs))
    _, run = tracking.run_in_store(uri, run_id)
    if run is None:
        raise InputError(f"init.weights={run_id}: the store {without_password(uri)} has no run of that id")
    if names.SWEEP_KEY in run.tags or run.is_reference:
        what = "a sweep, which has many networks: name one of its runs" if names.SWEEP_KEY in run.tags else "no network"
        raise InputError(f"init.weights={run_id} ({run.name}) is {what}")
    found = InitialWeights(run_id, run.name, _weights_of(run, uri))
    if run.tags.get(names.DATASET_SHA256) == dataset.digest and _split(run.params) != _split(_own(config)):
        findings.warn(
            log,
            "INIT01",
            "training starts from the weights of %s, which was trained on another split of the same rows, so that it "
            "may have learned rows of this test: start from a run on this split, or test on rows that it has not seen",
            run.name,
        )
    return found


def _weights_of(run: RecordedRun, uri: str) -> list[np.ndarray]:
    """From the run's folder, or from the model that was logged.

    Raises:
        InputError: there are none, or they cannot be read.
    """
    said = f"init.weights={run.run_id} ({run.name})"
    folder = RunFolder(Path(run.tags[names.FOLDER])) if names.FOLDER in run.tags else None
    try:
        if folder is not None and folder.has_weights:
            return folder.read_weights()
        if folder is not None and folder.network.is_file():
            return models.saved_weights(folder.network)
        network = tracking.model_file(run.run_id, names.NETWORK, uri)
        if network is not None:
            return models.saved_weights(network)
    except (OSError, ValueError, TypeError) as problem:
        raise InputError(f"{said}: its weights cannot be read: {first_line(problem)}") from problem
    raise InputError(f"{said}: neither weights nor a model of it were kept: train it with tracking.models=all")


def _own(config: ExperimentConfig) -> Mapping[str, str]:
    return flat_params({"split": config.split}, {})


def _split(params: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in params.items() if key.partition(".")[0] == "split" and key not in NO_MATTER}


def _shape(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))
