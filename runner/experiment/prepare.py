"""The second step of a run: its loss, its names and its tracker. Nothing is written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from runner.experiment.build import make_loss
from runner.experiment.resources import Resources
from runner.experiment.run import Admitted, Run
from runner.figures.colours import loss_colour
from runner.runs.naming import RunIdentity, flat_params, loss_name, run_name, split_identity, variant
from runner.runs.process import this_process
from runner.tracking import names


def prepare(admitted: Admitted, resources: Resources) -> Run:
    """The run with its loss, its names and its tracker, ready to be trained.

    Args:
        admitted: by `admit`.
        resources: what the run shares with others.

    Raises:
        InputError: the store does not answer, the loss was refused, or there are no weights to start from.
    """
    config = admitted.spec.config
    with admitted.seconds.timed("start"):
        # A store that does not answer shows before the frameworks are started.
        tracker = resources.tracker(config.tracking, Path(config.paths.outputs))
        loss = make_loss(config, admitted.splits)
        initial, found = resources.initial_weights(config)
        identity = _identify(admitted, getattr(loss, "in_force", {}), resources.provenance)
    return Run(
        admitted.spec,
        identity,
        admitted.dataset,
        admitted.splits,
        tracker,
        loss,
        admitted.seconds,
        [*admitted.findings, *(each for each in found if each.code not in config.checks.ignored)],
        initial,
    )


def _identify(admitted: Admitted, in_force: Mapping[str, object], provenance: Mapping[str, str]) -> RunIdentity:
    """The run's names, params and tags; `in_force` has the loss's hyper-parameters."""
    spec, dataset, splits = admitted.spec, admitted.dataset, admitted.splits
    config = spec.config
    own = variant(loss_name(spec.choices["loss"], in_force), spec.choices, spec.overrides)
    own = " · ".join([own, spec.recipe]) if spec.recipe else own
    params = flat_params(config.values, spec.choices)
    tags = {
        **provenance,
        names.DATASET_SHA256: dataset.digest,
        names.DATASET_NAME: dataset.name,
        names.FINGERPRINT: admitted.fingerprint,
        names.OBJECTIVES: json.dumps(config.objectives),
        names.PROCESS: this_process(),
        names.VARIANT: own,
        names.LOSS: spec.choices["loss"],
        names.COLOUR: loss_colour(own),
        names.SPLIT: str(split_identity(params)),
        names.FOLDER: str(spec.folder.path.absolute()),
        names.rows_of("train"): str(splits.train.rows_of_data),
        names.rows_of("validation"): str(len(splits.validation.labels)),
        names.rows_of("test"): str(len(splits.test.labels)),
    }
    if spec.trial is not None:
        params[names.TRIAL] = str(spec.trial)
    if spec.parent_id:
        tags[names.PARENT] = spec.parent_id
    if spec.setting:
        tags[names.SETTING] = spec.setting
    name = run_name(own, dataset.name, setting=spec.setting, seed=config.seed, split=config.split)
    return RunIdentity(name, own, admitted.fingerprint, params, tags)
