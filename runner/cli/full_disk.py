"""A disk without room, in whichever library's words it comes: said in one line that names the disk."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from runner.errors import with_causes

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""A full disk, a quota, a limit of a file's size."""
SAID = ("database or disk is full", "No space left on device", "Disk quota exceeded")
"""What SQLite and those say who have lost the number."""
LITTLE = 1_000_000
"""Bytes left on a disk that counts as full; a large file that did not fit has been removed since."""


def full_disk(problem: BaseException, places: Iterable[Path]) -> str | None:
    """What the user is told of a disk that is full; None where the problem is another one.

    Args:
        problem: with those that it came of.
        places: where the command writes, of which the first that is full is named, if the problem names no file.
    """
    for seen in with_causes(problem):
        text = str(seen)
        if (isinstance(seen, OSError) and seen.errno in NO_ROOM) or any(words in text for words in SAID):
            named = seen.filename if isinstance(seen, OSError) else None
            where = str(named) if named else _full(places)
            why = (seen.strerror if isinstance(seen, OSError) else None) or "No space left on device"
            return f"{where}: {why}: make room there; what was recorded so far is kept"
    return None


def _full(places: Iterable[Path]) -> str:
    """The disk that is full, by where it is mounted; else all places."""
    given = [_nearest(place.absolute()) for place in places]
    for place in given:
        if shutil.disk_usage(place).free < LITTLE:
            return f"the disk at {_mount(place)}"
    return " or ".join(dict.fromkeys(map(str, given)))


def _nearest(place: Path) -> Path:
    """The folder itself, or the first above it that is there."""
    return next(each for each in (place, *place.parents) if each.is_dir())


def _mount(place: Path) -> Path:
    return next(each for each in (place, *place.parents) if os.path.ismount(each))
