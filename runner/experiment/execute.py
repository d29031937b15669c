"""One run from its config to its record, step by step.

A stack of runs takes the same steps by the same functions (`runner.launching.stack_runner`), with one training for all.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from runner import experiment, tracking
from runner.experiment.admit import NOTHING_DONE, admit
from runner.experiment.resources import Resources
from runner.experiment.spec import RunSpec
from runner.runs.outcome import Outcome
from runner.tracking import names
from runner.writing import console

log = logging.getLogger("runner")


def run_experiment(spec: RunSpec, resources: Resources, done: Mapping[str, Outcome] = NOTHING_DONE) -> Outcome:
    """What one run comes to: trains, evaluates and records it, unless it is done already.

    Args:
        spec: what is asked for.
        resources: what the run shares with others.
        done: outcomes of runs that need not be done again, by fingerprint.

    Raises:
        InputError: the config or the data were refused; nothing was recorded.
        RunFailed: the loss became infinite or NaN; the run is recorded as FAILED.
    """
    admitted = admit(spec, resources, done)
    if isinstance(admitted, Outcome):
        return admitted
    if not spec.in_sweep:
        dataset = admitted.dataset
        console.show_summary(dataset.summary)
        console.show_start(dataset.name, len(dataset.labels), dataset.prevalence)

    # This first access to `experiment` loads Keras: what was refused or skipped has not waited for it.
    run = experiment.prepare(admitted, resources)
    if not spec.in_sweep:  # a sweep has done it at its start
        tracking.end_stale_runs_if_possible(run.tracker)
    setup = experiment.set_up(run)
    spec.folder.write_config(spec.config)
    identity = run.identity.with_tags(**{names.DEVICE: setup.device})
    with tracking.record(run.tracker, identity, spec.folder, run.dataset, in_sweep=spec.in_sweep) as recorder:
        trained = experiment.train(run, setup, recorder)
        evaluation = experiment.evaluate_run(trained)
        outcome = experiment.conclude(trained, evaluation, recorder)

    if not spec.in_sweep:
        console.show_where(spec.folder.path, outcome.run_id, run.tracker.how_to_look)
    log.info("seconds: %s", run.seconds)
    return outcome
