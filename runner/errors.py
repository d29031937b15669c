"""The errors that end a run in a known way. Anything else is a bug and shows a traceback."""

from __future__ import annotations

from collections.abc import Iterator

MOST_CAUSES = 20
"""Errors may name each other in a circle."""


class InputError(Exception):
    """The user's input was refused: one sentence that names what, where and the way out. Exit status 2."""


class RunFailed(Exception):
    """The run cannot go on: one sentence that says when and why. Exit status 1."""


def with_causes(problem: BaseException) -> Iterator[BaseException]:
    """The error itself, what it was raised from or while handling, and so on."""
    seen: BaseException | None = problem
    for _ in range(MOST_CAUSES):
        if seen is None:
            return
        yield seen
        seen = seen.__cause__ or seen.__context__
