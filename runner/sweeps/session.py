"""The sweep that the command under way launches. Hydra makes its own callback and sweeper from the config, so neither
can be handed anything: the command opens a session, and they ask for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial

from runner import sweeps

_current: ContextVar[SweepSession] = ContextVar("sweep session")


class SweepSession:
    """Holds the sweep of one command, from its start to its end.

    Attributes:
        sweep: the one under way; None before it begins, after it is closed, and where a single run was asked for.
    """

    def __init__(self) -> None:
        self.sweep: sweeps.Sweep | None = None

    @classmethod
    @contextmanager
    def open(cls) -> Iterator[SweepSession]:
        """A context in which `current` returns this session."""
        session = cls()
        token = _current.set(session)
        try:
            yield session
        finally:
            _current.reset(token)

    @classmethod
    def current(cls) -> SweepSession:
        """The session of the command under way.

        Raises:
            LookupError: there is none.
        """
        return _current.get()

    @classmethod
    def pruner_of(cls, job: int) -> Callable[[int, Mapping[str, float]], bool] | None:
        """What tells whether a job is given up after an epoch; None where nothing in this process does that."""
        session = _current.get(None)
        pruner = session.sweep.pruner if session is not None and session.sweep is not None else None
        return None if pruner is None else partial(pruner, job)

    def close(self) -> sweeps.Sweep | None:
        """Returns the sweep under way, if any, which the caller now has to end."""
        sweep, self.sweep = self.sweep, None
        return sweep
