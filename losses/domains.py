"""Which values an argument may take. Needs NumPy only, so that bad values are refused before a framework loads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Number:
    """A finite number, or an array of them, between two bounds.

    Args:
        low, high: the bounds; None is no bound.
        low_open, high_open: whether the bound itself is excluded.
        whole: only whole numbers.
        optional: None is a value too.
    """

    low: float | None = None
    high: float | None = None
    low_open: bool = False
    high_open: bool = False
    whole: bool = False
    optional: bool = False

    def violation(self, value: Any) -> str | None:
        """What is expected, as a phrase, if `value` is outside; None if it is fine."""
        if value is None:
            return None if self.optional else str(self)
        try:
            numbers = np.asarray(value)
        except ValueError:  # a ragged list
            return str(self)
        fits = numbers.size > 0 and numbers.dtype.kind in "iuf" and bool(np.all(np.isfinite(numbers)))
        if fits and self.low is not None:
            fits = bool(np.all(numbers > self.low if self.low_open else numbers >= self.low))
        if fits and self.high is not None:
            fits = bool(np.all(numbers < self.high if self.high_open else numbers <= self.high))
        if fits and self.whole:
            fits = bool(np.all(numbers == np.floor(numbers)))
        return None if fits else str(self)

    def __str__(self) -> str:
        bounds = []
        if self.low is not None:
            bounds.append(f"{'above' if self.low_open else 'at least'} {self.low:g}")
        if self.high is not None:
            bounds.append(f"{'below' if self.high_open else 'at most'} {self.high:g}")
        kind = "a whole number" if self.whole else "a number"
        return " ".join([kind, " and ".join(bounds)]).strip() + (" or null" if self.optional else "")


@dataclass(frozen=True)
class Choice:
    """One of a few words.

    Args:
        options: the words.
        several: a list of different ones is a value too.
        none: so are the word none, an empty list and null.
    """

    options: tuple[str, ...]
    several: bool = False
    none: bool = False

    def violation(self, value: Any) -> str | None:
        """What is expected, as a phrase, if `value` is outside; None if it is fine."""
        if self.none and (value is None or value in ("none", [])):
            return None
        words = value if self.several and isinstance(value, list) else [value]
        known = all(isinstance(word, str) and word in self.options for word in words)
        return None if known and 0 < len(words) == len(set(words)) else str(self)

    def __str__(self) -> str:
        words = [*self.options, "none"] if self.none else self.options
        return "one of " + ", ".join(words) + (", or a list of different ones" if self.several else "")


@dataclass(frozen=True)
class Flag:
    """True or false.

    Args:
        word: a word that is a value too, or None.
    """

    word: str | None = None

    def violation(self, value: Any) -> str | None:
        """What is expected, as a phrase, if `value` is outside; None if it is fine."""
        known = isinstance(value, bool | np.bool_) or (self.word is not None and value == self.word)
        return None if known else str(self)

    def __str__(self) -> str:
        return "true or false" if self.word is None else f"{self.word}, true or false"


Domain = Number | Choice | Flag


def at_least(low: float, *, optional: bool = False) -> Number:
    """Numbers from `low` on."""
    return Number(low=low, optional=optional)


def above(low: float, *, optional: bool = False) -> Number:
    """Numbers greater than `low`."""
    return Number(low=low, low_open=True, optional=optional)


def below(high: float, *, optional: bool = False) -> Number:
    """Numbers smaller than `high`."""
    return Number(high=high, high_open=True, optional=optional)


def between(low: float, high: float, *, optional: bool = False) -> Number:
    """Numbers from `low` to `high`, both included."""
    return Number(low=low, high=high, optional=optional)


def inside(low: float, high: float, *, optional: bool = False) -> Number:
    """Numbers from `low` to `high`, both excluded."""
    return Number(low=low, high=high, low_open=True, high_open=True, optional=optional)


def up_to(low: float, high: float, *, optional: bool = False) -> Number:
    """Numbers from `low` (included) to `high` (excluded)."""
    return Number(low=low, high=high, high_open=True, optional=optional)


def whole(low: float, high: float | None = None, *, optional: bool = False) -> Number:
    """Whole numbers from `low` to `high`, both included."""
    return Number(low=low, high=high, whole=True, optional=optional)


def one_of(*options: str) -> Choice:
    """One of the given words."""
    return Choice(options)


def some_of(*options: str, or_none: bool = False) -> Choice:
    """One of the given words, or a list of different ones; with `or_none` also none of them."""
    return Choice(options, several=True, none=or_none)
