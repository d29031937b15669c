"""The tail of an error about a name that is not there: what the user may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def instead_of(word: object, choices: Iterable[object], most: int = 12) -> str:
    """``did you mean 'income'?``, or the choices there are when nothing comes close."""
    names = [str(choice) for choice in choices]
    by_folded = {name.casefold(): name for name in names}
    close = difflib.get_close_matches(str(word).casefold(), list(by_folded), n=3, cutoff=0.6)
    if close:
        return f"did you mean {' or '.join(repr(by_folded[name]) for name in close)}?"
    return f"there are: {listed(names, most)}"


def listed(values: Iterable[object], most: int = 12) -> str:
    """``'a', 'b', 'c' and 7 more``: values for an error that has to stay on one line."""
    shown = [repr(value) for value in values]
    more = len(shown) - most
    return ", ".join(shown[:most]) + (f" and {more} more" if more > 0 else "")
