"""What a sweep declares before its first run: baseline, metric and what counts as a difference, and their hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from runner.reports.settings import ComparisonSettings
from runner.tracking import names

NONE = "none"
"""What a sweep declares that is not to be compared."""
SHORT = 12  # characters of a hash in a sentence
DECLARED = ("baseline", "metric", "rope", "alpha")


def declaration(settings: ComparisonSettings | None) -> dict[str, str]:
    """The tags of a sweep's parent that say what its report will compare, before there is anything to compare.

    Args:
        settings: of the report; None where there is to be none.
    """
    if settings is None:
        return {names.DECLARED: NONE}
    text = _text(_values(settings))
    return {names.DECLARED: text, names.DECLARED_SHA256: _digest(text)}


def declared_hash(tags: Mapping[str, str]) -> str:
    """The hash that a sweep's parent has of its declaration; empty where it has none."""
    return tags.get(names.DECLARED_SHA256, "")


def departure(tags: Mapping[str, str], settings: ComparisonSettings) -> str:
    """In a sentence, in what a comparison departs from what was declared; empty where it does not.

    Args:
        tags: of the sweep's parent; those of older versions declare nothing, and nothing is said of them.
        settings: of the comparison.
    """
    declared = tags.get(names.DECLARED)
    if declared is None:
        return ""
    if declared == NONE:
        return (
            "The sweep declared no comparison when it started: baseline, metric, rope and alpha were chosen when its "
            "results could be seen."
        )
    digest = declared_hash(tags)
    if _digest(declared) != digest:
        return "What the sweep declares was changed after it started: it does not have the hash that was written then."
    here, then = _values(settings), json.loads(declared)
    differing = [f"{key} {here[key]} (declared {then.get(key)})" for key in DECLARED if here[key] != then.get(key)]
    if not differing:
        return ""
    return (
        f"Not as declared when the sweep started (SHA-256 {digest[:SHORT]}): {', '.join(differing)}; what is chosen "
        "when results can be seen proves less."
    )


def _values(settings: ComparisonSettings) -> dict[str, Any]:
    return {
        "baseline": settings.baseline,
        "metric": settings.metric,
        "rope": float(settings.rope),
        "alpha": float(settings.alpha),
    }


def _text(values: Mapping[str, Any]) -> str:
    return json.dumps(dict(values), sort_keys=True)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
