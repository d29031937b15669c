"""A reference from a split of the data to its record: trained, evaluated and recorded as networks are."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import runner
from runner.evaluation import Evaluation
from runner.experiment.evaluate import evaluate_logits
from runner.experiment.rebuild import RecordedExperiment
from runner.experiment.run import Logits, Seconds
from runner.runs.folder import RunFolder
from runner.runs.naming import RunIdentity, flat_params, run_name, split_identity
from runner.runs.process import this_process
from runner.runs.summary import reference_summary
from runner.tracking import names
from runner.tracking.recorded_run import RecordedRun
from runner.tracking.tracker import Recording
from runner.training.references import FittedReference, fit_reference

GROUPS = ("dataset", "split", "preprocessing", "evaluation")
"""Of a run's configuration, what a reference depends on."""


@dataclass(frozen=True)
class ReferenceSpec:
    """Which reference is asked for.

    Attributes:
        name: one of `runner.config.schemas.REFERENCES`.
        like: a run on the same split of the data.
        of: the `split_fingerprint` of such runs.
        folder: where its files go.
        parent_id: the MLflow run of the sweep.
    """

    name: str
    like: RecordedExperiment
    of: str
    folder: RunFolder
    parent_id: str

    @property
    def fingerprint(self) -> str:
        """Equal for references that compute the same."""
        return reference_fingerprint(self.name, self.of)


def reference_fingerprint(name: str, of: str) -> str:
    """SHA-256 of a reference's name, the split it is trained on, and this package's version."""
    return hashlib.sha256("\n".join([name, of, runner.__version__]).encode()).hexdigest()


def run_reference(spec: ReferenceSpec, recording: Recording, provenance: Mapping[str, str]) -> RecordedRun:
    """Trains, evaluates and records a reference; returns its record.

    Args:
        spec: what is asked for.
        recording: where it is recorded.
        provenance: tags that say where and with what.

    Raises:
        InputError: the data cannot be loaded or split any more.
        RunFailed: the store did not take it.
    """
    seconds, like = Seconds(), spec.like
    with seconds.timed("load"):
        dataset, splits = like.dataset, like.splits_of_data
    with seconds.timed("train"):
        fitted = fit_reference(spec.name, splits)
    with seconds.timed("evaluate"):
        logits = Logits(fitted.validation, fitted.test)
        evaluation = evaluate_logits(like.config, dataset, splits, None, logits)
    identity = _identity(spec, fitted, provenance)
    recorder = recording.open(identity, spec.folder, dataset)
    try:
        with seconds.timed("log"):
            _write(spec.folder, identity.name, evaluation)
        metrics = evaluation.metrics | {f"wall_seconds/{step}": value for step, value in seconds.by_step.items()}
        spec.folder.write_metrics(metrics)
        recorder.log_results(metrics)
    except BaseException as problem:
        recorder.close(problem)
        raise
    recorder.close()
    recorder.wait()
    return RecordedRun(
        recorder.run_id, identity.name, "FINISHED", params=identity.params, metrics=metrics, tags=identity.tags
    )


def _write(folder: RunFolder, name: str, evaluation: Evaluation) -> None:
    folder.write_predictions("validation", evaluation.validation.table())
    folder.write_predictions("test", evaluation.test.table())
    folder.write_summary(reference_summary(name, evaluation.metrics, str(evaluation.rule), evaluation.budget))


def _identity(spec: ReferenceSpec, fitted: FittedReference, provenance: Mapping[str, str]) -> RunIdentity:
    """The reference's names, params and tags: none of a loss, so that it is no candidate where losses are chosen."""
    like, splits = spec.like, spec.like.splits_of_data
    config = like.config
    choices = {group: option for group, option in like.facts.choices.items() if group in GROUPS}
    params = flat_params({group: config.values[group] for group in GROUPS}, choices)
    settings = {f"{names.REFERENCE}.{key}": str(value) for key, value in fitted.settings.items()}
    tags = {
        **provenance,
        names.REFERENCE: spec.name,
        names.REFERENCE_OF: spec.of,
        names.REFERENCE_ROWS: str(fitted.rows),
        names.FINGERPRINT: spec.fingerprint,
        names.DATASET_NAME: like.dataset.name,
        names.DATASET_SHA256: like.dataset.digest,
        names.SPLIT: str(split_identity(params)),
        names.PROCESS: this_process(),
        names.FOLDER: str(spec.folder.path.absolute()),
        names.rows_of("train"): str(len(splits.train.labels)),
        names.rows_of("validation"): str(len(splits.validation.labels)),
        names.rows_of("test"): str(len(splits.test.labels)),
        names.PARENT: spec.parent_id,
    }
    label = names.reference_label(spec.name)
    return RunIdentity(
        run_name(label, like.dataset.name, split=config.split),
        label,
        spec.fingerprint,
        {**params, names.REFERENCE: spec.name, **settings},
        tags,
    )
