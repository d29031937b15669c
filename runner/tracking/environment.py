"""What MLflow reads from the environment, set before it is loaded; the user's own settings win."""

from __future__ import annotations

import os

DEFAULTS = {
    # No usage data leaves the machine, and no sub-second run waits for the attempt.
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",  # the terminal belongs to the runs
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    # What a server does not get waits, and is tried again by us (`runner.tracking.contact`): MLflow would try for ten
    # minutes, and hold up all that comes after.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
}


def set_defaults() -> None:
    """Sets what is not set yet, for this process and those that it starts."""
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
