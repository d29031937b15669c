"""Which MLflow store runs go to. No MLflow here: a wrong address is refused before it is loaded."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from runner.config.schemas import TrackingConfig
from runner.errors import InputError
from runner.writing.console import short_path
from runner.writing.wording import typed

UI_ADDRESS = "http://127.0.0.1:5000"
"""Where `runner ui` answers, unless its port is taken or another one is asked for."""

EXPERIMENT = "imbalance-runner"
"""The MLflow experiment that runs belong to unless `tracking.experiment_name` names another."""


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

    @property
    def is_server(self) -> bool:
        """Whether it has pages of its own."""
        return is_server(self.uri)


def is_server(uri: str) -> bool:
    """Whether a tracking URI is a server's."""
    return uri.startswith(("http:", "https:"))


def folder_of(location: str) -> Path:
    """The folder of a `file:` address, or of a path, as MLflow keeps them for artifacts."""
    return Path(url2pathname(urlsplit(location).path))


def sqlite_file(uri: str) -> Path | None:
    """The file of an SQLite store; None of another."""
    return Path(uri.removeprefix("sqlite:///")) if uri.startswith("sqlite:") else None


def store_uri(uri: str | None, outputs: Path) -> str:
    """The tracking URI: the given one, else MLFLOW_TRACKING_URI, else SQLite in `outputs`; SQLite paths made absolute.

    Raises:
        InputError: no address of a store, such as a folder of files, which MLflow no longer keeps runs in.
    """
    named = "tracking.uri" if uri else "MLFLOW_TRACKING_URI"
    chosen = uri or os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{outputs.absolute() / 'mlflow.db'}"
    scheme = chosen.partition(":")[0]
    if re.fullmatch(r"(localhost|[\w.-]+\.[\w.-]+|[\d.]+):\d+(/.*)?", chosen):
        raise InputError(f"{named}={chosen} lacks its scheme: did you mean http://{chosen}?")
    if malformed := re.fullmatch(r"(https?):/?([^/].*)", chosen):
        raise InputError(f"{named}={chosen} lacks a slash: did you mean {malformed[1]}://{malformed[2]}?")
    if scheme == "sqlite" and not chosen.startswith("sqlite:///"):
        meant = chosen.removeprefix("sqlite:").removeprefix("//")
        raise InputError(
            f"{named}={chosen}: an SQLite address has three slashes before the file, four before a whole path: "
            f"did you mean sqlite:///{meant}?"
        )
    if "://" not in chosen and scheme != "databricks":
        raise InputError(
            f"{named}={chosen} is a folder, and MLflow keeps no runs in folders any more: "
            "use sqlite:///path/to/mlflow.db, or leave it out for outputs/mlflow.db"
        )
    if scheme == "file":
        raise InputError(f"{named}={chosen}: MLflow keeps no runs in folders any more; use sqlite:///path/to/mlflow.db")
    if scheme == "sqlite":
        file = Path(chosen.removeprefix("sqlite:///")).expanduser().absolute()
        if found := re.search(r"[?#]", str(file)):
            raise InputError(f"{file}: {found[0]} in a path ends it in an SQLite address; rename the folder")
        return f"sqlite:///{file}"
    return chosen


def ui_command(store: Store) -> str:
    """The command that shows this store and experiment, typed where this process runs.

    Args:
        store: no server's.
    """
    words = ["runner", "ui"]
    if store.uri != store_uri(None, Path("outputs")):
        file = sqlite_file(store.uri)
        if file and file.name == "mlflow.db" and not os.environ.get("MLFLOW_TRACKING_URI"):
            words += ["--outputs", short_path(file.parent)]
        else:
            words += ["--uri", store.uri]
    if store.experiment_name != EXPERIMENT:
        words += ["--experiment", store.experiment_name]
    return typed(*words)


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
