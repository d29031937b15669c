"""Numbers as people write them: which of `,` and `.` is the decimal sign is read off a whole column, or not at all."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

GROUP_SIGNS = ",.' \u2019\u00a0\u202f"
"""What stands between groups of three digits: a comma, a point, an apostrophe, a (narrow, fixed) space."""

_UNITS = "$€£¥₹%"
_UNIT = re.compile(rf"(?P<sign>[-+]?)\s*(?P<before>[{_UNITS}]?)\s*(?P<body>.*?)\s*(?P<after>[{_UNITS}]?)", re.DOTALL)
_INFINITE = re.compile(r"[-+]?inf(inity)?", re.IGNORECASE)


@dataclass(frozen=True)
class NumberFormat:
    """How the numbers of a column are written.

    Attributes:
        decimal: the decimal sign.
        thousands: the signs that stand between groups of three digits; "" where there are none.
        unit: a currency or per cent sign that every value has, or "".
    """

    decimal: str = "."
    thousands: str = ""
    unit: str = ""


@dataclass(frozen=True)
class Numbers:
    """A column's different texts as numbers.

    Attributes:
        values: one a text; NaN where the text is no number.
        format: how they are written.
    """

    values: np.ndarray
    format: NumberFormat


@dataclass(frozen=True)
class Ambiguous:
    """All texts are numbers, but which is not clear.

    Attributes:
        example: a text that can be read in two ways; or two that no one way reads.
        other: the second of those, or "".
    """

    example: str
    other: str = ""


@dataclass(frozen=True)
class Words:
    """Some texts are no numbers.

    Attributes:
        numeric: for each text whether it is a number, however written.
    """

    numeric: np.ndarray


def read_numbers(
    texts: Sequence[str], decimal: str | None = None, thousands: str | None = None, *, point_is_usual: bool = True
) -> Numbers | Ambiguous | Words:
    """What different texts of one column are as numbers.

    Args:
        texts: trimmed, none of them a gap.
        decimal, thousands: the signs, or None where the texts have to say it ("" for no thousands sign).
        point_is_usual: whether 1.234 without any other evidence has a decimal point, as in comma-separated files.
    """
    bodies, units = zip(*map(_without_unit, texts), strict=True) if texts else ((), ())
    ways = {
        sign: [_value(body, sign, _groups(sign, thousands)) for body in bodies]
        for sign in ".,"
        if decimal in (None, sign)
    }
    numeric = np.array([any(way[i] is not None for way in ways.values()) for i in range(len(texts))], dtype=bool)
    if not numeric.all() or not len(texts):
        return Words(numeric)
    most = Counter(units).most_common(1)[0][0]
    odd = next((i for i, unit in enumerate(units) if unit != most), None)
    if odd is not None:
        return Ambiguous(texts[units.index(most)], texts[odd])
    whole = {sign: np.array(way, dtype=np.float64) for sign, way in ways.items() if None not in way}
    if not whole:
        return Ambiguous(*(texts[next(i for i, value in enumerate(way) if value is None)] for way in ways.values()))
    if len(whole) == 2:
        differ = whole["."] != whole[","]
        if differ.any():
            written = "".join(bodies)
            if "," in written or not point_is_usual:
                return Ambiguous(texts[int(differ.argmax())])
            del whole[","]
    sign, values = next(iter(whole.items()))
    groups = "".join(group for group in GROUP_SIGNS if group != sign and any(group in body for body in bodies))
    return Numbers(values, NumberFormat(sign, groups, most))


def shows_comma(texts: Sequence[str]) -> bool:
    """Whether some of the texts can only be numbers with a decimal comma."""
    return any(_value(text, ",", ".") is not None and _value(text, ".", ",") is None for text in texts if "," in text)


def _groups(decimal: str, thousands: str | None) -> str:
    if thousands is None:
        return GROUP_SIGNS.replace(decimal, "")
    if thousands == " ":
        return " \u00a0\u202f"
    if thousands == "'":
        return "'\u2019"
    return thousands.replace(decimal, "")


def _without_unit(text: str) -> tuple[str, str]:
    found = _UNIT.fullmatch(text)
    if found is None or (found["before"] and found["after"]) or not (found["before"] or found["after"]):
        return text, ""
    return found["sign"] + found["body"], found["before"] or found["after"]


def _value(text: str, decimal: str, groups: str) -> float | None:
    if _INFINITE.fullmatch(text):
        return float(text)
    if not _pattern(decimal, groups).fullmatch(text):
        return None
    return float("".join("." if sign == decimal else sign for sign in text if sign not in groups))


_PATTERNS: dict[tuple[str, str], re.Pattern[str]] = {}


def _pattern(decimal: str, groups: str) -> re.Pattern[str]:
    if (decimal, groups) not in _PATTERNS:
        sign = re.escape(decimal)
        grouped = rf"|[1-9]\d{{0,2}}(?P<t>[{re.escape(groups)}])\d{{3}}(?:(?P=t)\d{{3}})*" if groups else ""
        _PATTERNS[decimal, groups] = re.compile(
            rf"[-+]?(?:(?:(?:[0-9]+{grouped})(?:{sign}\d*)?)|{sign}\d+)(?:[eE][-+]?\d+)?", re.ASCII
        )
    return _PATTERNS[decimal, groups]
