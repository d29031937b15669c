"""Where a run comes from: who made it, by what command, with which versions, from which commit."""

from __future__ import annotations

import getpass
import subprocess
import sys
from importlib.metadata import version

import runner
from runner.config.zip_and_grid import as_typed
from runner.tracking import names
from runner.writing.wording import typed

PACKAGES = ("tensorflow", "keras", "mlflow", "hydra-core", "scikit-learn", "pandas", "numpy")


def provenance_tags() -> dict[str, str]:
    """Tags that say who made a run, by what command, with which versions."""
    return {
        names.USER: _user(),
        names.SOURCE_NAME: typed("runner", *as_typed(sys.argv[1:]))[:5000],
        names.SOURCE_TYPE: "LOCAL",
        f"{names.VERSION_PREFIX}imbalance-runner": runner.__version__,
        f"{names.VERSION_PREFIX}python": sys.version.split()[0],
        **{f"{names.VERSION_PREFIX}{package}": version(package) for package in PACKAGES},
        **_git(),
    }


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return "unknown"


def _git() -> dict[str, str]:
    """Commit and dirty flag of the folder the run was started in, if it is in git."""

    def ask(*arguments: str) -> str | None:
        try:
            done = subprocess.run(["git", *arguments], capture_output=True, text=True, timeout=10, check=True)
        except (OSError, subprocess.SubprocessError):
            return None
        return done.stdout.strip()

    commit = ask("rev-parse", "HEAD")
    if not commit:
        return {}
    return {names.GIT_COMMIT: commit, names.GIT_DIRTY: str(bool(ask("status", "--porcelain"))).lower()}
