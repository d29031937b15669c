"""How a file is to be read: the options of ``dataset=file``, checked, with one word for each sign."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from runner.errors import InputError

AUTO = "auto"
SIGNS = {
    "comma": ",",
    "semicolon": ";",
    "tab": "\t",
    "pipe": "|",
    "space": " ",
    "point": ".",
    "apostrophe": "'",
}
WORDS = {sign: word for word, sign in SIGNS.items()}

USUAL_GAPS = (
    *("NA", "N/A", "n/a", "#N/A", "#N/A N/A", "#NA", "<NA>", "NULL", "null", "None", "NaN", "nan", "-NaN", "-nan"),
    *("1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN"),
)
"""The words that pandas takes for a gap when it reads a text file: new rows are read by it."""


@dataclass(frozen=True)
class Reading:
    """What the user says of a file; None where the file has to say it.

    Attributes:
        separator, decimal, thousands: one sign each; thousands is "" where there is none.
        encoding: a name that Python knows.
        own_gaps: words that the user takes for a gap, besides blanks.
        usual_gaps: whether the words of `USUAL_GAPS` are gaps too.
        categorical, numeric: names of columns.
    """

    separator: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    encoding: str | None = None
    own_gaps: tuple[str, ...] = ()
    usual_gaps: bool = True
    categorical: tuple[str, ...] = ()
    numeric: tuple[str, ...] = ()

    @property
    def gaps(self) -> tuple[str, ...]:
        """All words that stand for a gap in a text file; a blank is one anyway."""
        return (*self.own_gaps, *(USUAL_GAPS if self.usual_gaps else ()))


def reading(
    *,
    separator: Any = AUTO,
    decimal: Any = AUTO,
    thousands: Any = AUTO,
    encoding: Any = AUTO,
    missing: Any = AUTO,
    categorical: Sequence[str] | None = None,
    numeric: Sequence[str] | None = None,
) -> Reading:
    """The options as the config has them, checked.

    Raises:
        InputError: names the option and what it takes.
    """
    signs = {
        "separator": _sign("separator", separator, ("comma", "semicolon", "tab", "pipe", "space"), any_sign=True),
        "decimal": _sign("decimal", decimal, ("point", "comma")),
        "thousands": _sign("thousands", thousands, ("comma", "point", "space", "apostrophe", "none")),
    }
    if signs["decimal"] is not None and signs["decimal"] == signs["thousands"]:
        raise InputError(
            f"dataset.decimal={decimal} and dataset.thousands={thousands} are one sign; they have to differ"
        )
    if signs["thousands"] in (",", ".") and signs["decimal"] is None:
        signs["decimal"] = "." if signs["thousands"] == "," else ","
    both = sorted(set(names(categorical)) & set(names(numeric)))
    if both:
        raise InputError(
            f"dataset.categorical and dataset.numeric both name the column '{both[0]}'; take it out of one"
        )
    words = [] if _is_auto(missing) or missing in (None, "none") else names(missing)
    return Reading(
        **signs,
        encoding=_encoding(encoding),
        own_gaps=tuple(word.strip() for word in words if word.strip()),
        usual_gaps=missing not in (None, "none") and missing != [],
        categorical=tuple(names(categorical)),
        numeric=tuple(names(numeric)),
    )


def names(values: Any) -> list[str]:
    """A list of texts; one text, without brackets, is a list of one."""
    if values is None:
        return []
    if isinstance(values, (str, int, float)):
        return [str(values)]
    return [str(value) for value in values]


def called(sign: str) -> str:
    """The word of a sign, as messages and options have it."""
    return WORDS.get(sign, repr(sign)) if sign else "none"


def _is_auto(value: Any) -> bool:
    return isinstance(value, str) and value.casefold() == AUTO


def _sign(option: str, value: Any, words: Sequence[str], *, any_sign: bool = False) -> str | None:
    if _is_auto(value) or (value is None and option != "thousands"):
        return None
    if value is None or value == "none" or (value == "" and option == "thousands"):
        if "none" in words:
            return ""
    elif str(value).casefold() in words:
        return SIGNS[str(value).casefold()]
    elif str(value) in [SIGNS.get(word) for word in words] or (any_sign and len(str(value)) == 1):
        return str(value)
    elif str(value) == "\\t" and "tab" in words:
        return "\t"
    others = ", or any other single sign" if any_sign else ""
    raise InputError(f"dataset.{option}={value} is none of auto, {', '.join(words)}{others}")


def _encoding(value: Any) -> str | None:
    if value is None or _is_auto(value):
        return None
    try:
        return codecs.lookup(str(value)).name
    except LookupError as error:
        raise InputError(
            f"dataset.encoding={value} is no encoding that Python knows; common ones are utf-8, utf-16, cp1252"
            " (Windows, Western Europe), latin-1, cp1250, cp1251, gb18030, shift_jis"
        ) from error
