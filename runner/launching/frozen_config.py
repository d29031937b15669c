"""Copies of a whole config, made by pickle in a tenth of `copy.deepcopy`'s time."""

from __future__ import annotations

import io
import pickle
from typing import Any

from omegaconf import DictConfig


class FrozenConfig:
    """A config as it is now, to be copied any number of times.

    A copy is what `copy.deepcopy` makes: types, flags, interpolations, and what resolvers have cached. Classes are not
    looked up by their names, as pickle does it, but are those of the config: Hydra executes its plugins' modules again
    in each process that it shares its state with, and then their names stand for other classes.

    Args:
        config: not changed by this.
    """

    def __init__(self, config: DictConfig) -> None:
        self._classes: dict[type, int] = {}
        buffer = io.BytesIO()
        _Pickler(buffer, self._classes).dump(config)
        self._pickled = buffer.getvalue()

    def copy(self) -> DictConfig:
        """A config that shares nothing with the first one."""
        copied: DictConfig = _Unpickler(io.BytesIO(self._pickled), self._classes).load()
        return copied


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO, classes: dict[type, int]) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._classes = classes

    def persistent_id(self, obj: Any) -> int | None:
        return self._classes.setdefault(obj, len(self._classes)) if isinstance(obj, type) else None


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, classes: dict[type, int]) -> None:
        super().__init__(file)
        self._classes = list(classes)

    def persistent_load(self, pid: int) -> type:
        return self._classes[pid]
