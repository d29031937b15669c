"""Copies of a whole config, made by pickle in a tenth of `copy.deepcopy`'s time."""

from __future__ import annotations

import io
import pickle
from collections.abc import Sequence
from typing import Any

from omegaconf import AnyNode, DictConfig, open_dict, read_write

LEFT_OUT = "left out"


class FrozenConfig:
    """A config as it is now, to be copied any number of times.

    A copy is what `copy.deepcopy` makes: types, flags, interpolations, and what resolvers have cached. Classes are not
    looked up by their names, as pickle does it, but are those of the config: Hydra executes its plugins' modules again
    in each process that it shares its state with, and then their names stand for other classes.

    Args:
        config: not changed by this.
        without: a key of the config, for a part of it that copies do not have.
    """

    def __init__(self, config: DictConfig, without: str | None = None) -> None:
        self._without = without
        self._classes: dict[type, int] = {}
        buffer = io.BytesIO()
        _Pickler(buffer, self._classes, None if without is None else config[without]).dump(config)
        self._pickled = buffer.getvalue()

    def copy(self) -> DictConfig:
        """A config that shares nothing with the first one."""
        copied: DictConfig = _Unpickler(io.BytesIO(self._pickled), list(self._classes)).load()
        if self._without is not None:
            with read_write(copied), open_dict(copied):
                del copied[self._without]
        return copied


class _Pickler(pickle.Pickler):
    """Leaves out classes, for which it writes their places in `classes`, and one part of a config."""

    def __init__(self, file: io.BytesIO, classes: dict[type, int], part: Any) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._classes, self._part = classes, part

    def persistent_id(self, obj: Any) -> int | str | None:
        if isinstance(obj, type):
            return self._classes.setdefault(obj, len(self._classes))
        return LEFT_OUT if obj is self._part and obj is not None else None


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, classes: Sequence[type]) -> None:
        super().__init__(file)
        self._classes = classes

    def persistent_load(self, pid: int | str) -> Any:
        return AnyNode() if isinstance(pid, str) else self._classes[pid]
