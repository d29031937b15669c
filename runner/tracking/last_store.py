"""Which store the last run was recorded in: remembered in the folder of outputs, for `runner ui`. No MLflow here."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from runner.writing.whole_files import write_text
from runner.writing.wording import without_password

FILE = ".last_store.json"
MASKED_PASSWORD = ":***@"
"""What stands in an address where it had one."""


@dataclass(frozen=True)
class LastStore:
    """Where the last run was recorded.

    Attributes:
        uri: of the store; a password in it is masked.
        experiment: its name.
        experiment_id: in the store; empty where an older version wrote the file.
    """

    uri: str
    experiment: str
    experiment_id: str = ""

    def names(self, uri: str, experiment: str) -> bool:
        """Whether it is that experiment of that store."""
        return (self.uri, self.experiment) == (without_password(uri), experiment)

    @property
    def lacks_password(self) -> bool:
        """Whether the address had a password, which is written nowhere."""
        return MASKED_PASSWORD in self.uri


def remember(outputs: Path, uri: str, experiment: str, experiment_id: str) -> None:
    """Writes down the store of a run that is about to be recorded.

    Args:
        outputs: a folder that exists.
        uri: of the store.
        experiment: its name.
        experiment_id: in the store.
    """
    text = json.dumps(asdict(LastStore(without_password(uri), experiment, experiment_id)))
    file = outputs / FILE
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        write_text(file, text)


def forget(outputs: Path) -> None:
    """Removes what was remembered in a folder."""
    (outputs / FILE).unlink(missing_ok=True)


def last_store(outputs: Path) -> LastStore | None:
    """What was remembered in a folder; None where nothing was."""
    try:
        return LastStore(**json.loads((outputs / FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):  # none there, or half written
        return None
