"""What a shell would understand of a path and Hydra does not: `files(data/*.csv)`, a sweep over the files that match,
and `~`, which bash leaves alone behind `=`."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Sequence

from runner.config.zip_and_grid import typed_groups
from runner.errors import InputError
from runner.writing.wording import hydra_value

FILES = re.compile(r"(?P<key>\+{0,2}[\w.]+)=files\((?P<patterns>.*)\)")


def with_files(arguments: Sequence[str]) -> list[str]:
    """The arguments, in which `key=files(PATTERN, ...)` is `key=FILE,FILE,...`, sorted by name, and `key=~/x` whole.

    Likewise inside of `zip=[...]` and `grid=[...]`.

    Args:
        arguments: of the command line. Patterns are those of a shell (`*`, `?`, `[ab]`, `**` for folders of any depth,
            `~`), relative to the current folder.

    Raises:
        InputError: no file matches a pattern.
    """
    return [_expanded(argument) for argument in arguments]


def _expanded(argument: str) -> str:
    if groups := typed_groups(argument):
        return groups[0].kind + "=" + " ".join(f"[{' '.join(map(_expanded, group.words))}]" for group in groups)
    found = FILES.fullmatch(argument)
    if found is None:
        key, equals, value = argument.partition("=")
        if value.startswith("~") and (there := os.path.expanduser(value)) != value:
            return f"{key}{equals}{hydra_value(there)}"
        return argument
    files: dict[str, None] = {}
    for pattern in (each.strip() for each in found["patterns"].split(",")):
        matching = [each for each in glob.glob(os.path.expanduser(pattern), recursive=True) if os.path.isfile(each)]
        if not matching:
            raise InputError(f"{argument}: no file matches {pattern} in {os.getcwd()}")
        files.update(dict.fromkeys(sorted(matching)))
    return f"{found['key']}={','.join(hydra_value(each) for each in files)}"
