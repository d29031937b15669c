"""Every name under which MLflow keeps something of ours: tags, artifacts, the model. One owner, many readers."""

from __future__ import annotations

import re
from collections.abc import Mapping

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
RECORD = "record"  # of a run on a server: by which it is found where the answer to its creation was lost
VARIANT = "variant"
LOSS = "loss"  # the chosen option
SPLIT = "split"  # which split of the data, in words or as its seed
SETTING = "setting"  # what a sweep varies besides the loss, the model and the optimizer
DATASET_NAME = "dataset.name"
DATASET_SHA256 = "dataset.sha256"
FOLDER = "folder"  # where its files are
DEVICE = "device"
FAILURE = "failure"
OBJECTIVES = "objectives"  # what the run returns to a sweeper: a JSON list of metrics
GIT_DIRTY = "git.dirty"
VERSION_PREFIX = "version."

DIED = "its process ended without a word (kill -9, power, memory)"
"""The value of the tag `failure` of a run that nobody could end."""

# A param of a search's runs.
TRIAL = "trial"

# Params that MLflow adds to a run whose model is logged: the model's own settings, no choice of the run's.
OF_THE_MODEL = ("threshold", "numeric", "reading")

# Of a sweep's parent.
SWEEP_KEY = "sweep.key"  # what marks a run as a sweep's parent
SWEEP_COMMAND = "sweep.command"
SWEEP_STARTED_IN = "sweep.started_in"
SWEEP_PROGRESS = "sweep.progress"

VERDICT = "verdict"

# Of a search's parent.
SEARCH_STUDY = "search.study"
SEARCH_STORAGE = "search.storage"
BEST_TRIAL = "best.trial"
BEST_TRIALS = "best.trials"  # of the Pareto front
BEST_OVERRIDES = "best.overrides"
BEST_RUN_ID = "best.run_id"

# Artifacts.
MODEL = "model"
FIGURES = "figures"
COMPARISON = "comparison"
UPLOADED = ("config.yaml", FIGURES, "predictions", "history.csv", "metrics.json")
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


def rows_of(part: str) -> str:
    """The tag that holds the number of rows of a part: train, validation or test."""
    return f"rows.{part}"
