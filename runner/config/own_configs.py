"""A user's own configs, `--config-dir`: those that Hydra would pass over without a word, as ours have their names."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path

from runner.config.options import CONF
from runner.errors import InputError

OPTIONS = ("--config-dir", "-cd")


def check_config_dir(arguments: Sequence[str]) -> None:
    """Refuses a file of the user's that has the place of one of ours and says something else.

    Args:
        arguments: of the command line.

    Raises:
        InputError: names the file and what to do.
    """
    for folder in _folders(arguments):
        for own in sorted(folder.rglob("*.yaml")):
            place = own.relative_to(folder)
            ours = CONF / place
            if not ours.is_file() or ours.read_bytes() == own.read_bytes():
                continue
            if len(place.parts) == 1:
                raise InputError(
                    f"{own} would be passed over, as the runner has a {place} of its own: make it "
                    f"{folder / 'experiment' / 'NAME.yaml'}, begin it with `# @package _global_`, and choose it by "
                    "experiment=NAME"
                )
            group = "/".join(place.parts[:-1])
            raise InputError(
                f"{own} would be passed over, as the runner has an option {group}={place.stem} of its own: "
                "give yours another name"
            )


def _folders(arguments: Sequence[str]) -> list[Path]:
    found = []
    for word, following in zip_longest(arguments, arguments[1:], fillvalue=""):
        name, equals, value = word.partition("=")
        if name in OPTIONS:
            found.append(Path(value if equals else following))
    return found
