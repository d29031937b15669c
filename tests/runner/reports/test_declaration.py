"""What a sweep declared, and what a comparison with other settings says of it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest

from runner.reports.declaration import declaration, departure
from runner.reports.settings import ComparisonSettings

DECLARED = ComparisonSettings("builtin", "test/average_precision", 0.005, 0.05)


def test_the_hash_is_of_what_decides_and_nothing_else():
    tags = declaration(DECLARED)
    text = '{"alpha": 0.05, "baseline": "builtin", "metric": "test/average_precision", "rope": 0.005}'
    assert tags == {
        "comparison.declared": text,
        "comparison.declared.sha256": hashlib.sha256(text.encode()).hexdigest(),
    }
    assert declaration(replace(DECLARED, allow=["trainer.epochs"])) == tags
    assert departure(tags, DECLARED) == ""
    assert departure(tags, replace(DECLARED, allow=["trainer.epochs"])) == ""


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"baseline": "focal"}, "baseline focal (declared builtin);"),
        ({"metric": "test/f1"}, "metric test/f1 (declared test/average_precision);"),
        ({"rope": 0.0}, "rope 0.0 (declared 0.005);"),
        ({"alpha": 0.1, "rope": 0.01}, "rope 0.01 (declared 0.005), alpha 0.1 (declared 0.05);"),
    ],
)
def test_other_settings_are_told(other, said):
    tags = declaration(DECLARED)
    told = departure(tags, replace(DECLARED, **other))
    assert told.startswith(
        f"Not as declared when the sweep started (SHA-256 {tags['comparison.declared.sha256'][:12]})"
    )
    assert said in told


def test_a_declaration_that_was_changed_and_one_that_was_not_made_are_told():
    tags = declaration(DECLARED)
    forged = {**tags, "comparison.declared": json.dumps({**json.loads(tags["comparison.declared"]), "rope": 0.02})}
    assert "was changed after it started" in departure(forged, replace(DECLARED, rope=0.02))
    assert "declared no comparison" in departure(declaration(None), DECLARED)
    assert departure({}, DECLARED) == ""  # of a version that declared nothing
