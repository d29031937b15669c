"""The errors that end a run in a known way. Anything else is a bug and shows a traceback."""


class InputError(Exception):
    """The user's input was refused: one sentence that names what, where and the way out. Exit status 2."""


class RunFailed(Exception):
    """The run cannot go on: one sentence that says when and why. Exit status 1."""
