"""Which MLflow store runs go to. No MLflow here: a wrong address is refused before it is loaded."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from runner.config.schemas import TrackingConfig
from runner.errors import InputError


@dataclass(frozen=True)
class Store:
    """An MLflow store that answers, and the experiment in it.

    Attributes:
        uri: tracking URI, absolute.
        experiment_id: of the experiment the runs belong to.
        experiment_name: its name.
    """

    uri: str
    experiment_id: str
    experiment_name: str


def store_uri(uri: str | None, outputs: Path) -> str:
    """The tracking URI: the given one, else MLFLOW_TRACKING_URI, else SQLite in `outputs`; SQLite paths made absolute.

    Raises:
        InputError: a folder of files, which MLflow no longer keeps runs in.
    """
    named = "tracking.uri" if uri else "MLFLOW_TRACKING_URI"
    chosen = uri or os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{outputs.absolute() / 'mlflow.db'}"
    scheme = chosen.partition(":")[0]
    if "://" not in chosen and scheme != "databricks":
        raise InputError(
            f"{named}={chosen} is a folder, and MLflow keeps no runs in folders any more: "
            "use sqlite:///path/to/mlflow.db, or leave it out for outputs/mlflow.db"
        )
    if scheme == "file":
        raise InputError(f"{named}={chosen}: MLflow keeps no runs in folders any more; use sqlite:///path/to/mlflow.db")
    if scheme == "sqlite":
        return f"sqlite:///{Path(chosen.removeprefix('sqlite:///')).absolute()}"
    return chosen


def configured_uri(tracking: TrackingConfig, outputs: Path) -> str:
    """The tracking URI that a configuration asks for, its backend another than none.

    Args:
        tracking: the config group.
        outputs: the folder of the local store.

    Raises:
        InputError: no address for `tracking=server`, or one that MLflow does not take.
    """
    if tracking.backend == "server" and not (tracking.uri or os.environ.get("MLFLOW_TRACKING_URI")):
        raise InputError("tracking=server needs an address: tracking.uri=http://host:5000, or set MLFLOW_TRACKING_URI")
    return store_uri(tracking.uri, outputs)
