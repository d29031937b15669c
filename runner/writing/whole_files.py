"""Files that are there whole or not at all, whenever the process is killed and however full the disk is."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A path in the same folder to write to, with the same ending: a file, or a folder of files.

    When the block ends well it takes the place of what is at `path`; else nothing is left of it. What a killed process
    has left is overwritten by the next one that writes the same. The folder must exist.
    """
    beside = path.with_name(f"{path.stem}.part{path.suffix}")
    _remove(beside)
    try:
        yield beside
        if beside.is_dir():
            _remove(path)  # a folder cannot replace one that holds something
        beside.replace(path)
    except BaseException:
        _remove(beside)
        raise


def write_text(path: Path, text: str) -> None:
    """Writes a text in UTF-8, whole or not at all."""
    with whole_file(path) as beside:
        beside.write_text(text, encoding="utf-8")


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
