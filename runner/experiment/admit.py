"""The first step of a run: its data are loaded, and it is refused, done already, or admitted. No Keras here."""

from __future__ import annotations

from collections.abc import Mapping

from runner.config.checks import check_batches
from runner.data import Dataset
from runner.errors import InputError
from runner.experiment.resources import Resources
from runner.experiment.run import Admitted, Seconds
from runner.experiment.spec import RunSpec
from runner.metrics import COST_OBJECTIVES
from runner.runs.fingerprint import fingerprint
from runner.runs.outcome import Outcome

NOTHING_DONE: Mapping[str, Outcome] = {}


def admit(spec: RunSpec, resources: Resources, done: Mapping[str, Outcome] = NOTHING_DONE) -> Admitted | Outcome:
    """The run with its data, or what it came to, where it is done already.

    Args:
        spec: what is asked for.
        resources: what the run shares with others.
        done: outcomes of runs that need not be done again, by fingerprint.

    Raises:
        InputError: the data were refused, or do not fit the trainer.
    """
    seconds = Seconds()
    with seconds.timed("load"):
        dataset = resources.dataset(spec.config)
        _check_objectives(spec, dataset)
        splits = resources.splits(spec.config)
        findings = resources.findings(spec.config)
    check_batches(spec.config.trainer, len(splits.train.labels), splits.positives)
    mark = fingerprint(spec.config.values, dataset.digest)
    return done.get(mark) or Admitted(spec, dataset, splits, mark, seconds, findings)


def _check_objectives(spec: RunSpec, dataset: Dataset) -> None:
    of_costs = [each for each in spec.config.objectives if each in COST_OBJECTIVES]
    if of_costs and dataset.costs is None:
        raise InputError(
            f"objective={of_costs[0]}: the rows of {dataset.name} have no costs: give dataset.cost_fn and"
            " dataset.cost_fp, each a column or a number"
        )
