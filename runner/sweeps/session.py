"""The sweep that the command under way launches. Hydra makes its own callback and sweeper from the config, so neither
can be handed anything: the command opens a session, and they ask for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

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

    def close(self) -> sweeps.Sweep | None:
        """Returns the sweep under way, if any, which the caller now has to end."""
        sweep, self.sweep = self.sweep, None
        return sweep
