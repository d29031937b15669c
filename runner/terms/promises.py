"""What a threshold may be asked to keep: `recall>=0.9`, as the configuration says it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

AT_LEAST, AT_MOST = ("recall", "precision"), ("fpr",)
_WRITTEN = re.compile(r"\s*(recall|precision|fpr)\s*(>=|<=)\s*(0?\.\d+)\s*")


@dataclass(frozen=True)
class Promise:
    """A bound of a rate.

    Attributes:
        rate: recall, precision, or fpr, the false positive rate.
        bound: in (0, 1); of recall and precision from below, of the false positive rate from above.
    """

    rate: str
    bound: float

    def __str__(self) -> str:
        return f"{self.rate}{'<=' if self.rate in AT_MOST else '>='}{self.bound:g}"


def promises(written: str | Sequence[str]) -> tuple[Promise, ...]:
    """The promises of a configuration: one text, with commas between several, or a list.

    Raises:
        ValueError: says what is expected.
    """
    texts = written.split(",") if isinstance(written, str) else [str(each) for each in written]
    found = []
    for text in texts:
        match = _WRITTEN.fullmatch(text)
        if match is None or (match[2] == "<=") != (match[1] in AT_MOST) or not 0 < float(match[3]) < 1:
            raise ValueError(
                f"'{text.strip()}' is none of recall>=0.9, precision>=0.9 and fpr<=0.1, with a bound between 0 and 1"
            )
        found.append(Promise(match[1], float(match[3])))
    if len({promise.rate for promise in found}) < len(found):
        raise ValueError("one rate has two bounds")
    return tuple(found)
