"""What a sceptic would find in data, a run or a sweep: a code, by which it can be silenced, and a sentence.

A finding of the data is a warning in the log, written where it is found; `collected` keeps those that are written
inside it, or silences them.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

CODES = {
    "LEAK01": "one column alone gives the answer",
    "LABEL01": "equal rows have different labels",
    "LABEL02": "a label of 0 means unlabelled",
    "SHIFT01": "train and test differ in distribution",
    "TIME01": "rows are not divided in the order of time",
    "INIT01": "training starts from weights that may have learned rows of the test",
    "FEW01": "a part has few positives",
    "EDGE01": "the best value is at the edge of those tried",
    "EPOCH01": "the loss was still falling in the last epoch",
    "GAP01": "validation is far better than test",
}
"""Every check, with what it finds."""

LATE = 0.9
"""Share of the epochs after which a best epoch says that training was ended too early (EPOCH01)."""

LOGGER = "runner.data"
"""Of the rooms that look at data."""


@dataclass(frozen=True)
class Finding:
    """Something to be looked at before a number is believed.

    Attributes:
        code: one of `CODES`.
        sentence: what was found, and what to do.
    """

    code: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.code}: {self.sentence.rstrip('.')}."


def warn(log: logging.Logger, code: str, text: str, *arguments: object) -> None:
    """Writes a finding as a warning that ends in its code.

    Args:
        log: of the module.
        code: one of `CODES`.
        text: what was found and what to do, as `logging` formats it.
        *arguments: of the text.
    """
    assert code in CODES, code
    log.warning(f"{text} ({code})", *arguments, extra={"code": code})


@contextmanager
def collected(ignored: Collection[str]) -> Iterator[list[Finding]]:
    """Collects the findings in data that are written inside; those that are ignored are not written.

    Args:
        ignored: codes.
    """
    keeper = _Keeper(ignored)
    log = logging.getLogger(LOGGER)
    log.addFilter(keeper)
    try:
        yield keeper.found
    finally:
        log.removeFilter(keeper)


class _Keeper(logging.Filter):
    """Keeps findings on their way to the log.

    Args:
        ignored: codes of those that do not get there.

    Attributes:
        found: all of them.
    """

    def __init__(self, ignored: Collection[str]) -> None:
        super().__init__()
        self.found: list[Finding] = []
        self._ignored = ignored

    def filter(self, record: logging.LogRecord) -> bool:
        """See `logging.Filter`."""
        code = getattr(record, "code", None)
        if code is None:
            return True
        self.found.append(Finding(code, record.getMessage().removesuffix(f" ({code})")))
        return code not in self._ignored


def counted(of_runs: Iterable[Collection[Finding]]) -> list[str]:
    """A sentence for each code that any run has: the first, and how many runs have others of the code.

    Args:
        of_runs: the findings of each run.
    """
    sentences: dict[str, dict[str, int]] = {}
    for findings in of_runs:
        for finding in dict.fromkeys(findings):
            by_sentence = sentences.setdefault(finding.code, {})
            by_sentence[finding.sentence] = by_sentence.get(finding.sentence, 0) + 1
    said = []
    for code in (code for code in CODES if code in sentences):
        first, *others = sentences[code]
        more = f" ({len(others)} more of the kind)" if others else ""
        said.append(f"{str(Finding(code, first)).removesuffix('.')}{more}.")
    return said


def as_list(findings: Collection[Finding]) -> str:
    """Findings as a part of a page in Markdown; nothing where there are none."""
    if not findings:
        return ""
    return "\n".join(
        ["\n**To be looked at** (`checks.ignore` silences by code):\n", *(f"- {each}" for each in findings), ""]
    )
