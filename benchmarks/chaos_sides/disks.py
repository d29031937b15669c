"""A small disk of its own, which fills up: only root may mount one."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self


class SmallDisk:
    """A file system in memory; a context, which it is mounted in.

    Args:
        path: where.
        megabytes: that a command writes in all.
        share: of them there is room for.
    """

    def __init__(self, path: Path, megabytes: int, share: float) -> None:
        self.path, self._kilobytes = path, max(40, int(megabytes * 1024 * share))
        self._room = 4 * megabytes + 64

    def __enter__(self) -> Self:
        if os.geteuid() != 0:
            raise SystemExit("error: full needs root, who may mount a disk of its own")
        self.path.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={self._kilobytes}k", "chaos", str(self.path)], check=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, at: TracebackType | None
    ) -> None:
        subprocess.run(["umount", "-l", str(self.path)], check=True)

    def make_room(self) -> None:
        """Gives it all the room that is needed."""
        subprocess.run(["mount", "-o", f"remount,size={self._room}m", str(self.path)], check=True)
