"""The errors that end a run in a known way. Anything else is a bug and shows a traceback."""


class InputError(Exception):
    """The user's input was refused: one sentence that names what, where and the way out. Exit status 2."""


class TrainingFailed(Exception):
    """Training cannot go on: one sentence with the epoch and the likely cause. Exit status 1."""
