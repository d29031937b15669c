"""Every name under which MLflow keeps something of ours: tags, artifacts, the model. One owner, many readers."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from runner.terms.findings import Finding

# MLflow's own tags.
PARENT = "mlflow.parentRunId"
NOTE = "mlflow.note.content"
USER = "mlflow.user"
SOURCE_NAME = "mlflow.source.name"
SOURCE_TYPE = "mlflow.source.type"
GIT_COMMIT = "mlflow.source.git.commit"
COLOUR = "mlflow.runColor"

# MLflow's own tags of an experiment.
KIND = "mlflow.experimentKind"
MODEL_TRAINING = "custom_model_development"  # the kind whose pages are about runs; the other one is about traces
SAVED_VIEW = "mlflow.sharedViewState."  # and the view's id

# Of every run.
FINGERPRINT = "fingerprint"
PROCESS = "process"
HEARTBEAT = "heartbeat"  # when its process was last heard of, in UTC: what other machines know it by
RECORD = "record"  # of a run on a server: by which it is found where the answer to its creation was lost
VARIANT = "variant"
LOSS = "loss"  # the chosen option
SPLIT = "split"  # which split of the data, in words or as its seed
SETTING = "setting"  # what a sweep varies besides the loss, the model, the optimizer and the sampling
DATASET_NAME = "dataset.name"
DATASET_SHA256 = "dataset.sha256"
FOLDER = "folder"  # where its files are
DEVICE = "device"
FAILURE = "failure"
FIGURES_KEPT = "figures.kept"  # of a sweep's best run: its figures were all recorded, at the end of the sweep
CHECKS = "checks"  # what there is to look at in data and run: a JSON list of codes and sentences
OBJECTIVES = "objectives"  # what the run returns to a sweeper: a JSON list of metrics
GIT_DIRTY = "git.dirty"
VERSION_PREFIX = "version."

DIED = "its process ended without a word (kill -9, power, memory)"
"""The value of the tag `failure` of a run that nobody could end."""

# Of a reference, which is no network: see `runner.sweeps.references`. It has no variant and no loss.
REFERENCE = "reference"  # which one
REFERENCE_OF = "reference.of"  # the `split_fingerprint` of the runs it is a reference of
REFERENCE_ROWS = "reference.rows"  # that it was trained on

# Of a run that a search gave up before its last epoch.
PRUNED = "pruned"  # the epoch after which

# A param of a search's runs.
TRIAL = "trial"

# Params that MLflow adds to a run whose model is logged: the model's own settings, no choice of the run's.
OF_THE_MODEL = ("threshold", "numeric", "reading", "calibrator")

# Of a sweep's parent.
SWEEP_KEY = "sweep.key"  # what marks a run as a sweep's parent
SWEEP_COMMAND = "sweep.command"
SWEEP_STARTED_IN = "sweep.started_in"
SWEEP_PROGRESS = "sweep.progress"
SLURM_JOB = "slurm.job"  # the array job whose tasks run its jobs, as `squeue` and `scancel` take it
DECLARED = "comparison.declared"  # baseline, metric, rope and alpha in JSON, written before the first run; or none
DECLARED_SHA256 = "comparison.declared.sha256"

VERDICT = "verdict"

# Of a registered model.
PROMOTED = "promoted"  # what marks it as one that `runner promote` made

# Of a run that holds a model which `runner promote` made of other runs, nested under the winner's.
MADE_OF = "promoted.of"  # the winner's run
MADE_BY = "promoted.by"  # refit, seeds or folds

# Of a run that says whether a model still holds, nested under the run that made the model.
MONITOR = "monitor"  # holds, or moved
MONITORED_FILE = "monitor.file"

# Of a search's parent.
SEARCH_STUDY = "search.study"
SEARCH_STORAGE = "search.storage"
BEST_TRIAL = "best.trial"
BEST_TRIALS = "best.trials"  # of the Pareto front
BEST_OVERRIDES = "best.overrides"
BEST_RUN_ID = "best.run_id"

# Artifacts.
MODEL = "model"
NETWORK = "artifacts/network.keras"  # in the model
FIGURES = "figures"
COMPARISON = "comparison"
OUT_OF_FOLD = "out_of_fold"
UPLOADED = ("config.yaml", FIGURES, "predictions", "history.csv", "metrics.json", "calibrator.json", "groups.csv")
"""Files and folders of a run's folder that become its artifacts."""

PARAM_LENGTH = 6000  # MLflow's limits, in characters
KEY_LENGTH = 250
_REFUSED_IN_KEYS = re.compile(r"[^\w.\- :]")  # a slash is taken for a path, which must be a plain one
TAG_LENGTH = 8000
NAME_LENGTH = 250


def accepted_params(params: Mapping[str, str]) -> dict[str, str]:
    """Parameters under keys that MLflow accepts, of values no longer than it takes.

    A config of a user's own may have any keys; what MLflow refuses in one, which would end the run, becomes `_`. The
    run's config.yaml has them as they are.
    """
    accepted: dict[str, str] = {}
    for key, value in params.items():
        plain = _REFUSED_IN_KEYS.sub("_", key)[:KEY_LENGTH]
        number, unique = 2, plain
        while unique in accepted:
            unique, number = f"{plain[: KEY_LENGTH - 5]}_{number}", number + 1
        accepted[unique] = value[:PARAM_LENGTH]
    return accepted


def checks_tag(findings: Sequence[Finding]) -> dict[str, str]:
    """The tag that holds what there is to look at in a run; none where there is nothing."""
    content = [[finding.code, finding.sentence] for finding in findings]
    while len(json.dumps(content)) > TAG_LENGTH:
        content.pop()
    return {CHECKS: json.dumps(content)} if content else {}


def findings_of(tags: Mapping[str, str]) -> list[Finding]:
    """What `checks_tag` says of a run."""
    return [Finding(code, sentence) for code, sentence in json.loads(tags.get(CHECKS, "[]"))]


def reference_label(name: str) -> str:
    """What a reference is called beside losses, such as `logistic (scikit-learn)`."""
    return f"{name} (scikit-learn)"


def rows_of(part: str) -> str:
    """The tag that holds the number of rows of a part: train, validation or test."""
    return f"rows.{part}"
